"""Total variation of images as tensors."""

from torch import Tensor


def total_variation(pixels: Tensor) -> Tensor:
    """Return the mean absolute difference of neighbors over pixels, (N,)."""
    down = pixels.diff(dim=2).abs().sum((1, 2, 3))
    across = pixels.diff(dim=3).abs().sum((1, 2, 3))
    return (down + across) / (pixels.shape[2] * pixels.shape[3])
