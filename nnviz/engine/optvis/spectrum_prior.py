"""The spectrum prior of MaCo: mean magnitude of each frequency in images.

Fel et al. 2023, arXiv:2306.06805, section 3: the mean over images of the absolute
values of the Fourier coefficients of their decorrelated colors.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.shipped.resources import resource
from nnviz.engine.imaging.color import decorrelated

SIDE = 128
"""Rows of the bundled template; its columns are half as many plus one."""
_LEAST = 1e-6


def mean_magnitudes(photographs: Iterable[Tensor]) -> Tensor:
    """Return the mean Fourier magnitudes of images of one size.

    Args:
        photographs: (C, H, W) in [0, 1]; 3 channels are red, green and blue.

    Returns:
        float32 (C, H, W // 2 + 1).

    Raises:
        ValueError: no images are given.
    """
    total, count = torch.zeros(()), 0
    for photograph in photographs:
        total = total + torch.fft.rfft2(decorrelated(photograph[None])[0]).abs()
        count += 1
    if not count:
        raise ValueError("no images")
    return total / count


def shipped_magnitudes() -> Tensor:
    """Return the bundled magnitudes, a mean over thousands of images, float32.

    Returns:
        (3, SIDE, SIDE // 2 + 1).
    """
    with np.load(resource("spectra", "photographs.npz")) as arrays:
        return torch.from_numpy(arrays["magnitudes"].astype(np.float32))


def fitted_magnitudes(template: Tensor, channels: int, size: tuple[int, int]) -> Tensor:
    """Return magnitudes resampled to another size, at the same frequencies.

    Args:
        template: (C, h, w // 2 + 1).
        channels: of the images; where they are not C, each gets the magnitudes of
            luminance.
        size: of the images, px.

    Returns:
        float32 (channels, H, W // 2 + 1).
    """
    if channels != len(template):
        template = template[:1].expand(channels, -1, -1)
    # Frequencies in ascending order, and logarithms: magnitudes follow a power law.
    rising = template.clamp(min=_LEAST).log().roll(template.shape[1] // 2, 1)[None]
    rows, columns = template.shape[1:]
    height, width = size
    down = torch.fft.fftfreq(height) * rows + rows // 2
    across = torch.fft.rfftfreq(width) * 2 * (columns - 1)
    x = (2 * across / (columns - 1) - 1).expand(height, -1)
    y = (2 * down / (rows - 1) - 1)[:, None].expand(-1, len(across))
    grid = torch.stack([x, y], -1)
    fitted = functional.grid_sample(
        rising, grid[None], padding_mode="border", align_corners=True
    )
    return fitted[0].exp()
