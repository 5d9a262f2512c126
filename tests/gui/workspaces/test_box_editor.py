"""The Boxes page.  Truth: what a hand draws, and what the shared rules say of it."""

import json

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog

from nnviz.base.notation.boxes import parse_boxes
from nnviz.gui.shell.main_window import ATTACK, INSPECT
from nnviz.gui.workspaces.inspect.box_editor import _Tools
from nnviz.runtime.file_work.boxes import BoxWork
from tests.gui.conftest import finished

LEFT = Qt.MouseButton.LeftButton
CAT = "/photos/cat.png"
OTHER = "/photos/other.png"


@pytest.fixture
def editor(opened):
    opened.commands["view.boxes"].trigger()
    return opened.stage.center.page("boxes")


def drag(qtbot, canvas, start, end):
    """Draw a box between two points of the image, (x, y)."""
    places = []
    for x, y in (start, end):
        down, across = canvas.viewport().to_widget(y, x)
        places.append(QPoint(round(across), round(down)))
    qtbot.mousePress(canvas, LEFT, pos=places[0])
    qtbot.mouseMove(canvas, places[1])
    qtbot.mouseRelease(canvas, LEFT, pos=places[1])


def type_name(qtbot, editor, name):
    line = editor.side.label_box.lineEdit()
    line.selectAll()
    qtbot.keyClicks(line, name)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def test_a_box_is_drawn_named_and_undone(qtbot, opened, editor):
    """Truth: by hand, to a px of the widget; undo and redo one step each."""
    drag(qtbot, editor.canvas, (5, 5), (35, 25))
    boxes = opened.app.boxes
    (box,) = boxes.boxes
    assert box.corners == pytest.approx((5, 5, 35, 25), abs=0.2)
    assert box.label == "object"
    type_name(qtbot, editor, "tabby, cat")
    assert boxes.boxes[0].label == "tabby cat"
    opened.commands["edit.undo"].trigger()
    assert boxes.boxes[0].label == "object"
    opened.commands["edit.undo"].trigger()
    assert boxes.boxes == ()
    tools = editor.findChild(_Tools)
    assert not tools.undo.isEnabled()
    assert tools.redo.isEnabled()
    opened.commands["edit.redo"].trigger()
    opened.commands["edit.redo"].trigger()
    assert boxes.boxes[0].label == "tabby cat"
    assert tools.undo.isEnabled()
    assert not tools.redo.isEnabled()


def test_boxes_belong_to_their_images(qtbot, opened, editor):
    """Truth: by hand; undo shows the image that it changes."""
    drag(qtbot, editor.canvas, (5, 5), (35, 25))
    opened.app.images.add([OTHER])
    assert opened.app.boxes.boxes == ()
    drag(qtbot, editor.canvas, (10, 10), (20, 30))
    assert [each.path for each in opened.app.boxes.images] == [CAT, OTHER]
    assert editor.side.images.count() == 2
    opened.app.images.show(CAT)
    assert len(opened.app.boxes.boxes) == 1
    opened.commands["edit.undo"].trigger()
    assert opened.app.images.current == OTHER
    assert opened.app.boxes.boxes == ()
    assert editor.side.images.count() == 1


def test_the_next_box_has_the_class_of_the_last(qtbot, opened, editor):
    drag(qtbot, editor.canvas, (5, 5), (20, 20))
    type_name(qtbot, editor, "cat")
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Escape)
    drag(qtbot, editor.canvas, (30, 5), (50, 30))
    assert [each.label for each in opened.app.boxes.boxes] == ["cat", "cat"]
    assert editor.side.summary.text() == "cat 2"


def test_rcnn_is_trained_on_the_boxes(qtbot, opened, editor, fake):
    """Truth: the request holds them; the result is shown."""
    assert not editor.side.train.isEnabled()
    drag(qtbot, editor.canvas, (5, 5), (35, 25))
    editor.side.train.click()
    asked = fake.last("result")
    assert asked.method == "rcnn"
    assert asked.values["boxes"] == opened.app.boxes.text
    assert parse_boxes(asked.values["boxes"])[0].path == CAT
    assert opened.stage.center.mode == "result"


def test_the_form_follows_and_is_followed(qtbot, opened, editor):
    """Truth: boxes that are drawn are in the form; boxes of the form are drawn."""
    app = opened.app
    app.choice.choose("rcnn")
    drag(qtbot, editor.canvas, (5, 5), (35, 25))
    assert app.choice.values["boxes"] == app.boxes.text
    given = f"dog 1 2 30 20 @ {CAT}"
    app.choice.set_values(app.choice.values | {"boxes": given})
    assert app.boxes.text == given
    app.choice.set_values(app.choice.values | {"boxes": ""})
    assert app.boxes.text == given  # R-CNN without them; they are not lost
    app.choice.set_values(app.choice.values | {"regions": 7})
    assert app.choice.values["boxes"] == ""
    app.choice.choose("activations")
    app.choice.choose("rcnn")
    assert app.choice.values["boxes"] == given


def test_a_result_brings_its_boxes_back(qtbot, opened, editor, fake):
    """Truth: the recipe names files without folders; the tray knows them."""
    drag(qtbot, editor.canvas, (5, 5), (35, 25))
    editor.side.train.click()
    text = opened.app.boxes.text
    run = finished(fake.last("result"))
    opened.app.boxes.clear()
    run.recipe.values["boxes"] = text.replace("/photos/", "")
    opened.app.runs.bring_back(run)
    assert opened.app.boxes.text == text


def test_a_pasted_image_says_what_is_missing(qtbot, opened, editor):
    opened.app.images.add_array(np.zeros((40, 60, 3), np.uint8), "pasted")
    drag(qtbot, editor.canvas, (5, 5), (35, 25))
    assert opened.app.boxes.images == ()
    assert "has no file" in editor.side.hint.text()


def test_boxes_are_exported(qtbot, opened, editor, fake, tmp_path, monkeypatch):
    """Truth: COCO's format; the file is the one that was asked for."""
    path = tmp_path / "a.png"
    PillowImage.fromarray(np.zeros((40, 60, 3), np.uint8)).save(path)
    fake.files.boxes = BoxWork()
    opened.app.images.add([str(path)])
    drag(qtbot, editor.canvas, (5, 5), (35, 25))
    wanted = str(tmp_path / "mine"), ""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: wanted)
    editor.side.export.click()
    said = json.loads((tmp_path / "mine.json").read_text())
    assert said["images"][0]["file_name"] == "a.png"
    assert len(said["annotations"]) == 1


def test_the_page_keeps_the_window(opened):
    """Truth: 1024 x 700 is always possible; other workspaces have no such page."""
    opened.resize(1024, 700)
    opened.commands["view.boxes"].trigger()
    assert opened.workspace is INSPECT
    assert opened.size().width() == 1024
    opened.enter(ATTACK)
    assert opened.stage.center.mode == "result"
