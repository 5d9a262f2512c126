"""The occluder in Live, around a loop that answers each frame at once."""

import math

import pytest

from nnviz.gui.shell.main_window import INSPECT, LIVE


@pytest.fixture
def lively(window, qtbot, fake):
    window.app.open_model("fake:net")
    window.enter(LIVE)
    qtbot.waitUntil(lambda: fake.live.template is not None)
    window.app.choice.prefer("predictions", None)
    fake.live.source.give()
    return window


def test_the_patch_follows_the_mouse_while_the_bar_is_open(lively, fake):
    """Truth: what the loop is told; the trace has a row for each frame."""
    pane = lively.stage.center.live
    canvas, bar = pane.view.frame.canvas, pane.occluder
    height, width = canvas.image_size
    canvas.pointed.emit(height / 2, width / 4)
    assert getattr(fake.live, "cover", None) is None
    pane.header.occluder.click()
    fake.live.source.give()
    canvas.pointed.emit(height / 2, width / 4)
    assert (fake.live.cover.y, fake.live.cover.x) == (0.5, 0.25)
    assert fake.live.cover.side == pytest.approx(0.25)
    bar.fill.setCurrentIndex(bar.fill.findData("blur"))
    bar.fill.activated.emit(bar.fill.currentIndex())
    assert fake.live.cover.fill == "blur"
    fake.live.source.give()
    whole, hidden = bar.log.points
    assert math.isnan(whole.y)
    assert (hidden.y, hidden.x, hidden.share) == (0.5, 0.25, pytest.approx(1 / 16))
    assert "whole image" in bar.words.text()
    canvas.pointed.emit(math.nan, math.nan)
    assert fake.live.cover is None
    canvas.pointed.emit(1.0, 1.0)
    lively.enter(INSPECT)
    assert fake.live.cover is None
