"""Random views of a sticker: their limits, and what each does, worked by hand."""

import pytest
import torch

from nnviz.base.stickers.placement import Placement
from nnviz.engine.attacks.patch.compositing import Pose, Sticker, pasted
from nnviz.engine.attacks.patch.eot import Conditions, View, drawn_views, seen
from nnviz.engine.imaging.blur import blurred

LIMITS = Conditions(
    smallest=0.2, largest=0.4, turn=30, tilt=0.1, light=0.2, blur=1, noise=0.05
)
WHOLE = Pose(Placement(width=1.0))


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def sticker(generator):
    return Sticker(
        torch.rand((1, 3, 8, 8), generator=generator), torch.ones(1, 1, 8, 8)
    )


def spread(values):
    return min(values), max(values)


def test_views_fill_their_limits(generator):
    """1,000 uniform draws come within 1 % of the ends, and never pass them."""
    views = drawn_views(LIMITS, 1000, (100, 200), generator)
    at = [view.pose.placement for view in views]
    for values, low, high in (
        ([each.width for each in at], 0.2, 0.4),
        ([each.angle for each in at], -30, 30),
        ([view.pose.tilt[0] for view in views], -0.1, 0.1),
        ([view.gain for view in views], 0.8, 1.2),
        ([view.lift for view in views], -0.1, 0.1),
        ([view.blur for view in views], 0, 1),
        ([view.noise for view in views], 0, 0.05),
    ):
        least, most = spread(values)
        assert low <= least < low + 0.01 * (high - low)
        assert high >= most > high - 0.01 * (high - low)


def test_stickers_lie_wholly_on_the_picture(generator):
    """By hand: of width w (of 100 px) on 100 x 200 px, half of it from each edge."""
    for view in drawn_views(LIMITS, 200, (100, 200), generator):
        at = view.pose.placement
        assert at.width / 2 <= at.y <= 1 - at.width / 2
        assert at.width / 4 <= at.x <= 1 - at.width / 4


def test_one_place_is_kept(generator):
    """The place that was asked for."""
    limits = Conditions(smallest=0.2, largest=0.4, place=(0.1, 0.9))
    for view in drawn_views(limits, 20, (100, 100), generator):
        assert (view.pose.placement.x, view.pose.placement.y) == (0.1, 0.9)


def test_without_changes_it_is_pasted(generator, sticker):
    """``pasted``, whose tests are its own."""
    pictures = torch.rand((2, 3, 20, 20), generator=generator)
    poses = [Pose(Placement(x=x)) for x in (0.3, 0.6)]
    found = seen(pictures, sticker, [View(pose) for pose in poses], generator)
    torch.testing.assert_close(found, pasted(pictures, sticker, poses))


def test_light_falls_on_the_sticker_alone(generator):
    """By hand: 0.5 * 1.2 + 0.1 is 0.7; what is around stays."""
    gray = Sticker(torch.full((1, 1, 4, 4), 0.5), torch.ones(1, 1, 4, 4))
    view = View(Pose(Placement(width=0.5)), gain=1.2, lift=0.1)
    found = seen(torch.full((1, 1, 8, 8), 0.3), gray, [view], generator)
    torch.testing.assert_close(found[..., 2:6, 2:6], torch.full((1, 1, 4, 4), 0.7))
    torch.testing.assert_close(found[..., :2, :], torch.full((1, 1, 2, 8), 0.3))


def test_blur_is_everywhere(generator, sticker):
    """A Gaussian over all of the picture."""
    picture = torch.rand((1, 3, 20, 20), generator=generator)
    pose = Pose(Placement())
    found = seen(picture, sticker, [View(pose, blur=0.8)], generator)
    torch.testing.assert_close(found, blurred(pasted(picture, sticker, [pose]), 0.8))


def test_noise_has_its_size_and_stays_within_the_pixels(generator):
    """Standard deviation 0.1 of 30,000 numbers around 0.5; none beyond 0 and 1."""
    gray = Sticker(torch.full((1, 3, 4, 4), 0.5), torch.ones(1, 1, 4, 4))
    picture = torch.full((1, 3, 100, 100), 0.5)
    found = seen(picture, gray, [View(WHOLE, noise=0.1)], generator)
    assert float(found.std()) == pytest.approx(0.1, rel=0.02)
    loud = seen(picture, gray, [View(WHOLE, noise=2.0)], generator)
    assert (float(loud.min()), float(loud.max())) == (0, 1)
