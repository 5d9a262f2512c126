"""Pictures that stand for "nothing there", in pixels."""

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Baseline = Literal["black", "white", "mean", "blur", "random"]
_REACH = 3
"""Standard deviations at which a Gaussian is cut off."""


def baseline(
    kind: Baseline,
    pixels: Tensor,
    mean: Tensor,
    *,
    sigma: float,
    generator: torch.Generator,
) -> Tensor:
    """Return a picture that holds nothing of the photograph, or little.

    Args:
        kind: "mean" is the colour that the network's normalisation takes to zero,
            "random" is uniform noise in [0, 1].
        pixels: (1, C, H, W) in [0, 1].
        mean: (C, 1, 1) in [0, 1].
        sigma: of the blur, px.
        generator: on the CPU.

    Returns:
        As ``pixels``.
    """
    match kind:
        case "black":
            return torch.zeros_like(pixels)
        case "white":
            return torch.ones_like(pixels)
        case "mean":
            return mean.to(pixels).expand_as(pixels).contiguous()
        case "blur":
            return blurred(pixels, sigma)
        case "random":
            noise = torch.rand(pixels.shape, generator=generator, dtype=pixels.dtype)
            return noise.to(pixels.device)


def blurred(pixels: Tensor, sigma: float) -> Tensor:
    """Return pictures convolved with a Gaussian, the edges' pixels carried on outside.

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
