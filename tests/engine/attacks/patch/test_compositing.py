"""Stickers in torch, against those of numpy and OpenCV, and cases worked by hand."""

import numpy as np
import pytest
import torch

from nnviz.base.frames import Placement as OnPhoto
from nnviz.base.images import Image, image_from_array
from nnviz.base.stickers.placement import Placement
from nnviz.engine.attacks.patch.compositing import (
    Pose,
    Sticker,
    coverage,
    on_photo,
    pasted,
    within,
)
from nnviz.media.stickers.cutting import pasted as pasted_by_opencv

PLACEMENTS = [
    Placement(),
    Placement(x=0.3, y=0.6, width=0.5, angle=37),
    Placement(x=0.02, y=0.9, width=0.4, angle=-120),
    Placement(x=0.7, y=0.4, width=1.3, angle=10),
    Placement(x=0.5, y=0.5, width=0.08, angle=45),
]


def of_random(height, width, seed=0):
    """A sticker of noise, whose opacity falls to the right."""
    colors = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    alpha = np.linspace(255, 0, width).round().astype(np.uint8)
    rows = np.repeat(alpha[None], height, axis=0)
    image = image_from_array(colors)
    return Image(image.pixels, "noise", image.sha256, alpha=rows)


def as_sticker(image):
    colors = torch.from_numpy(image.as_float().transpose(2, 0, 1).copy())[None]
    alpha = torch.from_numpy(image.alpha / np.float32(255))[None, None]
    return Sticker(colors, alpha)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("size", [(60, 90), (70, 50)])
def test_equal_to_opencv(placement, size):
    """OpenCV samples at places rounded to 1/32 px, so at edges it differs a little."""
    sticker = of_random(24, 32)
    pixels = np.random.default_rng(1).random((*size, 3)).astype(np.float32)
    expected = pasted_by_opencv(pixels, sticker, placement)
    picture = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]
    found = pasted(picture, as_sticker(sticker), [Pose(placement)])
    away = np.abs(found[0].permute(1, 2, 0).numpy() - expected)
    assert away.max() < 0.04
    assert away.mean() < 0.002


def test_each_picture_has_its_own_place():
    """By hand: a white pixel of 1 x 1 on the left, and on the right."""
    white = Sticker(torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1))
    poses = [Pose(Placement(x=x, y=0.5, width=1.0)) for x in (1 / 6, 5 / 6)]
    found = pasted(torch.zeros(2, 1, 1, 3), white, poses)
    torch.testing.assert_close(found[:, 0, 0], torch.eye(3)[[0, 2]])


def test_tilted_edges_seem_nearer_and_farther():
    """By hand: 40 px wide, tilt 0.25: edges 20 / 0.75 left and 20 / 1.25 right."""
    square = torch.ones(1, 1, 40, 40).double()
    pose = Pose(Placement(width=0.4), (0.25, 0.0))
    (left, _, top), (right, _, _) = (
        pose.matrix((100, 100), (40, 40)) @ np.array([x, 20, 1]) for x in (0, 40)
    )
    assert left / top == pytest.approx(50 - 20 / 0.75)
    assert right / 1.25 == pytest.approx(50 + 20 / 1.25)
    columns = coverage((100, 100), square, [pose])[0, 0].sum(0)
    assert columns[30] > columns[60] > 0
    assert float(columns[:22].sum()) == 0


def test_what_has_turned_away_is_not_seen():
    """By hand: at tilt 2 the left quarter of the sticker lies behind the eye."""
    square = torch.ones(1, 1, 40, 40).double()
    found = coverage((100, 100), square, [Pose(Placement(width=0.4), (2.0, 0.0))])
    assert float(found.max()) <= 1 + 1e-9
    assert float(found[..., 65:].sum()) == 0


def test_gradients_are_those_of_differences():
    """torch.autograd.gradcheck, in float64, through scaling, turning and tilting."""
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand((1, 2, 9, 9), generator=generator).double()
    alpha = torch.rand((1, 1, 5, 5), generator=generator).double()
    colors = torch.rand((1, 2, 5, 5), generator=generator).double().requires_grad_()
    pose = Pose(Placement(x=0.4, y=0.6, width=0.4, angle=25), (0.1, -0.1))

    def paste(leaf):
        return pasted(picture, Sticker(leaf, alpha), [pose])

    assert torch.autograd.gradcheck(paste, (colors,))


def test_on_the_photograph_it_lies_where_it_did():
    """By hand: of 200 x 400 px the middle 200 x 200, at half the size, is seen."""
    where = OnPhoto((200, 400), (100, 100), (0.5, 0.5), (0.0, -50.0))
    found = on_photo(Placement(x=0.25, y=0.75, width=0.4, angle=30), where)
    assert found == Placement(x=150 / 400, y=0.75, width=0.4, angle=30)


def test_within_leaves_half_a_sticker_of_room():
    """By hand: a sticker of 0.4 of the side has its middle in 0.2 to 0.8."""
    assert within(0.0, 0.4) == pytest.approx(0.2)
    assert within(1.0, 0.4) == pytest.approx(0.8)
    assert within(0.9, 1.5) == 0.5
