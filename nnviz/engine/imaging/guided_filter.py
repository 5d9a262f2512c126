"""Guided filter: edge-preserving smoothing of maps by a guide image.

He, Sun & Tang 2010 (doi:10.1007/978-3-642-15549-9_1), equations 5, 6 and 8.
"""

from torch import Tensor
from torch.nn import functional


def guided_filter(maps: Tensor, guide: Tensor, radius: int, epsilon: float) -> Tensor:
    """Smooth maps by a local linear model of the guide in each window.

    Args:
        maps: (N, C, H, W), to be smoothed.
        guide: (N, 1, H, W) in [0, 1], a gray image whose edges are kept.
        radius: px; a window's side is 2 radius + 1 px, less at the image's edge.
        epsilon: variance of the guide below which a window counts as flat.

    Returns:
        (N, C, H, W).
    """
    mean_guide, mean_maps = _box_mean(guide, radius), _box_mean(maps, radius)
    variance = _box_mean(guide * guide, radius) - mean_guide * mean_guide
    covariance = _box_mean(guide * maps, radius) - mean_guide * mean_maps
    slope = covariance / (variance + epsilon)
    constant = mean_maps - slope * mean_guide
    return _box_mean(slope, radius) * guide + _box_mean(constant, radius)


def _box_mean(x: Tensor, radius: int) -> Tensor:
    return functional.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)
