"""Occlusion of a part of a frame: solid color, blur or inpainting."""

import math

import numpy as np
from numpy.typing import NDArray

from nnviz.base.live import Cover
from nnviz.media.fills.inpaint import inpaint

Pixels = NDArray[np.uint8]
_BLUR = 12
"""The frame's shorter side in standard deviations of the hiding blur."""
_REACH = 3
"""Radius of the blur, in standard deviations."""
_WHITE = 255
_PLAIN = {"gray": (128, 128, 128), "black": (0, 0, 0), "white": (255, 255, 255)}


def cover_frame(pixels: Pixels, cover: Cover) -> Pixels:
    """Return a frame with a square of it covered.

    Args:
        pixels: uint8 (H, W, 3); not changed.
        cover: the square and its fill.
    """
    height, width = pixels.shape[:2]
    side = max(1, round(cover.side * min(height, width)))
    rows = _within(cover.y * height, side, height)
    columns = _within(cover.x * width, side, width)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return pixels
    covered = pixels.copy()
    covered[rows, columns] = _filling(pixels, rows, columns, cover)
    return covered


def _within(center: float, side: int, size: int) -> slice:
    start = math.floor(center - side / 2 + 0.5)
    return slice(max(0, start), min(size, start + side))


def _filling(pixels: Pixels, rows: slice, columns: slice, cover: Cover) -> Pixels:
    """Return the pixels that fill a rectangle, or one color for all of it."""
    if cover.fill == "blur":
        return _blurred(pixels, rows, columns)
    if cover.fill == "inpainted":
        photo = (pixels / _WHITE).astype(np.float32)
        found = inpaint(photo, rows, columns) * _WHITE
        return np.round(found).astype(np.uint8)
    return np.array(_PLAIN.get(cover.fill, cover.mean), np.uint8)


def _blurred(pixels: Pixels, rows: slice, columns: slice) -> Pixels:
    import cv2

    sigma = min(pixels.shape[:2]) / _BLUR
    reach = math.ceil(_REACH * sigma)
    top, left = max(0, rows.start - reach), max(0, columns.start - reach)
    part = pixels[top : rows.stop + reach, left : columns.stop + reach]
    soft = cv2.GaussianBlur(part, (0, 0), sigma)
    inside = soft[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return inside.astype(np.uint8)
