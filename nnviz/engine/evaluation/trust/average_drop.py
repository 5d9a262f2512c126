"""Average drop and increase in confidence (Chattopadhay et al. 2018, arXiv:1710.11063).

The image is masked by the map (section 4.1): only pixels that the map calls important
remain.  The normalized input is multiplied, so pixels fade to the mean color.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def fade(values: NDArray[np.floating], pixels: Tensor, nothing: Tensor) -> Tensor:
    """Return the image masked by a map, (1, C, H, W).

    Args:
        values: (H, W); negative values count as zero, the rest is rescaled to [0, 1].
        pixels: the image, (1, C, H, W).
        nothing: replacement for unimportant pixels, of the shape of ``pixels``.
    """
    positive = np.maximum(np.nan_to_num(values.astype(np.float64)), 0)
    low, high = positive.min(), positive.max()
    shares = (positive - low) / (high - low) if high > low else positive * 0
    opacity = torch.from_numpy(shares).to(pixels)
    return nothing + opacity * (pixels - nothing)


def measure_drop(
    values: NDArray[np.floating],
    pixels: Tensor,
    nothing: Tensor,
    score: Callable[[Tensor], Tensor],
) -> tuple[float, float]:
    """Return the relative drop of the score, and whether it rose (1 or 0).

    Args:
        values: (H, W).
        pixels: the image, (1, C, H, W).
        nothing: replacement for unimportant pixels.
        score: of a batch, (N,), a probability.
    """
    images = torch.cat([pixels, fade(values, pixels, nothing)])
    with torch.no_grad():
        whole, faded = score(images).double().tolist()
    drop = max(0.0, whole - faded) / whole if whole else 0.0
    return drop, float(faded > whole)
