"""Resampling of masks from an image to a network's input."""

import numpy as np
from numpy.typing import NDArray

from nnviz.base.frames import Placement

Mask = NDArray[np.bool_]


def mask_on_input(mask: NDArray[np.generic], placement: Placement) -> Mask:
    """Return which input pixels have their center in an image's mask, bool (H, W).

    Args:
        mask: (h, w) over the image, of any size; nonzero values belong to it.
        placement: of the input on the image.
    """
    found = np.zeros(placement.input_size, np.bool_)
    axes = [
        _places(*each)
        for each in zip(
            mask.shape,
            placement.photo_size,
            placement.input_size,
            placement.scale,
            placement.offset,
            strict=True,
        )
    ]
    (seen_rows, rows), (seen_columns, columns) = axes
    found[np.ix_(seen_rows, seen_columns)] = mask[np.ix_(rows, columns)] != 0
    return found


def _places(
    mask: int, photo: int, size: int, scale: float, offset: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return an axis's input pixels that show the image, and their mask indices.

    Args:
        mask: height or width of the mask.
        photo: of the image.
        size: of the input.
        scale: input px per px of the image.
        offset: of the image's edge on the input, px.
    """
    pixels = np.arange(size, dtype=np.int64)
    share = (pixels + 0.5 - offset) / (scale * photo)
    seen = (share >= 0) & (share < 1)
    return pixels[seen], (share[seen] * mask).astype(np.int64)
