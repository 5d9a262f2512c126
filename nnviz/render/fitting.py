"""Conversion of pixels to 8-bit RGB, and scaling to the size of display."""

import numpy as np
from PIL import Image as PillowImage

from nnviz.base.images import Colors

__all__ = ["blended", "fitted", "show", "smoothly"]


def fitted(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """Return the height and width at which an image fits a room.

    Larger images shrink; smaller ones grow by integer factors only, so that pixels stay
    square.
    """
    ratio = min(room[0] / size[0], room[1] / size[1])
    if ratio >= 1:
        ratio = int(ratio)
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def show(pixels: Colors, size: tuple[int, int]) -> Colors:
    """Resize an RGB image: filtered if smaller, by nearest neighbor if larger."""
    height, width = pixels.shape[:2]
    if (height, width) == size:
        return pixels
    smaller = size[0] < height
    way = PillowImage.Resampling.LANCZOS if smaller else PillowImage.Resampling.NEAREST
    picture = PillowImage.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize((size[1], size[0]), way, reducing_gap=3.0))


def smoothly(pixels: Colors, size: tuple[int, int]) -> Colors:
    """Resize an RGB image quickly, with smooth interpolation where it grows.

    Args:
        pixels: uint8 (H, W, 3); returned unchanged if it has that size.
        size: height and width, px.
    """
    if pixels.shape[:2] == size:
        return pixels
    import cv2

    way = cv2.INTER_AREA if size[0] < pixels.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=way), np.uint8)


def blended(pixels: Colors, other: Colors, share: float) -> Colors:
    """Blend two RGB images, with a share of the second, uint8 (H, W, 3).

    Args:
        pixels: the first image, whose size is kept.
        other: the second image, resized to that size.
        share: of the second image, 0 to 1.
    """
    weight = round(256 * share)
    second = show(other, (pixels.shape[0], pixels.shape[1])).astype(np.uint16)
    mixed = pixels.astype(np.uint16) * np.uint16(256 - weight)
    mixed += second * np.uint16(weight)
    return ((mixed + 128) >> 8).astype(np.uint8)
