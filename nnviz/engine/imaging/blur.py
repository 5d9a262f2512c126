"""Gaussian blur of images as tensors."""

import math

import torch
from torch import Tensor
from torch.nn import functional

_REACH = 3
"""Number of standard deviations at which a Gaussian is truncated."""


def blurred(pixels: Tensor, sigma: float) -> Tensor:
    """Convolve images with a Gaussian, edges replicated.

    Args:
        pixels: (N, C, H, W).
        sigma: standard deviation, px; above 0.
    """
    reach = math.ceil(_REACH * sigma)
    steps = torch.arange(-reach, reach + 1, device=pixels.device, dtype=pixels.dtype)
    weights = torch.exp(-(steps**2) / (2 * sigma**2))
    weights /= weights.sum()
    channels = pixels.shape[1]
    rows = weights.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    columns = weights.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    padded = functional.pad(pixels, (reach,) * 4, mode="replicate")
    down = functional.conv2d(padded, rows, groups=channels)
    return functional.conv2d(down, columns, groups=channels)
