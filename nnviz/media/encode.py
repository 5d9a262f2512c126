"""Encoding of pixels, arrays and text to files, deterministic and atomic."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import PngImagePlugin

from nnviz.base.errors import InputError
from nnviz.base.host.reading import ARCHIVE_ERRORS, ARRAY_ERRORS, parse_json, reading
from nnviz.base.images import Pixels
from nnviz.media.files import read_bytes, replacing, write_text
from nnviz.media.headers import DECODE_ERRORS, open_header

__all__ = [
    "encode_png",
    "read_json",
    "read_marked",
    "read_npz",
    "read_png_text",
    "write_marked",
    "write_npz",
    "write_png",
    "write_text",
]

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip archive can hold, fixed for reproducible bytes."""
MADE_KEY = "nnviz.made"
"""Keyword of the PNG text chunk with the recipe of an image that is of use by itself:
opening it opens the image, not the saved result.
"""
MARKED = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Image formats that hold a recipe and a warning as metadata, by suffix."""
_WARNING = "Warning"
_DESCRIPTION, _EXIF_IFD, _COMMENT = 0x010E, 0x8769, 0x9286
"""Tags of Exif 2.32: ImageDescription, the Exif directory, UserComment."""
_ASCII = b"ASCII\0\0\0"
_AFTER_HEADER = 33
"""A PNG's signature (8 bytes) and header chunk (25): text chunks follow them."""


def encode_png(
    pixels: Pixels, text: Mapping[str, str] | None = None, *, quick: bool = False
) -> bytes:
    """Return a PNG file's bytes.

    Args:
        pixels: uint8 or uint16, (H, W), (H, W, 1) or (H, W, 3); or uint8 (H, W, 4),
            with alpha.
        text: keyword -> text of any length, stored compressed as iTXt (UTF-8).
        quick: takes half the time and makes a file that is a tenth larger.
    """
    deep = quick or pixels.dtype == np.uint16
    data = _opencv_png(pixels, 1 if quick else -1) if deep else _plain_png(pixels)
    chunks = b"".join(_text_chunk(key, value) for key, value in (text or {}).items())
    return data[:_AFTER_HEADER] + chunks + data[_AFTER_HEADER:]


def _plain_png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    _as_pillow(pixels).save(file, "PNG", compress_level=6)
    return file.getvalue()


def _as_pillow(pixels: Pixels) -> PillowImage.Image:
    gray = pixels.ndim == 3 and pixels.shape[2] == 1  # noqa: PLR2004
    return PillowImage.fromarray(pixels[..., 0] if gray else pixels)


def _opencv_png(pixels: Pixels, level: int) -> bytes:
    import cv2

    color = pixels.ndim == 3 and pixels.shape[2] == 3  # noqa: PLR2004
    ordered = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if color else pixels
    options = [] if level < 0 else [cv2.IMWRITE_PNG_COMPRESSION, level]
    return cv2.imencode(".png", ordered, options)[1].tobytes()


def _text_chunk(key: str, text: str) -> bytes:
    """Return an iTXt chunk: PNG specification, section 11.3.3.4."""
    head = key.encode("latin-1") + b"\0\1\0\0\0"
    body = b"iTXt" + head + zlib.compress(text.encode(), 9)
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def write_png(
    path: Path,
    pixels: Pixels,
    text: Mapping[str, str] | None = None,
    *,
    quick: bool = False,
) -> None:
    """Write a PNG file; see ``encode_png``.

    Raises:
        InputError: the file cannot be written.
    """
    data = encode_png(pixels, text, quick=quick)
    with replacing(path) as file:
        file.write(data)


def write_marked(
    path: Path, pixels: Pixels, recipe: str, warning: str, *, quality: int = 95
) -> None:
    """Write an image with its recipe and a warning as metadata: PNG, JPEG or WebP.

    A PNG has the recipe and the warning as text, under ``MADE_KEY`` and the keyword
    "Warning", which its specification reserves for the nature of the content; the other
    formats have them as Exif's UserComment and ImageDescription.

    Args:
        path: of the file.
        pixels: uint8, (H, W, 1) or (H, W, 3); for a PNG also (H, W, 4), with alpha.
        recipe: JSON.
        warning: one line.
        quality: of JPEG and WebP, 1 to 100.

    Raises:
        InputError: the path has another suffix, or the file cannot be written.
    """
    form = MARKED.get(path.suffix.lower())
    if form is None:
        raise InputError(
            path.name, "has no suffix of an image", f"use {', '.join(MARKED)}"
        )
    if form == "PNG":
        write_png(path, pixels, {MADE_KEY: recipe, _WARNING: warning})
        return
    exif = PillowImage.Exif()
    exif[_DESCRIPTION] = warning
    exif.get_ifd(_EXIF_IFD)[_COMMENT] = _ASCII + recipe.encode("ascii")
    with replacing(path) as file:
        _as_pillow(pixels).save(file, form, quality=quality, exif=exif)


def read_marked(path: Path) -> str:
    """Return the recipe that ``write_marked`` embedded; "" where there is none.

    Raises:
        InputError: the file cannot be read or is no image.
    """
    picture = open_header(read_bytes(path), path.name)
    if isinstance(picture, PngImagePlugin.PngImageFile):
        return read_png_text(path).get(MADE_KEY, "")
    with reading(path.name, DECODE_ERRORS):
        comment = picture.getexif().get_ifd(_EXIF_IFD).get(_COMMENT, b"")
    known = isinstance(comment, bytes) and comment.startswith(_ASCII)
    return comment.removeprefix(_ASCII).decode("ascii", "replace") if known else ""


def read_png_text(path: Path) -> dict[str, str]:
    """Return the text chunks of a PNG file by keyword, without decoding the image.

    Raises:
        InputError: the file cannot be read or is no PNG.
    """
    picture = open_header(read_bytes(path), path.name)
    if not isinstance(picture, PngImagePlugin.PngImageFile):
        raise InputError(path.name, "is not a PNG file", "pick one saved by nnviz")
    try:
        # Text chunks may follow the pixels: accessing ``text`` makes Pillow read to the
        # end.
        return {key: str(value) for key, value in picture.text.items()}
    except DECODE_ERRORS:
        raise InputError(path.name, "is damaged", "copy it again") from None


def write_npz(
    path: Path, arrays: Mapping[str, NDArray[Any]], *, compress: bool = True
) -> None:
    """Write named arrays as ``numpy.savez_compressed`` does, without timestamps.

    Args:
        path: of the file.
        arrays: by name.
        compress: whether to compress, which takes thirty times as long as
            ``numpy.savez``.

    Raises:
        InputError: the file cannot be written.
    """
    way = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with replacing(path) as file, zipfile.ZipFile(file, "w", way) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = way
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(
                    member, np.asanyarray(array), allow_pickle=False
                )


def read_json(path: Path) -> Any:
    """Parse a JSON file.

    Raises:
        InputError: the file cannot be read or is no JSON.
    """
    return parse_json(read_bytes(path), path.name)


def read_npz(path: Path, limit: int) -> dict[str, NDArray[Any]]:
    """Read the arrays that ``write_npz`` wrote.

    Each header is checked against the available bytes before memory is allocated.

    Args:
        path: of the file.
        limit: number of bytes of all arrays from which the file is refused.

    Raises:
        InputError: the file cannot be read, is damaged, or too large.
    """
    data = read_bytes(path)
    with reading(path.name, ARCHIVE_ERRORS), zipfile.ZipFile(io.BytesIO(data)) as file:
        entries = file.infolist()
        if sum(entry.file_size for entry in entries) > limit:
            raise InputError(path.name, "holds more than it may", "delete it")
        return {
            entry.filename.removesuffix(".npy"): _array(file.read(entry), path.name)
            for entry in entries
        }


def _array(data: bytes, name: str) -> NDArray[Any]:
    with reading(name, ARRAY_ERRORS):
        array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
        return array
