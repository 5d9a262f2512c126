"""Arrays of numbers as images: ``.npy`` files and floating-point TIFF."""

import io
import math
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.host.reading import ARRAY_ERRORS, reading
from nnviz.base.images import Pixels
from nnviz.media.headers import check_size

_MAX_CHANNELS = 4096
_USUAL_CHANNELS = {1, 3}
_SLACK = 1e-3
"""By which computed pixels may leave [0, 1]."""
_TYPES = "give uint8, uint16 or floats in [0, 1]"


def is_array(data: bytes) -> bool:
    """Whether the bytes are those of a ``.npy`` file."""
    return data.startswith(npy.MAGIC_PREFIX)


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    """Raise where an array's shape is not an image's."""
    ndim = len(shape) in {2, 3}
    if not ndim or min(shape) < 1 or max(shape[2:], default=1) > _MAX_CHANNELS:
        raise InputError(
            name, f"has the shape {shape}", "make it (height, width, channels)"
        )


def check_pixels(array: NDArray[Any], name: str = "array") -> Pixels:
    """Return the array of a program as pixels (H, W) or (H, W, C).

    Nothing is stretched: numbers outside their range are a mistake that would be seen
    nowhere.  Whole numbers of any type are taken for those of 8 bits where they fit.

    Raises:
        InputError: no shape of an image, no numbers, or some outside their range.
    """
    _check_shape(array.shape, name)
    if array.dtype in {np.dtype(np.uint8), np.dtype(np.uint16)}:
        return array
    if array.dtype.kind not in "buif":
        raise InputError(name, f"holds {array.dtype}", _TYPES)
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if not np.isfinite(array).all():
        raise InputError(name, "holds values that are not finite", "replace them")
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind in "ui":
        if low < 0 or high > 255:  # noqa: PLR2004 - 8 bits
            reason = f"holds {array.dtype} from {low:g} to {high:g}"
            raise InputError(name, reason, _TYPES)
        return array.astype(np.uint8)
    if low < -_SLACK or high > 1 + _SLACK:
        reason = f"holds values from {low:g} to {high:g}, not 0 to 1"
        raise InputError(name, reason, "divide them by 255, or give uint8")
    return array


def decode_array(
    data: bytes, name: str, max_pixels: int
) -> tuple[Pixels, None, tuple[str, ...]]:
    """Return pixels (H, W, C), no alpha, and remarks.

    Raises:
        InputError: the shape is not (H, W) or (H, W, C), the array is too large, or
            holds no numbers.
    """
    shape, dtype = _header(data, name)
    if max(shape, default=0) > len(data):
        raise InputError(name, "is truncated", "save it again")
    _check_shape(shape, name)
    check_size((shape[1], shape[0]), name, max_pixels)
    if dtype.kind not in "buif":
        raise InputError(name, f"holds {dtype}", "save it as uint8, uint16 or float32")
    if math.prod(shape) * dtype.itemsize > len(data):
        raise InputError(name, "is truncated", "save it again")
    with reading(name, ARRAY_ERRORS, "is truncated", "save it again"):
        values = np.load(io.BytesIO(data), allow_pickle=False)
    values = values.reshape(shape[0], shape[1], -1)
    pixels, note = scale_numbers(values)
    return pixels, None, (_layout_note(pixels), note)


def _header(data: bytes, name: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    file = io.BytesIO(data)
    with reading(name, ARRAY_ERRORS, "is a damaged .npy file", "save it again"):
        version = npy.read_magic(file)
        read = {
            (1, 0): npy.read_array_header_1_0,
            (2, 0): npy.read_array_header_2_0,
        }[version]
        shape, _, dtype = read(file)
        return shape, dtype


def _layout_note(pixels: Pixels) -> str:
    height, width, channels = pixels.shape
    if channels in _USUAL_CHANNELS:
        return ""
    return f"read as {height} x {width} px with {channels} channels"


def scale_numbers(values: Pixels) -> tuple[Pixels, str]:
    """Convert numbers of any type to pixels; return the pixels and a note.

    uint8 and uint16 are kept, and so are floating-point numbers in [0, 1] (as float32);
    int32 numbers become uint16 if they fit; everything else is scaled from its smallest
    and largest value to [0, 1].  Numbers that are not finite become 0.

    Returns:
        The pixels, and a note that is empty if nothing was changed.
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255), ""
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:  # noqa: PLR2004
        return values.astype(values.dtype.newbyteorder("=")), ""
    finite = np.isfinite(values)
    broken = int(values.size - np.count_nonzero(finite))
    clean = np.where(finite, values, 0) if broken else values
    low, high = float(clean.min()), float(clean.max())
    notes = [f"{broken} values are not finite and became 0"] if broken else []
    if values.dtype.kind in "ui" and low >= 0 and 1 < high <= np.iinfo(np.uint16).max:
        return clean.astype(np.uint16), "; ".join(notes)
    if low < 0 or high > 1:
        notes.append(f"values {low:g} to {high:g} are stretched to 0 to 1")
        span = high - low or 1.0
        clean = (clean.astype(np.float64) - low) / span
    return clean.astype(np.float32), "; ".join(notes)
