"""Inpainting: fill a hole in an image from its surroundings."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

Photo = NDArray[np.float32]
_RADIUS = 3
"""Radius of the neighborhood from which a pixel is filled, px."""
_MARGIN = 8
"""Margin around the hole that is processed, px; pixels beyond do not affect it."""
_WHITE = 255


def inpaint_mask(pixels: Photo, mask: NDArray[np.bool_]) -> Photo:
    """Inpaint a masked part of an image by the fast marching method (Telea 2004).

    Args:
        pixels: (H, W, C) in [0, 1].
        mask: (H, W), nonzero in the hole.

    Returns:
        float32 as ``pixels``.
    """
    import cv2

    bytes_ = np.round(pixels * _WHITE).astype(np.uint8)
    hole = mask.astype(np.uint8)
    channels = [
        cv2.inpaint(np.ascontiguousarray(each), hole, _RADIUS, cv2.INPAINT_TELEA)
        for each in np.moveaxis(bytes_, 2, 0)
    ]
    whole = np.stack(channels, axis=2)
    return cast("Photo", whole.astype(np.float32) / _WHITE)


def inpaint(pixels: Photo, rows: slice, columns: slice) -> Photo:
    """Inpaint a rectangle of an image; return the rectangle.

    By the fast marching method (Telea 2004), in 8 bits, each channel by itself.

    Args:
        pixels: (H, W, C) in [0, 1].
        rows: rows of the rectangle, inside the image.
        columns: columns, likewise.

    Returns:
        float32 of the rectangle's size, (h, w, C).
    """
    import cv2

    top, left = max(0, rows.start - _MARGIN), max(0, columns.start - _MARGIN)
    part = pixels[top : rows.stop + _MARGIN, left : columns.stop + _MARGIN]
    bytes_ = np.round(part * _WHITE).astype(np.uint8)
    hole = np.zeros(bytes_.shape[:2], np.uint8)
    down = slice(rows.start - top, rows.stop - top)
    across = slice(columns.start - left, columns.stop - left)
    hole[down, across] = 1
    channels = [
        cv2.inpaint(np.ascontiguousarray(each), hole, _RADIUS, cv2.INPAINT_TELEA)
        for each in np.moveaxis(bytes_, 2, 0)
    ]
    whole = np.stack([each[down, across] for each in channels], axis=2)
    return cast("Photo", whole.astype(np.float32) / _WHITE)
