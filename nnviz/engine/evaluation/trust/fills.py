"""Fills: baseline images that replace removed pixels."""

import torch
from torch import Tensor

from nnviz.engine.imaging.blur import blurred

_BLUR = 5 / 224
"""Standard deviation in sides of the image: Petsiuk's 5 px."""
_STRONG = 4
"""Ratio of the strong blur to the other."""


def slightly_blurred(pixels: Tensor) -> Tensor:
    """Return the blurred image from which published insertion curves start."""
    return blurred(pixels, _BLUR * min(pixels.shape[2:]))


def fills(pixels: Tensor, mean: Tensor) -> dict[str, Tensor]:
    """Return baseline images of an image, by name.

    In order of importance: the first is the published fill of deletion.

    Args:
        pixels: (1, C, H, W) in [0, 1].
        mean: (C, 1, 1), the color that normalization maps to zero.
    """
    return {
        "mean color": mean.to(pixels).expand_as(pixels).contiguous(),
        "blur": slightly_blurred(pixels),
        "black": torch.zeros_like(pixels),
        "white": torch.ones_like(pixels),
        "strong blur": blurred(pixels, _STRONG * _BLUR * min(pixels.shape[2:])),
    }
