"""Decorrelated color axes, as in Lucid.

Luminance varies most in images, so a step along that axis is made larger than one along
the others (Olah et al. 2017, doi:10.23915/distill.00007, "Preconditioning and
Parameterization"; numbers as in Lucid's ``param/color.py``).
"""

import torch
from torch import Tensor

COLORS = 3
_ROOT_OF_COVARIANCE = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
"""Of ImageNet's colors: from independent axes (columns) to red, green and blue."""


def correlated(x: Tensor) -> Tensor:
    """Convert decorrelated colors to RGB.

    Args:
        x: (N, C, H, W); colors where C is 3, anything else is returned unchanged.

    Returns:
        Of the shape of ``x``, around 0.
    """
    if x.shape[1] != COLORS:
        return x
    mixed: Tensor = _matrix(x) @ x.flatten(2)
    return mixed.view_as(x)


def decorrelated(x: Tensor) -> Tensor:
    """Convert RGB to decorrelated colors; the inverse of ``correlated``."""
    if x.shape[1] != COLORS:
        return x
    apart: Tensor = torch.linalg.solve(_matrix(x), x.flatten(2))
    return apart.view_as(x)


def _matrix(x: Tensor) -> Tensor:
    """Return the color matrix (3, 3), its longest column normalized to length 1."""
    root = torch.tensor(_ROOT_OF_COVARIANCE, dtype=torch.float64)
    scaled = root / torch.linalg.vector_norm(root, dim=0).max()
    matched: Tensor = scaled.to(x)
    return matched
