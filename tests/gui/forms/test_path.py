"""Controls of files, folders and colors: typed, picked, refused.

Truth: what the dialogs return here, and #rrggbb as CSS writes colors.
"""

from dataclasses import dataclass, replace
from typing import Annotated

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFileDialog

from nnviz.base.parameters import (
    ColorText,
    Help,
    ImageFile,
    ImageFolder,
    Kind,
    parameters_of,
)
from nnviz.gui.forms.path import PathControl
from nnviz.gui.forms.registry import make_control
from nnviz.gui.state.settings import Settings


@dataclass(frozen=True)
class Picked:
    """A parameter of each kind."""

    guide: Annotated[ImageFile, Help("A guide.")] = ""
    folder: Annotated[ImageFolder, Help("A folder.")] = ""
    color: Annotated[ColorText, Help("A color.")] = ""


@pytest.fixture
def controls(qtbot):
    made = {p.name: make_control(p) for p in parameters_of(Picked)}
    for control in made.values():
        qtbot.addWidget(control)
    return made


def told(control):
    values = []
    control.edited.connect(lambda value, settled: values.append((value, settled)))
    return values


def test_picked_file_is_the_value(controls, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/a/cat.png", ""))
    values = told(controls["guide"])
    controls["guide"].pick.click()
    assert values == [("/a/cat.png", True)]
    assert controls["guide"].field().text() == "/a/cat.png"


def test_picked_folder_is_the_value_and_cancelling_keeps_it(controls, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/a")
    controls["folder"].pick.click()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    controls["folder"].pick.click()
    assert controls["folder"].value() == "/a"


def test_picked_color_is_the_value(controls, monkeypatch):
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor(255, 0, 127))
    controls["color"].pick.click()
    assert controls["color"].value() == "#ff007f"


def test_no_color_is_said_and_not_taken(controls, qtbot):
    control = controls["color"]
    values, refused = told(control), []
    control.refused.connect(refused.append)
    qtbot.keyClicks(control.field(), "#ff00")
    assert values == []
    assert refused[-1]
    qtbot.keyClicks(control.field(), "00")
    assert values[-1][0] == "#ff0000"
    assert refused[-1] == ""


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_control(qtbot, kind):
    (parameter,) = parameters_of(Picked)[:1]
    default = {Kind.FLAG: False, Kind.INTEGER: 1, Kind.NUMBER: 1.0, Kind.CHANNEL: -1}
    one = replace(
        parameter,
        kind=kind,
        default=default.get(kind, "a" if kind is Kind.CHOICE else ""),
        choices=("a",) if kind is Kind.CHOICE else (),
        minimum=0,
        maximum=2,
    )
    qtbot.addWidget(make_control(one))


def test_a_dialog_begins_where_the_last_file_was_found(controls, monkeypatch, tmp_path):
    """Truth: the folder of the file that the dialog before returned."""
    starts, memory = [], Settings(tmp_path / "settings.json")
    controls["guide"].set_folders(memory)
    controls["folder"].set_folders(memory)
    picked = tmp_path / "cats" / "cat.png"
    picked.parent.mkdir()

    def ask(_parent, _title, start):
        starts.append(start)
        return str(picked), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: ask(*a)[0])
    controls["guide"].pick.click()
    controls["folder"].pick.click()
    assert starts == ["", str(picked.parent)]
    controls["guide"].set_value("/elsewhere/dog.png")
    controls["guide"].pick.click()
    assert starts[-1] == "/elsewhere/dog.png"  # what is typed comes first


def test_the_method_panel_hands_the_memory_of_folders_to_its_controls(opened):
    """Truth: the guide of a dream begins in the folder of a remembered image."""
    opened.app.choice.choose("deep_dream")
    opened.stage.method.form.set_unfolded(True)
    guide = opened.stage.method.form.findChildren(PathControl)[0]
    assert guide._folders is opened.app.settings
