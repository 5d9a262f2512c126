"""Regularizers of optimized pixels: decay, blur, small values set to the mean.

Yosinski et al. 2015, arXiv:1506.06579, section 3, with deviations from the mean color
instead of Caffe's mean-free pixels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.engine.imaging.blur import blurred

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelRules:
    """Regularization of the pixels, applied after each step.

    Attributes:
        decay: fraction of the deviation from the mean color that is removed each step.
        blur: standard deviation of the Gaussian, px; 0 for none.
        blur_every: steps from one blur to the next; 0 for none.
        small_values: percentage of pixels, those nearest to the mean color, that are
            set to it.
        small_gradients: percentage of pixels, those that contribute least to the
            objective, that are set to the mean color.
    """

    decay: float = 0.0
    blur: float = 0.0
    blur_every: int = 0
    small_values: float = 0.0
    small_gradients: float = 0.0

    def apply(self, pixels: Tensor, mean: Tensor, gradient: Tensor, step: int) -> None:
        """Regularize pixels in place, and clip them to [0, 1].

        Args:
            pixels: (N, C, H, W), detached.
            mean: the color that normalization maps to zero, (C, 1, 1).
            gradient: of the minimized loss, of the shape of ``pixels``.
            step: counted from 0.
        """
        moved = (pixels - mean) * (1 - self.decay)
        if self.blur and self.blur_every and step % self.blur_every == 0:
            moved = blurred(moved, self.blur)
        moved = without_small(moved, moved.norm(dim=1), self.small_values)
        # The contribution of a pixel's deviation to the objective, to first order.
        added = (moved * gradient).sum(1).abs()
        moved = without_small(moved, added, self.small_gradients)
        pixels.copy_((moved + mean).clamp(0, 1))


def without_small(values: Tensor, sizes: Tensor, percentage: float) -> Tensor:
    """Return values (N, C, H, W) with the places of the smallest sizes set to zero.

    Args:
        values: of several channels.
        sizes: (N, H, W).
        percentage: of each image's positions, 0 to 100.
    """
    if not percentage:
        return values
    flat = sizes.flatten(1)
    limit = torch.quantile(flat, percentage / _PERCENT, dim=1)
    return values * (sizes >= limit[:, None, None])[:, None]
