"""Cutting, opening and pasting of stickers, which are images with an alpha channel.

A sticker is an ``Image`` with alpha.  Its colors are not premultiplied.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.images import (
    LUMINANCE,
    Colors,
    Image,
    Pixels,
    image_from_array,
    rgb8,
    to_float,
)
from nnviz.base.preprocess import Interpolation
from nnviz.base.results import ColorImage
from nnviz.base.stickers.placement import Outline, Placement, Size
from nnviz.media.decode import open_image
from nnviz.media.opencv import silent_opencv
from nnviz.media.resize import resize

_OPAQUE = 255
_COLORS = 3
_GRAY_OR_COLOR = {1, _COLORS}
_Floats = NDArray[np.float32]


def solid(
    color: tuple[float, float, float], outline: Outline = "round", side: int = 256
) -> Image:
    """Return a disc or square of one color.

    Args:
        color: red, green and blue in [0, 1].
        outline: shape of the sticker.
        side: width and height, px.
    """
    pixels = np.empty((side, side, _COLORS), np.float32)
    pixels[:] = color
    return cut_out(image_from_array(rgb8(pixels), f"{outline} sticker"), outline)


def cut_out(picture: Image, outline: Outline) -> Image:
    """Cut a sticker out of an image.

    Args:
        picture: an image or a learned patch; its transparency is kept.
        outline: "square" keeps the whole image; "round" cuts out the largest centered
            disc, with an antialiased edge one pixel wide.

    Raises:
        InputError: the image is fully transparent.
    """
    colors, alpha = rgb8(picture.pixels), _alpha(picture)
    if outline == "round":
        middle = _middle(picture.size)
        colors, alpha = colors[middle], alpha[middle]
        alpha = (alpha * disc(len(alpha))).round().astype(np.uint8)
    if not alpha.any():
        raise InputError(picture.name, "is transparent everywhere", "choose another")
    return _sticker(colors, alpha, picture.name, picture.path)


def from_image(picture: ColorImage, name: str = "") -> Image:
    """Convert a learned sticker to an image with an alpha channel."""
    bare = image_from_array(rgb8(picture.pixels), name)
    alpha = np.ones(bare.size) if picture.alpha is None else picture.alpha
    return _sticker(bare.pixels, rgb8(alpha[..., None])[..., 0], name, "")


def disc(side: int) -> _Floats:
    """Return a disc's antialiased coverage of each pixel, (side, side).

    1 inside, 0 outside, falling linearly over one pixel across the edge.
    """
    away = np.arange(side, dtype=np.float32) + 0.5 - side / 2
    radius = np.hypot(away[:, None], away)
    covered: _Floats = (side / 2 - radius + 0.5).clip(0, 1)
    return covered


def open_sticker(path: str | Path) -> Image:
    """Open an image file as a sticker, keeping its transparency.

    Raises:
        InputError: the file cannot be read, is no image, or fully transparent.
    """
    return cut_out(open_image(path), "square")


def with_alpha(sticker: Image) -> Colors:
    """Return RGBA pixels, uint8 (H, W, 4)."""
    return np.dstack([rgb8(sticker.pixels), _alpha(sticker)])


def paste(
    image: Image, sticker: Image, placement: Placement, opacity: float = 1
) -> Image:
    """Composite a sticker onto an image.

    Args:
        image: of any depth, gray or colored.
        sticker: with or without alpha.
        placement: position and size; parts beyond the edge are cut off.
        opacity: 0 (invisible) to 1 (opaque).

    Raises:
        InputError: the image is neither gray nor colored.
    """
    if image.channels not in _GRAY_OR_COLOR:
        raise InputError(
            image.name, f"has {image.channels} channels", "choose a color image"
        )
    pixels = pasted(image.pixels, sticker, placement, opacity)
    return image_from_array(pixels, f"{image.name} with {sticker.name}")


def pasted(
    pixels: Pixels, sticker: Image, placement: Placement, opacity: float = 1
) -> Pixels:
    """Composite a sticker onto pixels (H, W, 1 or 3), in their own depth.

    The sticker is resized with an antialiasing triangle filter, then rotated with
    bilinear interpolation; its edge is smooth over one pixel of the image.  Only the
    affected pixels are computed, fast enough for camera frames.
    """
    size = (pixels.shape[0], pixels.shape[1])
    found = pixels.copy()
    region = _region(size, placement.corners(size, sticker.size))
    if region is None:
        return found
    scaled = _scaled(sticker, placement.pixels(size, sticker.size))
    layer = opacity * _turned(scaled, size, placement, region)
    colors, alpha = layer[..., :_COLORS], layer[..., _COLORS:]
    if pixels.shape[2] == 1:
        colors = (colors @ np.array(LUMINANCE, np.float32))[..., None]
    below = to_float(pixels[region])
    found[region] = _in_depth(colors + (1 - alpha) * below, pixels.dtype)
    return found


@lru_cache(maxsize=8)
def _scaled(sticker: Image, size: Size) -> _Floats:
    """Scale a sticker to its size on the image, premultiplied float32 (h, w, 4).

    Colors are multiplied with alpha: transparent pixels have no color that could bleed.
    Cached, since a camera shows the same sticker in every frame.
    """
    whole = to_float(with_alpha(sticker))
    alpha = whole[..., _COLORS:]
    mixed = np.concatenate([whole[..., :_COLORS] * alpha, alpha], axis=2)
    return resize(mixed, size, Interpolation.BILINEAR)


def _turned(
    layer: _Floats, size: Size, placement: Placement, region: tuple[slice, slice]
) -> _Floats:
    """Rotate and shift a scaled sticker into place, within a region of the image."""
    cv2 = silent_opencv()
    rows, columns = region
    matrix = placement.matrix(size, (layer.shape[0], layer.shape[1]))
    # OpenCV's coordinates start at the center of the first pixel, here of the region's
    # corner.
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - (0.5 + columns.start, 0.5 + rows.start)
    wide, high = columns.stop - columns.start, rows.stop - rows.start
    found: _Floats = cv2.warpAffine(layer, matrix, (wide, high))
    return found


def _region(size: Size, corners: NDArray[np.float64]) -> tuple[slice, slice] | None:
    """Return the rows and columns that a sticker touches; None where none."""
    # The edge is smooth over one pixel, half of which lies outside.
    low = np.floor(corners.min(0) - 1).clip(0)
    high = np.ceil(corners.max(0) + 1).clip(None, (size[1], size[0]))
    if (high <= low).any():
        return None
    (left, top), (right, bottom) = low.astype(int), high.astype(int)
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _in_depth(values: _Floats, dtype: np.dtype[Any]) -> Pixels:
    if not np.issubdtype(dtype, np.integer):
        return values.astype(dtype)
    white = np.iinfo(dtype).max
    return (values * white).round().clip(0, white).astype(dtype)


def _middle(size: Size) -> tuple[slice, slice]:
    side = min(size)
    top, left = ((each - side) // 2 for each in size)
    return slice(top, top + side), slice(left, left + side)


def _alpha(picture: Image) -> Colors:
    if picture.alpha is None:
        return np.full(picture.size, _OPAQUE, np.uint8)
    return rgb8(picture.alpha[..., None])[..., 0]


def _sticker(colors: Colors, alpha: Colors, name: str, path: str) -> Image:
    kept = image_from_array(np.dstack([colors, alpha]), name)
    return Image(
        np.ascontiguousarray(colors),
        name,
        kept.sha256,
        path,
        np.ascontiguousarray(alpha),
    )
