"""Color transfer between images.

Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer"
(arXiv:1606.05897), sections 3 and 4.
"""

import torch
from torch import Tensor

from nnviz.base.images import LUMINANCE
from nnviz.engine.imaging.color import COLORS

_TINY = 1e-7


def matched(picture: Tensor, like: Tensor) -> Tensor:
    """Return an image with the mean and covariance of another's colors.

    x -> M (x - mean) + mean of ``like``, M = S_like^1/2 S^-1/2: the paper's image
    analogies variant, equations 1 to 3.

    Args:
        picture: (1, C, H, W).
        like: (1, C, h, w).

    Returns:
        Of the shape of ``picture``, in [0, 1].
    """
    matrix, shift = matching(color_statistics(picture), color_statistics(like))
    flat = picture[0].flatten(1).double()
    moved: Tensor = matrix @ flat + shift[:, None]
    return moved.clamp(0, 1).to(picture).view_as(picture)


def color_statistics(pictures: Tensor) -> Tensor:
    """Return the mean over pixels of c c^T, c being a pixel's color and a 1 below it.

    Args:
        pictures: (N, C, H, W).

    Returns:
        (C + 1, C + 1) in float64: second moments, and the mean in the last column.
    """
    flat = pictures.transpose(0, 1).flatten(1).double()
    colors = torch.cat([flat, torch.ones_like(flat[:1])])
    return colors @ colors.T / flat.shape[1]


def matching(statistics: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return matrix (C, C) and shift (C,) that give colors a mean and covariance.

    Args:
        statistics: of the given colors, from ``color_statistics``.
        wanted: statistics of the result.
    """
    mean, covariance = _spread(statistics)
    wanted_mean, wanted_covariance = _spread(wanted)
    matrix = _root(wanted_covariance) @ torch.linalg.inv(_root(covariance))
    return matrix, wanted_mean - matrix @ mean


def to_luminance(picture: Tensor) -> Tensor:
    """Return an image's luminance, repeated over its channels.

    Args:
        picture: (N, C, H, W); colors where C is 3, else returned unchanged.
    """
    if picture.shape[1] != COLORS:
        return picture
    return _luminance(picture).expand_as(picture).contiguous()


def with_colors_of(picture: Tensor, photograph: Tensor) -> Tensor:
    """Return one image's luminance with the colors of another.

    Args:
        picture: (N, C, H, W); colors where C is 3, else returned unchanged.
        photograph: (1, C, H, W).

    Returns:
        Of the shape of ``picture``, in [0, 1]: luminance of one, I and Q (YIQ) of the
        other.
    """
    if picture.shape[1] != COLORS:
        return picture
    # Adding the same value to red, green and blue leaves I and Q unchanged.
    change = _luminance(picture) - _luminance(photograph)
    return (photograph + change).clamp(0, 1)


def _luminance(picture: Tensor) -> Tensor:
    weights = torch.tensor(LUMINANCE).to(picture)
    return torch.einsum("nchw,c->nhw", picture, weights)[:, None]


def _spread(statistics: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (C,) and covariance (C, C) of color statistics."""
    mean = statistics[:-1, -1]
    steady = _TINY * torch.eye(len(mean), dtype=mean.dtype, device=mean.device)
    return mean, statistics[:-1, :-1] - torch.outer(mean, mean) + steady


def _root(matrix: Tensor) -> Tensor:
    """Return the symmetric square root of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root
