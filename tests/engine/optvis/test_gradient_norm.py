"""Units of a dream's gradient.

Truth: ``lap_normalize`` of TensorFlow's deep dream of 2015, written out with scipy:
a blur by 1 4 6 4 1 keeps every second pixel, and going back puts zeros in between.
"""

import numpy as np
import pytest
import torch
from scipy import ndimage

from nnviz.engine.imaging.pyramid import octave_sizes, smoothed
from nnviz.engine.optvis.gradient_norm import by_bands, by_mean, by_spread

BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16


def noise(height=64, width=96):
    generator = torch.Generator().manual_seed(2)
    return torch.randn(1, 3, height, width, generator=generator).double()


def blurred(plane, gain=1.0):
    for axis in (0, 1):
        plane = ndimage.convolve1d(plane, BINOMIAL * gain, axis, mode="nearest")
    return plane


def twin(picture, levels=4):
    """The pyramid of each color; the standard deviation is that of all colors."""
    low, bands = list(picture), []
    for _ in range(levels):
        smaller = [blurred(plane)[::2, ::2] for plane in low]
        bands.append(
            np.stack([a - up(b, a.shape) for a, b in zip(low, smaller, strict=True)])
        )
        low = smaller
    total = np.stack(low)
    total = total / total.std()
    for band in reversed(bands):
        larger = np.stack([up(plane, band.shape[1:]) for plane in total])
        total = larger + band / band.std()
    return total


def up(plane, size):
    """One more pixel all around, so that the edges see their own kind."""
    padded = np.pad(plane, 2, "edge")
    spread = np.zeros([2 * side for side in padded.shape])
    spread[::2, ::2] = padded
    return blurred(spread, 2.0)[4 : 4 + size[0], 4 : 4 + size[1]]


@pytest.mark.parametrize("size", [(64, 96), (75, 101)])
def test_bands(size):
    picture = noise(*size)
    expected = twin(picture[0].numpy())
    found = by_bands(picture.clone())[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_bands_of_a_small_picture():
    """With fewer pixels than the kernel there is one band: the spread."""
    picture = noise(4, 4)
    found = by_bands(picture.clone())
    np.testing.assert_allclose(found, by_spread(picture.clone()))


def test_mean_and_spread_become_one():
    assert float(by_mean(noise()).abs().mean()) == pytest.approx(1)
    assert float(by_spread(noise()).std(correction=0)) == pytest.approx(1, abs=1e-7)
    nothing = torch.zeros(1, 3, 8, 8)
    assert not by_mean(nothing.clone()).any()
    assert not by_spread(nothing.clone()).any()


def test_smoothing_is_the_mean_of_three_gaussians():
    """scipy's Gaussian, cut off at three standard deviations too."""
    picture = noise(40, 50)
    found = smoothed(picture, 2.0)[0, 1].numpy()
    expected = np.mean(
        [
            ndimage.gaussian_filter(
                picture[0, 1].numpy(), s, truncate=3, mode="nearest"
            )
            for s in (1, 2, 4)
        ],
        axis=0,
    )
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_sizes_of_octaves():
    """By hand: 575 x 1024, the notebook's sky, in four octaves of 1.4."""
    expected = ((210, 373), (294, 522), (411, 731), (575, 1024))
    assert octave_sizes((575, 1024), 4, 1.4) == expected
