"""Resizing.  Truths: Pillow, and torchvision's antialiased tensors for other depths."""

import numpy as np
import pytest
import torch
from PIL import Image as P
from skimage import data

from nnviz.base.preprocess import Interpolation
from nnviz.media.resize import gray_quickly, resize, resize_quickly

FILTERS = {
    Interpolation.NEAREST: P.Resampling.NEAREST,
    Interpolation.BILINEAR: P.Resampling.BILINEAR,
    Interpolation.BICUBIC: P.Resampling.BICUBIC,
}
PHOTO = data.coffee()


@pytest.mark.parametrize("way", FILTERS)
@pytest.mark.parametrize("size", [(256, 384), (37, 20), (800, 1200)])
def test_8_bit_color_equals_pillow(way, size):
    expected = P.fromarray(PHOTO).resize((size[1], size[0]), FILTERS[way])
    np.testing.assert_array_equal(resize(PHOTO, size, way), np.asarray(expected))


def test_large_8_bit_color_equals_pillow():
    """Above 4 megapixels the copy goes another way."""
    large = P.fromarray(PHOTO).resize((2800, 1900))
    expected = large.resize((341, 231), P.Resampling.BILINEAR)
    ours = resize(np.asarray(large), (231, 341), Interpolation.BILINEAR)
    np.testing.assert_array_equal(ours, np.asarray(expected))
    assert ours.flags.c_contiguous


def test_8_bit_gray_equals_pillow():
    expected = P.fromarray(PHOTO[..., 0]).resize((96, 64), P.Resampling.BICUBIC)
    ours = resize(PHOTO[..., :1], (64, 96), Interpolation.BICUBIC)
    np.testing.assert_array_equal(ours[..., 0], np.asarray(expected))


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_float_agrees_with_torch(channels):
    """torch's antialias=True follows Pillow's filters; rounding only: 1e-5."""
    values = np.random.default_rng(0).random((90, 120, channels), np.float32)
    ours = resize(values, (40, 50), Interpolation.BILINEAR)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(values.transpose(2, 0, 1))[None],
        (40, 50),
        mode="bilinear",
        antialias=True,
    )[0].numpy()
    np.testing.assert_allclose(ours.transpose(2, 0, 1), theirs, atol=1e-5)


def test_16_bit_keeps_its_depth():
    deep = PHOTO.astype(np.uint16) * 257
    ours = resize(deep, (100, 150), Interpolation.BILINEAR)
    eight = resize(PHOTO, (100, 150), Interpolation.BILINEAR)
    assert ours.dtype == np.uint16
    assert np.abs(ours / 257 - eight).max() <= 1


def test_same_size_is_no_work():
    assert resize(PHOTO, PHOTO.shape[:2], Interpolation.BILINEAR) is PHOTO


def test_a_frame_is_halved_by_averaging():
    """Truth: means of four pixels each, rounded."""
    wide = PHOTO.astype(int)
    means = (wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]) / 4
    ours = resize_quickly(PHOTO, (200, 300))
    assert np.abs(ours - means).max() <= 0.5


@pytest.mark.parametrize("size", [(190, 290), (64, 96), (90, 140)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_frame_is_resized_quickly_and_nearly_as_by_pillow(size, channels):
    """Plain sampling is farther from Pillow's antialiased picture."""
    frame = np.ascontiguousarray(PHOTO[..., :channels])
    expected = resize(frame, size, Interpolation.BILINEAR).astype(int)
    ours = resize_quickly(frame, size)
    assert ours.dtype == np.uint8
    assert ours.shape == (*size, channels)
    away = np.abs(ours - expected).mean()
    sampled = resize(frame, size, Interpolation.LINEAR)
    assert away < 5
    assert away < 0.7 * np.abs(sampled - expected).mean()


def test_frames_are_made_gray_quickly():
    """Truth: ITU-R BT.601, by numpy in float64; rounded: half a level off at most."""
    ours = gray_quickly(PHOTO)
    exact = PHOTO @ np.array([0.299, 0.587, 0.114])
    assert ours.shape == (*PHOTO.shape[:2], 1)
    assert np.abs(ours[..., 0] - exact).max() <= 0.51
