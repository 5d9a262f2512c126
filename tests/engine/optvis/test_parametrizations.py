"""Images to optimize: the truth is Lucid's code in numpy, and MaCo's formula."""

import numpy as np
import pytest
import torch

from nnviz.engine.imaging.color import correlated, decorrelated
from nnviz.engine.optvis.parametrizations import Phases, Pixels, Spectrum
from nnviz.engine.optvis.spectrum_prior import (
    SIDE,
    fitted_magnitudes,
    mean_magnitudes,
    shipped_magnitudes,
)

CPU = torch.device("cpu")
MATRIX = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
"""Lucid's ``color_correlation_svd_sqrt``."""


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def lucid_image(spectrum, height, width):
    """Lucid's ``fft_image`` and ``to_valid_rgb`` for one picture, in numpy.

    Args:
        spectrum: (2, C, H, columns), real and imaginary parts.
    """
    columns = width // 2 + (2 if width % 2 else 1)
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.fftfreq(width)[:columns]
    frequencies = np.sqrt(fx * fx + fy * fy)
    scale = 1 / np.maximum(frequencies, 1 / max(height, width))
    scale *= np.sqrt(width * height)
    whole = (spectrum[0] + 1j * spectrum[1]) * scale
    image = np.fft.irfft2(whole)[:, :height, :width] / 4
    rows = image.transpose(1, 2, 0)
    if len(spectrum[0]) == 3:
        norm = np.max(np.linalg.norm(MATRIX, axis=0))
        rows = rows @ (MATRIX / norm).T
    return (1 / (1 + np.exp(-rows))).transpose(2, 0, 1)


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (6, 5), (9, 12), (2, 2)])
@pytest.mark.parametrize("channels", [3, 1])
def test_spectrum_is_lucids(size, channels):
    picture = Spectrum((2, channels, *size), generator(), CPU)
    leaf = picture.leaves["spectrum"]
    with torch.no_grad():
        leaf.normal_(generator=generator(1))  # large enough to see the sigmoid
    found = picture.pixels()
    assert found.shape == (2, channels, *size)
    for one, z in zip(found, leaf.detach().double(), strict=True):
        expected = lucid_image(z.permute(3, 0, 1, 2).numpy(), *size)
        np.testing.assert_allclose(one.detach(), expected, atol=2e-5)


def test_spectrum_begins_with_a_hundredth():
    leaf = Spectrum((4, 3, 64, 64), generator(), CPU).leaves["spectrum"]
    assert leaf.shape == (4, 3, 64, 33, 2)
    # 50,688 numbers: the mean of a right one is within 4.5 standard errors.
    assert abs(leaf.mean()) < 4.5 * 0.01 / np.sqrt(leaf.numel())
    assert leaf.std().item() == pytest.approx(0.01, rel=0.015)


def test_color_matrix_is_lucids():
    # Lengths of the columns: 0.46195, 0.12728, 0.06164; all is divided by the first.
    rgb = correlated(torch.eye(3)[None, :, :, None])[0, :, :, 0]
    np.testing.assert_allclose(rgb, MATRIX / 0.4619523784, rtol=1e-6)


def test_colors_come_back():
    x = torch.randn(2, 3, 4, 5, generator=generator())
    torch.testing.assert_close(decorrelated(correlated(x)), x, atol=1e-5, rtol=1e-4)
    gray = x[:, :1]
    assert correlated(gray) is gray


def test_phases_are_macos_formula():
    magnitudes = torch.rand(3, 6, 4, generator=generator()) + 0.1
    picture = Phases(magnitudes, (1, 3, 6, 6), generator(2), CPU)
    phases = picture.leaves["phases"].detach().double().numpy()[0]
    phases = (phases - phases.mean()) / (phases.std() + 1e-5)
    spectrum = magnitudes.double().numpy() * np.exp(1j * phases)
    image = np.fft.irfft2(spectrum)
    image = (image - image.mean()) / (image.std() + 1e-5)
    norm = np.max(np.linalg.norm(MATRIX, axis=0))
    image = np.einsum("ij,jhw->ihw", MATRIX / norm, image)
    expected = 1 / (1 + np.exp(-image))
    np.testing.assert_allclose(picture.pixels()[0].detach(), expected, atol=1e-5)


def test_phases_of_one_channel_and_an_odd_width():
    magnitudes = fitted_magnitudes(shipped_magnitudes(), 1, (9, 7))
    picture = Phases(magnitudes, (2, 1, 9, 7), generator(), CPU)
    pixels = picture.pixels()
    assert pixels.shape == (2, 1, 9, 7)
    assert pixels.min() > 0
    assert pixels.max() < 1


def test_pixels_are_copied():
    start = torch.full((1, 3, 2, 2), 0.25)
    picture = Pixels(start)
    with torch.no_grad():
        picture.leaves["pixels"] += 0.5
    assert start.max() == 0.25
    assert picture.pixels().min() == 0.75


def test_mean_magnitudes_are_those_of_numpy():
    photographs = torch.rand(3, 3, 4, 6, generator=generator())
    found = mean_magnitudes(photographs)
    norm = np.max(np.linalg.norm(MATRIX, axis=0))
    inverse = np.linalg.inv(MATRIX / norm)
    expected = np.mean(
        [
            np.abs(np.fft.rfft2(np.einsum("ij,jhw->ihw", inverse, each)))
            for each in photographs.double().numpy()
        ],
        axis=0,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_shipped_photographs_have_falling_spectra():
    # Field 1987: amplitudes of natural pictures fall about as 1 / F.
    template = shipped_magnitudes()
    assert template.shape == (3, SIDE, SIDE // 2 + 1)
    row = template[0, 0]
    slope = np.polyfit(np.log(np.arange(2, 60)), np.log(row[2:60].numpy()), 1)[0]
    assert -1.6 < slope < -0.8


def test_template_at_its_own_size_is_itself():
    template = shipped_magnitudes()
    found = fitted_magnitudes(template, 3, (SIDE, SIDE))
    torch.testing.assert_close(found, template, rtol=1e-3, atol=1e-4)


def test_template_keeps_each_frequency_at_another_size():
    template = shipped_magnitudes()
    found = fitted_magnitudes(template, 3, (2 * SIDE, 2 * SIDE))
    assert found.shape == (3, 2 * SIDE, SIDE + 1)
    # Coefficient 2k of twice the side is the frequency of coefficient k.
    torch.testing.assert_close(found[:, ::2, ::2], template, rtol=1e-3, atol=1e-4)
    assert fitted_magnitudes(template, 1, (9, 7)).shape == (1, 9, 4)
