"""Image pyramids: octaves of an image, resizing, smoothing and zooming."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.imaging.blur import blurred

Size = tuple[int, int]
"""Height and width, px."""

_SPREADS = (0.5, 1.0, 2.0)
"""Standard deviations that are averaged, relative to the requested one."""


def scaled(size: Size, longest: int) -> Size:
    """Return a size scaled to a longest side; 0 leaves it unchanged."""
    if not longest:
        return size
    ratio = longest / max(size)
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def octave_sizes(size: Size, count: int, ratio: float) -> tuple[Size, ...]:
    """Return the sizes of the octaves, smallest first; the last is ``size`` itself.

    Each side is the next larger one's divided by the ratio and rounded, as in the
    notebook of deep dream (google/deepdream, ``dream.ipynb``); none is below 1 px.
    """
    sizes = [size]
    for _ in range(count - 1):
        height, width = (max(1, round(side / ratio)) for side in sizes[-1])
        sizes.append((height, width))
    return tuple(reversed(sizes))


def octave_of(picture: Tensor, sizes: Sequence[Size], octave: int) -> Tensor:
    """Return an image reduced to the size of an octave, octave by octave.

    Args:
        picture: (1, C, H, W) of the last of the sizes, for which it is returned itself.
        sizes: smallest first.
        octave: index of a size.
    """
    for size in reversed(sizes[octave:-1]):
        picture = resized(picture, size)
    return picture


def resized(picture: Tensor, size: Size) -> Tensor:
    """Resize bilinearly with aligned corners, (1, C, h, w).

    Equal to ``scipy.ndimage.zoom`` of order 1, which the notebook uses.
    """
    return functional.interpolate(picture, size, mode="bilinear", align_corners=True)


def smoothed(gradient: Tensor, sigma: float) -> Tensor:
    """Return the mean of three Gaussian blurs, of half, one and two sigma.

    They stand for the pyramid that lets large shapes grow next to small ones
    (gordicaleksa/pytorch-deepdream, ``CascadeGaussianSmoothing``).

    Args:
        gradient: (1, C, H, W).
        sigma: px; above 0.
    """
    total = blurred(gradient, _SPREADS[0] * sigma)
    for share in _SPREADS[1:]:
        total += blurred(gradient, share * sigma)
    return total.div_(len(_SPREADS))


def moved_closer(picture: Tensor, zoom: float, turn: float) -> Tensor:
    """Zoom into and rotate an image: the next frame of a video.

    Args:
        picture: (1, C, H, W).
        zoom: fraction of its sides that is cut off; a negative value moves away, with
            edges replicated outside.
        turn: counter-clockwise, degrees.
    """
    height, width = picture.shape[2:]
    angle = math.radians(turn)
    cosine, sine = math.cos(angle) * (1 - zoom), math.sin(angle) * (1 - zoom)
    # From coordinates in the result to coordinates in the image, both from -1 to 1.
    matrix = torch.tensor(
        [[[cosine, -sine * height / width, 0], [sine * width / height, cosine, 0]]],
        dtype=picture.dtype,
        device=picture.device,
    )
    grid = functional.affine_grid(matrix, list(picture.shape), align_corners=False)
    return functional.grid_sample(
        picture, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
