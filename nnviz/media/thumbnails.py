"""Thumbnails, made where possible without decoding the whole file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from nnviz.base.images import Pixels, to_float
from nnviz.base.preprocess import Interpolation
from nnviz.media import arrays, deep_tiff
from nnviz.media.decode import decode, orientation, upright
from nnviz.media.files import read_bytes
from nnviz.media.headers import DECODE_ERRORS, MAX_PIXELS, damaged, open_header
from nnviz.media.resize import resize

_COLORS = 3
_GROUND = 64
"""Gray level around an image that is not square."""
_GAP = 2.0
"""Pillow first shrinks by integer factors to this multiple of the target size, then
filters.
"""


def thumbnail(
    path: str | Path, size: int, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Return an image, upright, shrunk so that its longer side has ``size`` px.

    Smaller images are not enlarged.

    Returns:
        uint8 (h, w, 3).

    Raises:
        InputError: as ``nnviz.media.decode.open_image``.
    """
    path = Path(path)
    data = read_bytes(path)
    if arrays.is_array(data) or deep_tiff.read_header(data, path.name):
        return _shrink(decode(data, path.name, max_pixels).pixels, size)
    picture = open_header(data, path.name, max_pixels)
    if picture.mode not in {"L", "RGB", "RGBA", "P", "CMYK", "1", "LA", "YCbCr"}:
        return _shrink(decode(data, path.name, max_pixels).pixels, size)
    try:
        turn = orientation(picture)
        picture.draft("RGB", (size, size))
        smooth = PillowImage.Resampling.BICUBIC
        picture.thumbnail((size, size), smooth, reducing_gap=_GAP)
        pixels = np.asarray(picture.convert("RGB"))
    except DECODE_ERRORS as error:
        raise damaged(path.name, error) from None
    return upright(pixels, turn)


def framed_thumbnail(pixels: Pixels, side: int) -> NDArray[np.uint8]:
    """Return an image shrunk to fit, centered on a gray square.

    Args:
        pixels: (H, W, C) of any depth; smaller images are not enlarged.
        side: of the square, px.

    Returns:
        uint8 (side, side, 3).
    """
    colors = pixels.dtype == np.uint8 and pixels.shape[2] == _COLORS
    if colors and max(pixels.shape[:2]) <= side:
        small = pixels
    elif colors:
        image = PillowImage.fromarray(pixels)
        image.thumbnail((side, side), PillowImage.Resampling.BICUBIC, reducing_gap=_GAP)
        small = np.asarray(image)
    else:
        small = _shrink(pixels, side)
    square = np.full((side, side, _COLORS), _GROUND, np.uint8)
    height, width = small.shape[:2]
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = small
    return square


def _shrink(pixels: Pixels, size: int) -> NDArray[np.uint8]:
    """Shrink pixels to 8-bit RGB; of other than three channels the first is shown."""
    height, width = pixels.shape[:2]
    ratio = min(1.0, size / max(height, width))
    goal = max(1, round(height * ratio)), max(1, round(width * ratio))
    small = to_float(resize(pixels, goal, Interpolation.BICUBIC))
    if small.shape[2] != _COLORS:
        small = np.repeat(small[..., :1], _COLORS, axis=2)
    return (small * 255).round().clip(0, 255).astype(np.uint8)
