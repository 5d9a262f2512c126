"""Stickers and counting in Live, around a loop that answers each frame at once."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from nnviz.base.events import Done
from nnviz.base.stickers.placed import Cut, OpenedSticker
from nnviz.base.stickers.placement import Placement
from nnviz.cli.live import read
from nnviz.gui.shell.main_window import INSPECT, LIVE
from nnviz.media.stickers.cutting import with_alpha
from nnviz.media.stickers.placed import open_cut

RED = "round:#e53935"


@pytest.fixture
def lively(window, qtbot, fake):
    """Live with a network and a frame, the sticker column open."""
    window.app.open_model("fake:net")
    window.enter(LIVE)
    qtbot.waitUntil(lambda: fake.live.template is not None)
    fake.live.source.give()
    pane = window.stage.center.live
    pane.header.stickers.setChecked(True)
    disc = open_cut(Cut("round", "#e53935"))
    opened = OpenedSticker(RED, disc, with_alpha(disc))
    fake.files.stickers.tell("open", Done(opened))
    return window


def laid(window):
    window.app.live_stickers.add(RED, Placement(0.5, 0.5, 0.5, 0))
    return window.app.live_stickers


def count(window):
    return window.stage.center.live.stickers.count


def test_they_lie_on_the_frames_while_their_column_is_open(lively, fake):
    """Truth: the toggle; leaving Live ends it too."""
    laid(lively)
    ((image, placement, opacity),) = fake.live.layers
    assert (placement, opacity) == (Placement(0.5, 0.5, 0.5, 0), 1)
    assert image.size == (512, 512)
    pane = lively.stage.center.live
    pane.header.stickers.setChecked(False)
    assert fake.live.layers == ()
    pane.header.stickers.setChecked(True)
    assert len(fake.live.layers) == 1
    lively.enter(INSPECT)
    assert fake.live.layers == ()


def test_they_are_dragged_on_the_running_picture(qtbot, lively, fake):
    """Truth: what the loop is told is where the hand has it; undone by the command."""
    stickers = laid(lively)
    canvas = lively.stage.center.live.view.frame.canvas
    assert not canvas.paints, "the frames have them already"
    middle = canvas.handles(0)[0].boundingRect().center().toPoint()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    fake.live.source.give()
    qtbot.mouseMove(canvas, middle + QPoint(30, 0))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(30, 0))
    ((_, placement, _),) = fake.live.layers
    assert placement.x == pytest.approx(
        0.5 + 30 / canvas.viewport().zoom / 64, abs=1e-3
    )
    lively.commands["edit.undo"].trigger()
    assert stickers.placed[0].placement.x == 0.5
    lively.enter(INSPECT)
    lively.commands["edit.undo"].trigger()
    assert len(stickers.placed) == 1, "elsewhere Undo is the form's"


def test_frames_are_counted_once_each(lively, fake):
    """Truth: the fake sees a cat in each frame; by hand."""
    panel = count(lively)
    panel.truth.setText("dog")
    panel.toggle()
    fake.live.source.give(5)
    assert (panel.tally.fooled, panel.tally.right, panel.tally.frames) == (5, 0, 5)
    again = lively.app.live.last
    fake.live_shown.emit(again)
    assert panel.tally.frames == 5, "a frame that is held counts once"
    assert panel.words.text() == "5 of 5 frames fooled, 95 %: 56.6 % to 100.0 %"
    assert panel.bars.lines() == ["classified as another class 100.0 %", "dog 0.0 %"]
    panel.toggle()
    fake.live.source.give(3)
    assert panel.tally.frames == 5
    panel.reset()
    assert panel.tally.frames == 0


def test_what_is_seen_now_is_the_truth_where_none_is_named(lively, fake):
    """Truth: the fake's first class."""
    panel = count(lively)
    panel.wanted.setText("dog")
    panel.toggle()
    assert panel.truth.text() == "cat"
    fake.live.source.give(2)
    assert (panel.tally.right, panel.tally.fooled, panel.tally.other) == (2, 0, 0)
    assert panel.bars.lines()[0] == "classified as dog 0.0 %"


def test_a_class_that_the_network_has_not_is_said(lively):
    """Truth: the nearest name is offered; nothing is counted."""
    panel = count(lively)
    panel.truth.setText("cot")
    panel.toggle()
    assert not panel.counting
    assert "did you mean cat" in panel.words.text()


def test_another_network_stops_the_count(lively, fake):
    """Truth: its classes are others."""
    panel = count(lively)
    panel.toggle()
    assert panel.counting
    lively.app.open_model("fake:other")
    assert not panel.counting
    fake.live.source.give(2)
    assert panel.tally.frames == 0


def test_another_source_is_counted_from_its_first_frame(lively, fake):
    """Truth: its frames have numbers of their own."""
    panel = count(lively)
    fake.live.source.give(10)
    panel.toggle()
    lively.app.live.again()
    fake.live.source.give(4)
    assert panel.tally.frames == 4
    assert np.isclose(panel.tally.right, 4)


def test_the_command_line_lays_some(window, fake):
    """Truth: what ``nnviz live --stickers`` says."""
    order, _ = read(["--stickers", f"{RED} @ 0.25 0.5 0.2 0"])
    window.app.start_live(order)
    disc = open_cut(Cut("round", "#e53935"))
    fake.files.stickers.tell("open", Done(OpenedSticker(RED, disc, with_alpha(disc))))
    ((_, placement, _),) = fake.live.layers
    assert placement == Placement(0.25, 0.5, 0.2, 0)
    assert window.stage.center.live.stickers.isVisible()
