"""Stickers on live frames.  Truth: ``pasted``, which has its own tests."""

import numpy as np
import pytest

from nnviz.base.live import Cover, Shown
from nnviz.base.stickers.placed import Cut
from nnviz.base.stickers.placement import Placement
from nnviz.media.fills.covers import cover_frame
from nnviz.media.stickers.placed import open_cut, paste_layers
from tests.runtime.test_live_loop import HAND, Stand
from tests.support.sources import HandSource
from tests.support.vision import TEMPLATE, Vision

GREEN = open_cut(Cut("square", "#00ff00"))
LAYERS = ((GREEN, Placement(0.5, 0.5, 0.5, 0), 1.0),)


@pytest.fixture
def stand():
    made = Stand(Vision(0.0), HandSource)
    made.loop.set_template(TEMPLATE)
    made.loop.open(HAND)
    yield made
    made.close()


def expected(number, layers=LAYERS):
    return paste_layers(np.full((48, 64, 3), number, np.uint8), layers)


def test_each_frame_has_them_before_it_is_looked_at(stand):
    """Truth: what the method was given is what is shown: the pasted frame."""
    looked = []
    stand.vision.begun = lambda image: looked.append(image.pixels)
    stand.loop.set_stickers(LAYERS)
    stand.loop.source.give()
    (shown,) = stand.results()
    np.testing.assert_array_equal(shown.image.pixels, expected(0))
    np.testing.assert_array_equal(looked[-1], expected(0))
    assert shown.image.name.endswith("with stickers")


def test_without_any_the_frame_is_the_sources_own(stand):
    """Truth: no copy is made, and the name says nothing of stickers."""
    stand.loop.set_stickers(LAYERS)
    stand.loop.set_stickers(())
    stand.loop.source.give()
    (shown,) = stand.results()
    np.testing.assert_array_equal(shown.image.pixels, expected(0, ()))
    assert "stickers" not in shown.image.name


def test_a_frame_that_is_held_is_asked_about_again(stand):
    """Truth: nothing comes from the source, and the bare frame is pasted anew."""
    now = [100.0]
    stand.loop._clock = lambda: now[0]
    stand.loop.source.give()
    (first,) = stand.results()
    now[0] += 1
    stand.loop.set_stickers(LAYERS)
    (second,) = stand.results()
    elsewhere = ((GREEN, Placement(0.2, 0.2, 0.2, 0), 1.0),)
    stand.loop.set_stickers(elsewhere)
    (third,) = stand.results()
    np.testing.assert_array_equal(second.image.pixels, expected(0))
    np.testing.assert_array_equal(third.image.pixels, expected(0, elsewhere))
    names = {each.image.sha256 for each in (first, second, third)}
    assert len(names) == 3, "what was computed of one must not be taken for another's"


def test_while_frames_come_moving_asks_nothing_more(stand):
    """Truth: the next frame has them: a drag must not slow the camera down."""
    stand.loop.source.give()
    stand.results()
    looked = stand.vision.looked
    for share in np.linspace(0, 1, 20):
        stand.loop.set_stickers(((GREEN, Placement(share, 0.5, 0.5, 0), 1.0),))
    assert [each for each in stand.hear() if isinstance(each, Shown)] == []
    assert stand.vision.looked == looked


def test_a_part_is_hidden_on_top_of_the_stickers(stand):
    """Truth: the cover's own tests."""
    cover = Cover(y=0.5, x=0.5, side=0.25, fill="white")
    stand.loop.set_stickers(LAYERS)
    stand.loop.set_cover(cover)
    stand.loop.source.give()
    (shown,) = stand.results()
    np.testing.assert_array_equal(shown.image.pixels, cover_frame(expected(0), cover))
    stand.loop.set_stickers(())
    stand.loop.set_cover(None)
    stand.loop.source.give()
    np.testing.assert_array_equal(stand.results()[-1].image.pixels, expected(1, ()))
