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


def correlated(values: Floats, kernel: Floats) -> Floats:
    """Correlate an image with a kernel, edges replicated, float64 (H, W)."""
    rows, columns = kernel.shape
    top, left = (rows - 1) // 2, (columns - 1) // 2
    margins = (left, columns - 1 - left, top, rows - 1 - top)
    padded = functional.pad(
        torch.tensor(values)[None, None],
        margins,
        mode="replicate",
    )
    weights = torch.tensor(kernel)[None, None]
    found: Floats = functional.conv2d(padded, weights)[0, 0].numpy()
    return found
