"""Decoding by OpenCV where Pillow is worse: deep color and large JPEG files.

Pillow reduces 16-bit color to 8 bits.  A 12-megapixel JPEG takes Pillow as long to
decode as OpenCV, and then half of that again to become an array; the pixels are equal
bit for bit (both use libjpeg-turbo).  OpenCV is imported when first needed: 0.2 s.
"""

from typing import Any, cast

import numpy as np
from PIL import JpegImagePlugin, PngImagePlugin
from PIL.ImageFile import ImageFile

from nnviz.base.errors import InputError
from nnviz.base.images import Pixels

LARGE = 4_000_000
"""Number of pixels from which OpenCV's speed is worth its import."""

_PNG_DEPTH, _PNG_COLOR = 24, 25
_PNG_WITH_CHANNELS = {2, 4, 6}
_BYTE = 8
_COLORS = 3
_END_OF_IMAGE = b"\xff\xd9"


def silent_opencv() -> Any:
    """Import OpenCV with its log silenced."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def decodes_better(picture: ImageFile, data: bytes) -> bool:
    """Whether ``decode`` should be used for this file.

    Args:
        picture: as opened by Pillow, not yet decoded.
        data: bytes of the file.
    """
    if isinstance(picture, PngImagePlugin.PngImageFile):
        return _is_deep_png(data) and _is_whole(picture)
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        return _is_large_jpeg(picture, data)
    return False


def _is_deep_png(data: bytes) -> bool:
    return data[_PNG_DEPTH] > _BYTE and data[_PNG_COLOR] in _PNG_WITH_CHANNELS


def _is_whole(picture: ImageFile) -> bool:
    """Decode with Pillow, which raises where OpenCV would fill a gap with black."""
    picture.load()
    return True


def _is_large_jpeg(picture: ImageFile, data: bytes) -> bool:
    """Return whether a JPEG file is large, gray or RGB, and not truncated.

    After the header, Pillow's file position is at the compressed data, in which the end
    marker cannot occur by chance.
    """
    large = picture.width * picture.height >= LARGE
    if not large or picture.mode not in {"L", "RGB"} or picture.fp is None:
        return False
    return data.find(_END_OF_IMAGE, picture.fp.tell()) >= 0


def decode(data: bytes, name: str) -> tuple[Pixels, Pixels | None]:
    """Return pixels (H, W, C) in RGB order and alpha (H, W) or None.

    The EXIF orientation of PNG and JPEG is left to the caller; that of TIFF is always
    applied, whatever the flags.

    Raises:
        InputError: OpenCV cannot decode the file.
    """
    cv2 = silent_opencv()
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    whole = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if whole is None:
        raise InputError(
            name, "is damaged or of a kind that cannot be read", "save it as PNG"
        )
    pixels = cast("Pixels", whole).reshape(*whole.shape[:2], -1)
    if pixels.shape[2] < _COLORS:
        return pixels, None
    alpha = pixels[..., _COLORS].copy() if pixels.shape[2] > _COLORS else None
    colors = np.ascontiguousarray(pixels[..., :_COLORS])
    return cv2.cvtColor(colors, cv2.COLOR_BGR2RGB), alpha
