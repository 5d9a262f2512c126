"""Painting frame after frame.

Truth: lines of arithmetic on what the network gives for single pictures, and what the
published descriptions of the parameters say.
"""

import numpy as np
import pytest
import torch
from support.jobs import finish, never

from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.video import VideoFrame, frame_image
from nnviz.engine.jobs import Session
from nnviz.engine.models.networks import QuickPainter


@pytest.fixture(scope="module")
def style(tmp_path_factory):
    """A file of weights of a network that nobody trained."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("styles") / "wild.pth"
    torch.save(QuickPainter().state_dict(), path)
    return ModelRequest(reference=str(path), device="cpu")


@pytest.fixture
def paint(style):
    """Paints a frame, or where no number is given a photograph."""
    session = Session()

    def painted(pixels, number=None, opening=1, **values):
        image = image_from_array(pixels)
        if number is not None:
            image = frame_image(VideoFrame(pixels.copy(), number, 0.0), "f", opening)
        request = RunMethod(
            method="fast_style",
            model=style,
            image=image,
            values={"size": 0, "steadiness": 0.0} | values,
        )
        return finish(session.job(request, never)).report["painting"].pixels

    yield painted
    session.close()


def picture(seed, size=(32, 48)):
    shades = np.random.default_rng(seed).integers(0, 256, (*size, 3))
    return shades.astype(np.uint8)


def test_strength_blends_painting_and_photograph(paint):
    shades = picture(0)
    whole = paint(shades)
    half = paint(shades, strength=25.0)
    assert half == pytest.approx(0.25 * whole + 0.75 * shades / 255, abs=1e-6)
    assert paint(shades, strength=0.0) == pytest.approx(shades / 255, abs=1e-6)


def test_what_does_not_move_is_steadied(paint):
    """The same picture with a little noise: the painting before has its share."""
    shades = picture(1).clip(8, 247)
    noisy = (shades.astype(int) + np.where(shades % 2, 1, -1)).astype(np.uint8)
    first, second = paint(shades), paint(noisy)
    paint(shades, 0, opening=5)
    found = paint(noisy, 1, opening=5, steadiness=60.0)
    # The noise is 1/255 everywhere, and 0.08 counts as movement.
    share = 0.6 * (1 - (1 / 255) / 0.08)
    assert found == pytest.approx(share * first + (1 - share) * second, abs=1e-4)


def test_what_moves_leaves_no_trail(paint):
    """Left is as it was, right is another picture: there nothing is blended."""
    before, after = picture(2), picture(2)
    after[:, 24:] = 255 - picture(3)[:, 24:]
    alone = paint(after)
    paint(before, 0, opening=6)
    found = paint(after, 1, opening=6, steadiness=60.0)
    assert np.array_equal(found[:, 28:], alone[:, 28:])
    earlier = paint(before)
    blended = 0.6 * earlier + 0.4 * alone
    assert found[:, :20] == pytest.approx(blended[:, :20], abs=1e-4)


def test_nothing_is_left_of_another_source_or_of_photographs(paint):
    shades = picture(4)
    alone = paint(shades)
    paint(picture(5), 0, opening=7)
    assert np.array_equal(paint(shades, 1, opening=8, steadiness=60.0), alone)
    assert np.array_equal(paint(shades, steadiness=60.0), alone)


def test_two_sources_that_take_turns_are_steadied_each_by_itself(paint):
    """A camera, and a film that is exported meanwhile; truth: each alone."""
    one, two = picture(8), picture(9)
    alone = [paint(one, number, opening=20, steadiness=60.0) for number in (0, 1)]
    for number in (0, 1):
        found = paint(one, number, opening=21, steadiness=60.0)
        assert np.array_equal(found, alone[number])
        paint(two, number, opening=22, steadiness=60.0)


def test_a_frame_that_is_asked_about_again_takes_its_new_strength(paint):
    """Held and faded by the slider: the painting is steadied, not the blend."""
    shades = picture(6)
    whole = paint(shades, 0, opening=9, steadiness=60.0)
    faded = paint(shades, 0, opening=9, steadiness=60.0, strength=0.0)
    assert faded == pytest.approx(shades / 255, abs=1e-6)
    again = paint(shades, 0, opening=9, steadiness=60.0)
    assert again == pytest.approx(whole, abs=1e-5)


@pytest.mark.parametrize("size", [(31, 45), (50, 17)])
def test_any_size_comes_back_at_the_size_it_had(paint, size):
    assert paint(picture(7, size)).shape == (*size, 3)
