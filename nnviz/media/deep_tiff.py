"""Headers of deep-color TIFF files, whose depth Pillow reduces or refuses."""

import io
from dataclasses import dataclass

from PIL.TiffImagePlugin import ImageFileDirectory_v2

from nnviz.base.errors import InputError
from nnviz.media.headers import DECODE_ERRORS

_MAGIC = (b"II*\0", b"MM\0*")
_WIDTH, _HEIGHT, _BITS, _SAMPLES = 256, 257, 258, 277
_BLOCKS = ((273, 279), (324, 325))
"""Tags of the offsets and lengths of strips, and of tiles."""
_BYTE = 8
_MAX_SAMPLES = 4
"""Most channels that OpenCV decodes."""


@dataclass(frozen=True, slots=True)
class DeepTiff:
    """The header of a TIFF of 16 bits or floats.

    Attributes:
        width_height: width and height, px.
        pages: number of pages in the file.
    """

    width_height: tuple[int, int]
    pages: int


def read_header(data: bytes, name: str) -> DeepTiff | None:
    """Return the header of a deep-color TIFF file; None for any other file.

    Raises:
        InputError: a part of its pixels is missing, or it has too many channels.
    """
    if not data.startswith(_MAGIC):
        return None
    try:
        page, pages = _read_pages(data)
        samples = int(page.get(_SAMPLES, 1))
        if samples < 2 or max(page.get(_BITS, (1,))) <= _BYTE:  # noqa: PLR2004
            return None
        end = _end_of_pixels(page)
        header = DeepTiff((int(page[_WIDTH]), int(page[_HEIGHT])), pages)
    except DECODE_ERRORS:
        return None  # Pillow reports what is wrong with it.
    if end > len(data):
        raise InputError(name, "is truncated", "copy or download it again")
    if samples > _MAX_SAMPLES:
        reason = f"is a TIFF file with {samples} channels of more than 8 bits"
        remedy = "save it as a .npy array (height, width, channels)"
        raise InputError(name, reason, remedy)
    return header


def _read_pages(data: bytes) -> tuple[ImageFileDirectory_v2, int]:
    """Return the tags of the first page, and the number of pages."""
    file = io.BytesIO(data)
    first = ImageFileDirectory_v2(data[:_BYTE])
    seen = {first.next}
    file.seek(first.next)
    first.load(file)
    page = first
    while page.next and page.next not in seen:
        seen.add(page.next)
        file.seek(page.next)
        page = ImageFileDirectory_v2(data[:_BYTE])
        page.load(file)
    return first, len(seen)


def _end_of_pixels(page: ImageFileDirectory_v2) -> int:
    """Return the file offset just after the last byte of pixels."""
    ends = (
        int(offset + length)
        for offsets, lengths in _BLOCKS
        if offsets in page
        for offset, length in zip(page[offsets], page[lengths], strict=True)
    )
    return max(ends, default=0)
