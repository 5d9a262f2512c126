"""Words of the program itself are read whole on a small screen with large text.

Truth: what is painted against what is meant, by the widgets' own rectangles and fonts.
"""

from dataclasses import dataclass
from typing import Annotated

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QStyleOptionComboBox

from nnviz.base.parameters import Help, parameters_of
from nnviz.gui.forms.row import Row
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.panels.empty_state import EmptyState
from nnviz.gui.panels.timeline import TimelinePanel
from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.views.widgets.elided import ShorteningLabel, ShrinkingLabel


@dataclass(frozen=True)
class Params:
    show_negative_evidence: Annotated[bool, Help("A flag.")] = False


LETTERS = 11
"""px: the size of titles at normal text."""


@pytest.mark.parametrize("steps", [pytest.param(4, marks=pytest.mark.slow), 6])
def test_titles_of_docks_are_whole(opened, qtbot, steps):
    opened.resize(QSize(1024, 700))
    opened.app.look.enlarge(steps)
    qtbot.waitUntil(lambda: opened.app.look.settled)
    seen = set()
    for workspace in WORKSPACES:
        opened.enter(workspace)
        qtbot.wait(30)
        for title in opened.findChildren(ShrinkingLabel):
            if title.isVisible():
                font, words = title.shown()
                assert words == title.text(), workspace.name
                assert font.pixelSize() >= LETTERS
                seen.add(words)
    assert {"SELECTED IMAGE", "SYNTHETIC IMAGE", "ACCURACY CURVE"} <= seen
    assert {"TRAINED NETWORK", "BEFORE AND AFTER"} <= seen


@pytest.mark.parametrize("steps", [pytest.param(0, marks=pytest.mark.slow), 6])
def test_hints_are_said_in_fewer_words_where_there_is_little_room(opened, qtbot, steps):
    opened.resize(QSize(1024, 700))
    opened.app.look.enlarge(steps)
    qtbot.waitUntil(lambda: opened.app.look.settled)
    for workspace in WORKSPACES:
        opened.enter(workspace)
        qtbot.wait(30)
        for label in opened.findChildren(ShorteningLabel):
            if label.isVisible():
                assert "…" not in label.shown()[1], workspace.name


def test_the_hint_of_the_timeline_has_shorter_forms(opened, qtbot):
    words = TimelinePanel(opened.app).words
    qtbot.addWidget(words)
    told = []
    for width in (900, 250, 130, 8):
        words.resize(width, 20)
        told.append(words.shown()[1])
    assert told == [
        "Press Run to begin a recording; every step is kept.",
        "Press Run to begin a recording.",
        "No recording",
        "",
    ]


def test_the_label_of_a_narrow_row_takes_more_lines(qtbot):
    (parameter,) = parameters_of(Params)
    row = Row(parameter)
    qtbot.addWidget(row)
    row.resize(120, 90)
    row.show()
    title = parameter.title
    label = next(each for each in row.findChildren(QLabel) if each.text() == title)
    qtbot.waitUntil(lambda: label.height() >= 2 * label.fontMetrics().height())


def test_a_list_shows_its_choice_with_dots_where_it_is_narrow(qtbot):
    box = ComboBox()
    qtbot.addWidget(box)
    box.addItem("Activation maximization")
    box.resize(110, 30)
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    assert option.currentText.startswith("Acti")
    assert option.currentText.endswith("…")
    assert box.currentText() == "Activation maximization"


def test_an_empty_place_asks_for_room_for_all_of_its_words(qtbot):
    empty = EmptyState((), "words " * 40)
    qtbot.addWidget(empty)
    empty.resize(200, 40)
    empty.show()
    room = empty.minimumSizeHint().height()
    assert room >= empty.words.heightForWidth(empty.words.width())
    assert empty.words.alignment() & Qt.AlignmentFlag.AlignCenter


@pytest.mark.parametrize("steps", [0, 6])
def test_names_of_layers_have_room_before_their_facts(opened, qtbot, steps):
    opened.resize(QSize(1024, 700))
    opened.app.look.enlarge(steps)
    tree = opened.stage.layers.tree
    least = 96 * opened.app.look.scale / 2  # half of what names are to keep
    qtbot.waitUntil(lambda: opened.app.look.settled)
    qtbot.waitUntil(lambda: tree.columnWidth(0) >= least)
    seen = [n for n in range(3) if not tree.isColumnHidden(n)]
    assert sum(map(tree.columnWidth, seen)) <= tree.header().width()
