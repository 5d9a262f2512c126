"""Decoding of image files to pixels: any depth, any number of channels, upright."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image as PillowImage
from PIL import TiffImagePlugin
from PIL.ImageFile import ImageFile

from nnviz.base.images import Image, Pixels
from nnviz.media import arrays, deep_tiff, opencv
from nnviz.media.files import read_bytes
from nnviz.media.headers import (
    DECODE_ERRORS,
    MAX_PIXELS,
    check_size,
    damaged,
    open_header,
)

__all__ = ["MAX_PIXELS", "Decoded", "decode", "open_image", "orientation", "upright"]

_ORIENTATION = 0x0112
"""EXIF and TIFF tag: the camera's orientation, 1 to 8."""
_DEEP_MODES = {"I;16", "I;16B", "I;16L", "I;16N"}
_CONVERTED = {
    "1": ("L", "black and white, 1 bit"),
    "P": ("RGB", ""),
    "CMYK": ("RGB", "converted from CMYK without its color profile"),
    "YCbCr": ("RGB", ""),
    "HSV": ("RGB", ""),
    "RGBX": ("RGB", ""),
}
_TRANSPARENT = "transparency is kept apart, hidden colors are as stored"


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded pixels (H, W, C), alpha (H, W) and remarks."""

    pixels: Pixels
    alpha: Pixels | None = None
    notes: tuple[str, ...] = ()


def open_image(path: str | Path, max_pixels: int = MAX_PIXELS) -> Image:
    """Open an image file.

    Args:
        path: PNG, JPEG, TIFF, WebP, GIF, BMP, PNM, JPEG 2000, AVIF or ``.npy``.
        max_pixels: images with more pixels are refused before decoding.

    Returns:
        8-bit files as uint8, 16-bit ones as uint16, floating-point ones as float32; the
        first frame or page, rotated upright.

    Raises:
        InputError: the file cannot be read, is no image, damaged or too large.
    """
    path = Path(path)
    return decode(read_bytes(path), path.name, max_pixels, path=str(path))


def decode(
    data: bytes, name: str, max_pixels: int = MAX_PIXELS, *, path: str = ""
) -> Image:
    """Decode an image file's bytes; see ``open_image``."""
    if arrays.is_array(data):
        decoded = Decoded(*arrays.decode_array(data, name, max_pixels))
    else:
        decoded = _decode_picture(data, name, max_pixels)
    return Image(
        decoded.pixels,
        name,
        hashlib.sha256(data).hexdigest(),
        path,
        decoded.alpha,
        tuple(note for note in decoded.notes if note),
    )


def _decode_picture(data: bytes, name: str, max_pixels: int) -> Decoded:
    deep = deep_tiff.read_header(data, name)
    if deep is not None:
        check_size(deep.width_height, name, max_pixels)
        return _with_opencv(data, name, _first_of(deep.pages, "pages"))
    picture = open_header(data, name, max_pixels)
    try:
        turn = orientation(picture)
        better = opencv.decodes_better(picture, data)
        decoded = None if better else _load(picture)
        frames = _frames(picture)
    except DECODE_ERRORS as error:
        raise damaged(name, error) from None
    if decoded is None:
        decoded = _with_opencv(data, name)
    alpha = None if decoded.alpha is None else upright(decoded.alpha, turn)
    return Decoded(upright(decoded.pixels, turn), alpha, (*decoded.notes, frames))


def _with_opencv(data: bytes, name: str, note: str = "") -> Decoded:
    whole, alpha = opencv.decode(data, name)
    pixels, changes = arrays.scale_numbers(whole)
    alpha, transparent = _useful(alpha)
    return Decoded(pixels, alpha, (transparent, changes, note))


def orientation(picture: PillowImage.Image) -> int:
    """Return the EXIF orientation, or 1 (upright) where none is valid.

    1 for TIFF: its decoders rotate the image themselves.
    """
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return 1
    value = picture.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def upright(pixels: Pixels, turn: int) -> Pixels:
    """Undo an EXIF orientation, 1 to 8, on (H, W) or (H, W, C)."""
    if turn == 1:
        return pixels
    if turn >= 5:  # noqa: PLR2004 -- 5 to 8 swap rows and columns
        pixels = pixels.swapaxes(0, 1)
    if turn in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if turn in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _frames(picture: ImageFile) -> str:
    """Return a remark where a file has more than one frame or page; else ""."""
    noun = {"TIFF": "pages", "MPO": "pictures"}.get(picture.format or "", "frames")
    return _first_of(getattr(picture, "n_frames", 1), noun)


def _first_of(count: int, noun: str) -> str:
    return f"first of {count} {noun}" if count > 1 else ""


def _load(picture: PillowImage.Image) -> Decoded:
    picture.load()
    if picture.mode in _DEEP_MODES:
        # asarray keeps the file's byte order; the rest of the program needs the native
        # one.
        return Decoded(np.asarray(picture).astype(np.uint16)[..., None])
    if picture.mode in {"I", "F"}:
        values = np.asarray(picture)[..., None]
        return Decoded(*_scaled(values))
    if picture.mode == "LAB":
        return Decoded(_from_lab(picture), None, ("converted from CIELAB",))
    if picture.has_transparency_data:
        return _split_alpha(picture)
    mode, note = _CONVERTED.get(picture.mode, (picture.mode, ""))
    converted = picture if mode == picture.mode else picture.convert(mode)
    return Decoded(_three_axes(np.asarray(converted)), None, (note,))


def _scaled(values: Pixels) -> tuple[Pixels, None, tuple[str, ...]]:
    pixels, note = arrays.scale_numbers(values)
    return pixels, None, (note,)


def _three_axes(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 3 else pixels[..., None]  # noqa: PLR2004


def _split_alpha(picture: PillowImage.Image) -> Decoded:
    gray = picture.mode in {"L", "LA", "La", "1"}
    whole = np.asarray(picture.convert("LA" if gray else "RGBA"))
    alpha = np.ascontiguousarray(whole[..., -1])
    pixels = np.ascontiguousarray(whole[..., :-1])
    kept, note = _useful(alpha)
    return Decoded(pixels, kept, (note,))


def _useful(alpha: Pixels | None) -> tuple[Pixels | None, str]:
    """Return alpha and a remark; None and "" where all is opaque."""
    if alpha is None:
        return None, ""
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind == "u" else 1
    return (None, "") if alpha.min() == opaque else (alpha, _TRANSPARENT)


def _from_lab(picture: PillowImage.Image) -> Pixels:
    from PIL import ImageCms  # noqa: PLC0415 -- for a rare kind of TIFF only

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    return np.asarray(cast("PillowImage.Image", converted))
