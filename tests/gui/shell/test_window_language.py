"""Languages of the window: catalogs are whole where it counts, and layouts hold.

Truth: the texts in the source, found by reading it; 1024 x 700 as the smallest screen.
"""

import json
import re
import string

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from nnviz.base.parameters import Kind, Parameter
from nnviz.base.shipped.resources import resource
from nnviz.gui.forms.choice import choice_control
from nnviz.gui.layout.flow import flow
from nnviz.gui.shell import app
from nnviz.gui.shell.commands import MENUS, commands
from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.state.language import (
    ENGLISH,
    LANGUAGES,
    Catalog,
    language_of,
    read_catalog,
)
from nnviz.gui.state.settings import Settings
from nnviz.gui.workspaces.live.workspace import LIVE
from tests.gui.conftest import FakeBridge
from tests.support.translations import SOURCE, translatable, words_put_together

OTHERS = sorted(set(LANGUAGES) - {ENGLISH})
LEAST = 0.99
"""Share of the window's texts that each language has at least; it may only rise."""
SCREEN = QSize(1024, 700)
_DESCRIBED = ("title", "shows", "reading", "misleads")
"""Texts of a method in the catalogue."""


def placeholders(text):
    """Return what is put into a text: {0}, {1:,}, %s."""
    fields = [(name, spec) for _, name, spec, _ in string.Formatter().parse(text)]
    return sorted([each for each in fields if each[0] is not None]), len(
        re.findall(r"(?<!%)%s", text)
    )


@pytest.mark.parametrize("language", OTHERS)
def test_catalogs_are_those_of_the_source(language):
    """`make translations` brings them there."""
    assert list(read_catalog(language)) == translatable()


@pytest.mark.parametrize("language", OTHERS)
def test_translations_are_filled_in_like_the_english(language):
    catalog = read_catalog(language)
    for text, said in catalog.items():
        if said:
            assert placeholders(said) == placeholders(text), text
            assert said.endswith("…") == text.endswith("…"), text
            assert (said[:1] == " ") == (text[:1] == " "), text


@pytest.mark.parametrize("language", OTHERS)
def test_menus_workspaces_and_commands_are_translated_wholly(language):
    catalog = read_catalog(language)
    titles = [*MENUS, *(each.title for each in WORKSPACES)]
    titles += [c.title for c in commands() if not c.name.startswith("view.language")]
    assert [title for title in titles if not catalog[title]] == []


@pytest.mark.parametrize("language", OTHERS)
def test_descriptions_of_methods_are_translated_wholly(language):
    """Truth: the shipped catalogue; names of the field may stay as they are."""
    catalog = read_catalog(language)
    methods = json.loads(resource("catalogue.json").read_text("utf-8"))["methods"]
    texts = {each[part] for each in methods for part in _DESCRIBED}
    parameters = [one for each in methods for one in each["parameters"]]
    texts |= {one[part] for one in parameters for part in ("title", "help")}
    assert {text for text in texts if text and not catalog[text]} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_share_that_is_translated_does_not_fall(language):
    catalog = read_catalog(language)
    assert sum(map(bool, catalog.values())) / len(catalog) >= LEAST


def test_no_sentence_is_put_together_of_words_that_no_catalog_has():
    """Truth: f-strings of the source; units, file names and the log stay English."""
    english = {" MACs", " synthetic images", "nnviz ", " begins"}
    found = {
        (file.name, words)
        for file in SOURCE.rglob("*.py")
        for words in words_put_together(file)
        if words not in english
    }
    assert found == set()


def test_language_is_the_chosen_one_else_the_systems(monkeypatch):
    assert language_of("hu") == "hu"
    for system, expected in (("de_AT", "de"), ("fr_FR", "en"), ("es_MX", "es")):
        monkeypatch.setattr(
            "nnviz.gui.state.language.QLocale.system",
            lambda system=system: type("Locale", (), {"name": lambda _: system})(),
        )
        assert language_of("") == expected
        assert language_of("tlh") == expected


@pytest.fixture
def translated(request, qapp):
    """The application in a language, and English again."""
    catalog = Catalog(request.param, qapp)
    qapp.installTranslator(catalog)
    yield request.param
    qapp.removeTranslator(catalog)


def make(qtbot, tmp_path):
    window = app.make_window(Settings(tmp_path / "settings.json"))
    qtbot.addWidget(window)
    window.app.attach(FakeBridge())
    window.resize(SCREEN)
    window.show()
    return window


@pytest.mark.usefixtures("translated")
@pytest.mark.parametrize("translated", ["hu"], indirect=True)
def test_methods_are_listed_and_told_in_the_language(qtbot, tmp_path):
    """Their English names are found in the palette all the same."""
    window = make(qtbot, tmp_path)
    window.app.choice.choose("activations")
    info = window.app.choice.method
    assert (info.name, info.title) == ("activations", "Aktivációk")
    assert info.shows.startswith("Egy réteg jellemzőtérképei")
    row = window.app.choice.method.parameters[0]
    assert (row.title, row.help.startswith("A mutatott réteg")) == ("Réteg", True)
    found = [each for each in window.entries() if each.text == "Aktivációk"]
    assert ["Activations" in each.synonyms for each in found] == [True]


@pytest.mark.parametrize(
    "translated",
    ["de", *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS[1:])],
    indirect=True,
)
def test_longer_words_do_not_widen_the_window(translated, qtbot, tmp_path):
    window = make(qtbot, tmp_path)
    assert window.commands["file.quit"].text() == read_catalog(translated)["Quit"]
    window.app.look.enlarge(6)
    for workspace in (*WORKSPACES, WORKSPACES[0]):
        window.enter(workspace)
        QApplication.processEvents()
        least = window.minimumSizeHint()
        assert least.width() <= SCREEN.width(), workspace.name
        assert least.height() <= SCREEN.height(), workspace.name


@pytest.mark.parametrize("translated", ["de"], indirect=True)
@pytest.mark.usefixtures("translated")
def test_choices_and_live_contents_are_translated_and_keep_their_values(
    qtbot, tmp_path
):
    """A choice is read in German and handed on as the command line spells it."""
    scale = Parameter(
        name="scale",
        kind=Kind.CHOICE,
        default="shared",
        title="Scale",
        help="",
        choices=("shared", "separate"),
    )
    control = choice_control(scale)
    qtbot.addWidget(control)
    buttons = control.findChildren(QPushButton)
    assert [each.text() for each in buttons] == ["gemeinsam", "getrennt"]
    with qtbot.waitSignal(control.edited) as told:
        buttons[1].click()
    assert told.args[0] == "separate"
    window = make(qtbot, tmp_path)
    window.enter(LIVE)
    texts = {each.text() for each in window.findChildren(QPushButton)}
    assert {"Klassifizieren", "Warum"} <= texts


def test_rows_of_controls_are_read_from_the_right(qtbot):
    """As Qt's own rows are: the first control stands at the right, lines go down."""
    row = QWidget()
    qtbot.addWidget(row)
    row.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    parts = [QPushButton(text, row) for text in ("first", "second", "third")]
    row.setLayout(flow(*parts, spacing=4))
    width = parts[0].sizeHint().width() + parts[1].sizeHint().width() + 4
    row.resize(width, 200)
    row.show()
    first, second, third = (each.geometry() for each in parts)
    assert first.right() == row.rect().right()
    assert second.right() < first.left()
    assert third.right() == first.right()
    assert third.top() > first.bottom()


def test_right_to_left_does_not_break(qtbot, qapp, tmp_path):
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        window = make(qtbot, tmp_path)
        for workspace in (*WORKSPACES, WORKSPACES[0]):
            window.enter(workspace)
            center = window.stage.center
            # Docks give way in the turn of the event loop after they were arranged.
            qtbot.waitUntil(lambda c=center: c.width() >= 0.4 * SCREEN.width())
            assert window.size() == SCREEN
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_choice_is_remembered_for_the_next_start(qtbot, tmp_path):
    window = make(qtbot, tmp_path)
    said = []
    window.app.messages.said.connect(said.append)
    window.commands["view.language.hu"].trigger()
    assert window.app.settings.language == "hu"
    assert said == ["Magyar from the next start on"]
    assert window.commands["view.language.hu"].isChecked()
    assert not window.commands["view.language.en"].isChecked()
