"""Max-sensitivity (Yeh et al. 2019, arXiv:1901.09392, definition 3.1)."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RADIUS = 0.02
"""Of the ball around the image, largest change of a pixel's value."""


def perturbed(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a perturbed image from the ball around an image, clamped to [0, 1].

    Args:
        pixels: any shape, in [0, 1].
        generator: on the CPU.
    """
    noise = torch.rand(pixels.shape, generator=generator, dtype=pixels.dtype)
    return (pixels + RADIUS * (2 * noise.to(pixels.device) - 1)).clamp(0, 1)


def relative_changes(
    values: NDArray[np.floating], others: Sequence[NDArray[np.floating]]
) -> list[float]:
    """Return each perturbed map's relative distance to the image's own map.

    The norm of the difference over the norm of the map; the largest of them is the
    max-sensitivity.  For a map of zeros it is infinite where another is not zero.

    Args:
        values: (H, W).
        others: maps of perturbed images, of the shape of ``values``.
    """
    length = float(np.linalg.norm(values))
    changes = [float(np.linalg.norm(other - values)) for other in others]
    if not length:
        return [float("inf") if change else 0.0 for change in changes]
    return [change / length for change in changes]
