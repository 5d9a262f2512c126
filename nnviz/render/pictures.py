"""Pixels of any kind to 8-bit RGB, and to the size at which they are shown."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from nnviz.base.images import Pixels

Colours = NDArray[np.uint8]
_COLOURS = 3


def rgb8(pixels: Pixels) -> Colours:
    """Return (H, W, C) pixels as uint8 (H, W, 3).

    Args:
        pixels: uint8, uint16 or float in [0, 1].  Three channels are red, green and
            blue; of any other number the first is shown in grey.
    """
    if pixels.shape[2] != _COLOURS:
        pixels = pixels[..., :1]
    eight = _eight_bits(pixels)
    return eight if eight.shape[2] == _COLOURS else np.repeat(eight, _COLOURS, axis=2)


def _eight_bits(pixels: Pixels) -> Colours:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        # 65535 / 255 = 257: rounded to the nearest, in 32-bit integers.
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return (np.nan_to_num(pixels) * 255).round().clip(0, 255).astype(np.uint8)


def fitted(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """Return height and width at which a picture fills some room.

    Larger pictures are made smaller; smaller ones grow by whole factors only, so that
    a pixel stays a square.
    """
    ratio = min(room[0] / size[0], room[1] / size[1])
    if ratio >= 1:
        ratio = int(ratio)
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def show(pixels: Colours, size: tuple[int, int]) -> Colours:
    """Return an RGB picture at another size: filtered if smaller, else by blocks."""
    height, width = pixels.shape[:2]
    if (height, width) == size:
        return pixels
    smaller = size[0] < height
    way = PillowImage.Resampling.LANCZOS if smaller else PillowImage.Resampling.NEAREST
    picture = PillowImage.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize((size[1], size[0]), way, reducing_gap=3.0))
