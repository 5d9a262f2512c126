"""Headers of image files: format and size, before any pixel is decoded.

Pillow's own ``Image.open`` is not used: it guards against huge images with a limit
and warnings that are global to the process, and it knows formats that run programs
(EPS starts Ghostscript).  Its decoders are used directly instead.
"""

import io
import struct
import warnings
import zlib

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL import Image as PillowImage
from PIL.ImageFile import ImageFile

from nnviz.base.errors import InputError

MAX_PIXELS = 80_000_000
"""Default limit: an 8K image has 33 million, the largest cameras' about 150."""

DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
    PillowImage.DecompressionBombError,
    RuntimeError,
)
"""Every exception that Pillow's decoders are known to raise for broken files, AVIF's
last.
"""

_FORMATS = (
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    GifImagePlugin.GifImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
    TiffImagePlugin.TiffImageFile.format,
    BmpImagePlugin.BmpImageFile.format,
    PpmImagePlugin.PpmImageFile.format,
    Jpeg2KImagePlugin.Jpeg2KImageFile.format,
    AvifImagePlugin.AvifImageFile.format,
)
_PREFIX = 16

_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (4, b"ftyphe", "a HEIC image", "save it as JPEG or PNG"),
    (4, b"ftypmif1", "a HEIF image", "save it as JPEG or PNG"),
    (4, b"ftyp", "a video", "save a frame of it as PNG"),
    (0, b"\x1aE\xdf\xa3", "a video", "save a frame of it as PNG"),
    (0, b"%PDF", "a PDF document", "save the page as PNG"),
    (0, b"%!PS", "a PostScript document", "save it as PNG"),
    (0, b"8BPS", "a Photoshop document", "export it as PNG"),
    (0, b"<svg", "a vector drawing", "export it as PNG"),
    (0, b"v/1\x01", "an OpenEXR image", "save it as 32-bit TIFF"),
    (0, b"\x00\x00\x01\x00", "an icon", "save it as PNG"),
    (0, b"version https://git-lfs", "a Git LFS pointer", "run git lfs pull"),
    (0, b"PK\x03\x04", "an archive", "unpack it first"),
    (0, b"<", "a web page or XML", "download the image itself"),
)
"""Offset, magic bytes, name of the format, remedy."""

# Pillow warns of damaged metadata; what matters becomes a note or an error here.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def open_header(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """Read an image's header without decoding pixels.

    Args:
        data: the whole file.
        name: for errors.
        max_pixels: larger images are refused.

    Raises:
        InputError: no image, a damaged one, or too many pixels.
    """
    try:
        picture = _recognize(data)
    except PillowImage.DecompressionBombError:
        raise InputError(name, "has a damaged header", "copy it again") from None
    except DECODE_ERRORS as error:
        raise damaged(name, error) from None
    if picture is None:
        raise foreign(data, name) or InputError(
            name,
            "is not an image",
            "pick a PNG, JPEG, TIFF, WebP, GIF, BMP, AVIF or .npy file",
        )
    check_size(picture.size, name, max_pixels)
    return picture


def _recognize(data: bytes) -> ImageFile | None:
    """Read the header with the decoder that recognizes the first bytes."""
    for key in _FORMATS:
        factory, accept = PillowImage.OPEN[key]
        if accept is not None and accept(data[:_PREFIX]) is True:
            return factory(io.BytesIO(data), "")
    return None


def check_size(width_height: tuple[int, int], name: str, max_pixels: int) -> None:
    """Raise where an image is empty or exceeds the pixel limit.

    Raises:
        InputError: the image has more pixels than ``max_pixels``, or none.
    """
    width, height = width_height
    if width * height > max_pixels:
        raise InputError(
            name,
            f"has {width} x {height} px ({width * height / 1e6:.0f} megapixels), "
            f"the limit is {max_pixels / 1e6:g}",
            "make it smaller or raise --max-pixels",
        )
    if width < 1 or height < 1:
        raise InputError(name, f"has {width} x {height} px", "pick another image")


def damaged(name: str, error: BaseException) -> InputError:
    """Return the error for an image file that is truncated or damaged."""
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return InputError(name, "is truncated", "copy or download it again")
    return InputError(
        name,
        "is damaged or of a kind that cannot be read",
        "copy it again, or save it as PNG",
    )


def foreign(data: bytes, name: str) -> InputError | None:
    """Return the error for a file of a known format that is not a readable image.

    Args:
        data: first bytes of the file.
        name: for the error.
    """
    head = data[:64].lstrip() if data[:1].isspace() else data[:64]
    for offset, magic, kind, remedy in _FOREIGN:
        if head[offset:].startswith(magic):
            return InputError(name, f"is {kind}, not an image read here", remedy)
    return None
