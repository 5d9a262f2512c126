"""Robustness transforms: the truth is Lucid's chain done step by step.

The slow twin pads, crops, resizes and rotates one pixel at a time, as TensorFlow does,
but samples linearly where TensorFlow's rotation takes the nearest pixel.
"""

import math

import numpy as np
import pytest
import torch

from nnviz.base.errors import UsageError
from nnviz.engine.optvis.transforms import (
    Crop,
    CropOrPad,
    Geometry,
    Jitter,
    Mirror,
    Pad,
    Rotate,
    Scale,
    drawn,
    lucid,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def picture():
    # A plane: sampled linearly any number of times, it stays the plane.
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(48.0), indexing="ij")
    return (0.1 + 0.008 * x + 0.01 * y)[None, None]


def draws(pixels, generator):
    return [int(torch.randint(pixels + 1, (), generator=generator)) for _ in range(2)]


def padded(x, width):
    return np.pad(x, width, constant_values=0.5)


def jittered(x, pixels, numbers):
    column, row = draws(pixels, numbers)
    height, width = x.shape
    return x[row : row + height - pixels, column : column + width - pixels]


def resized(x, factor):
    """TensorFlow's ``resize_bilinear`` of version 1: place = index * old / new."""
    height, width = (int(np.float32(factor) * np.float32(side)) for side in x.shape)
    out = np.empty((height, width))
    for i in range(height):
        for j in range(width):
            out[i, j] = sample(x, i * x.shape[0] / height, j * x.shape[1] / width)
    return out


def sample(x, row, column):
    """Linear, the edge carried on."""
    top, left = math.floor(row), math.floor(column)
    total = 0.0
    for r, dr in ((top, 1 - row + top), (top + 1, row - top)):
        for c, dc in ((left, 1 - column + left), (left + 1, column - left)):
            inside = x[min(max(r, 0), len(x) - 1), min(max(c, 0), x.shape[1] - 1)]
            total += dr * dc * inside
    return total


def rotated(x, degrees):
    """``tfa.image.rotate``: about the center, black outside."""
    angle = 3.14 * degrees / 180
    height, width = x.shape
    middle = ((height - 1) / 2, (width - 1) / 2)
    out = np.zeros_like(x)
    for i in range(height):
        for j in range(width):
            dy, dx = i - middle[0], j - middle[1]
            row = middle[0] + math.sin(angle) * dx + math.cos(angle) * dy
            column = middle[1] + math.cos(angle) * dx - math.sin(angle) * dy
            if -0.5 <= row < height - 0.5 and -0.5 <= column < width - 0.5:
                out[i, j] = sample(x, row, column)
    return out


def lucid_step_by_step(x, numbers):
    """Lucid's ``standard_transforms`` with the same draws."""
    x = jittered(padded(x, 12), 8, numbers)
    scales = [1 + (i - 5) / 50.0 for i in range(11)]
    x = resized(x, scales[int(torch.randint(11, (), generator=numbers))])
    angles = list(range(-10, 11)) + 5 * [0]
    x = rotated(x, angles[int(torch.randint(26, (), generator=numbers))])
    return jittered(x, 4, numbers)


@pytest.mark.parametrize("seed", range(8))
def test_lucids_chain_in_one_sampling(picture, seed):
    expected = lucid_step_by_step(picture[0, 0].double().numpy(), generator(seed))
    found = drawn(lucid(), (40, 48), generator(seed))(picture)[0, 0].numpy()
    assert found.shape == expected.shape
    black = expected == 0
    np.testing.assert_array_equal(found == 0, black)
    # Where gray meets the picture the two interpolate in another order.
    smooth = np.abs(found - expected) < 1e-4
    edge = 2 * 4 * sum(found.shape)
    assert (~smooth).sum() <= edge
    inner = interior(picture.shape, found.shape, seed)
    assert inner.sum() > 400
    np.testing.assert_allclose(found[inner], expected[inner], atol=2e-5)


def interior(size, shape, seed):
    """Pixels that come from inside the picture, three px from its edge."""
    geometry = drawn(lucid(), size[2:], generator(seed))
    y, x = np.mgrid[: shape[0], : shape[1]]
    column, row, _ = np.tensordot(geometry.matrix, np.stack([x, y, x * 0 + 1]), 1)
    inside = (column > 3) & (row > 3)
    return inside & (column < size[3] - 4) & (row < size[2] - 4)


def test_chain_has_lucids_numbers():
    pad, jitter, scale, rotate, last = lucid()
    assert (pad.width, jitter.pixels, last.pixels) == (12, 8, 4)
    assert scale.factors == pytest.approx([0.90 + 0.02 * i for i in range(11)])
    assert sorted(rotate.degrees) == sorted([*range(-10, 11), 0, 0, 0, 0, 0])
    assert lucid(0) == ()


def test_all_choices_come():
    sizes, turned = set(), 0
    numbers = generator()
    for _ in range(300):
        geometry = drawn(lucid(), (128, 128), numbers)
        sizes.add(geometry.size[0])
        turned += geometry.matrix[0, 1] != 0
    # 144 px after padding and jitter, times 0.90 ... 1.10, less 4: 11 sizes.
    assert sizes == {int(np.float32(0.9 + 0.02 * i) * 144) - 4 for i in range(11)}
    assert 300 * 20 / 26 * 0.85 < turned < 300 * 20 / 26 * 1.15


def test_pad_and_jitter_move_whole_pixels():
    x = torch.arange(12.0).reshape(1, 1, 3, 4) / 12
    found = drawn((Pad(2), Jitter(3)), (3, 4), generator(3))(x)[0, 0].numpy()
    expected = jittered(padded(x[0, 0].numpy(), 2), 3, generator(3))
    np.testing.assert_array_equal(found, expected)


def test_crop_or_pad_is_tensorflows():
    # tf.image.resize_with_crop_or_pad: 5 -> 3 cuts one before; 5 -> 8 pads one before.
    x = torch.arange(1.0, 26).reshape(1, 1, 5, 5)
    cropped = drawn((CropOrPad((3, 3)),), (5, 5), generator())(x)
    assert torch.equal(cropped, x[..., 1:4, 1:4])
    larger = drawn((CropOrPad((8, 8)),), (5, 5), generator())(x)
    assert torch.equal(larger[..., 1:6, 1:6], x)
    assert larger.sum() == x.sum()


def test_mirror_turns_left_and_right():
    x = torch.arange(6.0).reshape(1, 1, 2, 3)
    found = {
        tuple(drawn((Mirror(),), (2, 3), generator(seed))(x).flatten().tolist())
        for seed in range(8)
    }
    assert found == {(0, 1, 2, 3, 4, 5), (2, 1, 0, 5, 4, 3)}


def test_crop_is_tensorflows_crop_and_resize(picture):
    numbers = torch.randn(3, generator=generator(5)).tolist()
    share = 0.5 + 0.05 * numbers[0]
    x, y = (0.5 + 0.15 * number - share / 2 for number in numbers[1:])
    found = drawn((Crop(0.5, (9, 11)),), (40, 48), generator(5))(picture)[0, 0]
    # Row i is y1 (H - 1) + i (y2 - y1) (H - 1) / (rows - 1) of the picture.
    for i, j in ((0, 0), (8, 10), (4, 5)):
        row = y * 39 + i * share * 39 / 8
        column = x * 47 + j * share * 47 / 10
        if 0 <= row <= 39 and 0 <= column <= 47:
            expected = 0.1 + 0.008 * column + 0.01 * row
            assert found[i, j].item() == pytest.approx(expected, abs=1e-5)


def test_gradient_comes_back_through_the_sampling():
    x = torch.rand(1, 2, 9, 9, dtype=torch.float64, generator=generator())
    geometry = drawn(
        (Pad(3), Scale((1.1,)), Rotate((7,)), Jitter(2)), (9, 9), generator()
    )
    assert torch.autograd.gradcheck(geometry, x.requires_grad_())


def test_nothing_to_do_costs_nothing():
    x = torch.rand(1, 3, 4, 4)
    assert Geometry((4, 4), (4, 4))(x) is x


def test_too_small_a_picture_is_refused():
    with pytest.raises(UsageError, match="nothing is left"):
        drawn((Jitter(8),), (8, 8), generator())
