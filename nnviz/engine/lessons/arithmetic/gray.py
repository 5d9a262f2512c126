"""Gray images, and correlation of a whole image with a kernel."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from nnviz.base.images import LUMINANCE, Image, to_float

Floats = NDArray[np.float64]
_COLORS = 3
WHITE = 255.0


def gray_of(image: Image) -> Floats:
    """Convert an image to gray, float64 (H, W) in [0, 1]."""
    pixels = to_float(image.pixels).astype(np.float64)
    if pixels.shape[2] < _COLORS:
        return pixels[..., 0]
    gray: Floats = pixels[..., :3] @ np.asarray(LUMINANCE, np.float64)
    return gray


def correlated(values: Floats, kernel: Floats, rate: int = 1) -> Floats:
    """Correlate an image with a kernel, edges replicated, float64 (H, W).

    Args:
        values: (H, W).
        kernel: its weights.
        rate: atrous rate: the weights stand on every ``rate``-th pixel.
    """
    rows, columns = kernel.shape
    top, left = rate * ((rows - 1) // 2), rate * ((columns - 1) // 2)
    margins = (left, rate * (columns - 1) - left, top, rate * (rows - 1) - top)
    padded = functional.pad(
        torch.tensor(values)[None, None],
        margins,
        mode="replicate",
    )
    weights = torch.tensor(kernel)[None, None]
    found: Floats = functional.conv2d(padded, weights, dilation=rate)[0, 0].numpy()
    return found


def pooled_back(values: Floats, factor: int, kind: str) -> Floats:
    """Max pool an image, and unpool it to its size; remainders at the end are left out.

    Args:
        values: (H, W), each side at least ``factor``.
        factor: side of a pooling window.
        kind: "max unpooling" puts each maximum where it was found (Zeiler and Fergus
            2014, arXiv:1311.2901), "bed of nails" into the upper left of its window,
            zeros between, "nearest" everywhere in its window.
    """
    image = torch.tensor(values)[None, None]
    small, places = functional.max_pool2d(image, factor, return_indices=True)
    size = [factor * side for side in small.shape[2:]]
    if kind == "max unpooling":
        large = functional.max_unpool2d(
            small, places, [factor, factor], output_size=list(image.shape)
        )
        large = large[..., : size[0], : size[1]]
    else:
        large = small.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    if kind == "bed of nails":
        nails = torch.zeros_like(large)
        nails[..., ::factor, ::factor] = small
        large = nails
    found: Floats = large[0, 0].numpy()
    return found
