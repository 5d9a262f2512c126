"""An opened image: kept as decoded, seen as float32 in [0, 1]."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
Colors = NDArray[np.uint8]
LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in gray: ITU-R BT.601, as in Pillow."""
_COLORS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """An image of any number of channels, upright (EXIF orientation applied).

    Attributes:
        pixels: (H, W, C), read-only; uint8 and uint16 mean value / maximum, float32
            is in [0, 1] already.
        name: the file's name without its folder, or a description.
        path: path to open it again; empty without a file.
        sha256: of the file's bytes, or of the pixels where there is no file.
        alpha: (H, W) of the pixels' dtype, read-only, where the file had one.
        notes: what opening it changed or left out, for people ("first of 12 frames").
    """

    pixels: Pixels
    name: str
    sha256: str
    path: str = ""
    alpha: Pixels | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        self.pixels.flags.writeable = False
        if self.alpha is not None:
            self.alpha.flags.writeable = False

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def channels(self) -> int:
        """Number of color channels."""
        return int(self.pixels.shape[2])

    def as_float(self) -> NDArray[np.float32]:
        """Return (H, W, C) float32 in [0, 1]."""
        return to_float(self.pixels)


def to_float(pixels: Pixels) -> NDArray[np.float32]:
    """Return pixels of any depth as float32 in [0, 1]."""
    if np.issubdtype(pixels.dtype, np.integer):
        return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    return pixels.astype(np.float32, copy=False)


def image_from_array(pixels: Pixels, name: str = "array") -> Image:
    """Wrap (H, W) or (H, W, C) pixels, uint8, uint16 or float in [0, 1].

    The pixels are copied, so the caller may change the array afterwards.
    """
    pixels = np.array(pixels if pixels.ndim > 2 else pixels[..., None])  # noqa: PLR2004
    if np.issubdtype(pixels.dtype, np.floating):
        pixels = pixels.astype(np.float32)
    digest = hashlib.sha256(repr((pixels.shape, pixels.dtype.str)).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return Image(pixels, name, digest.hexdigest())


def rgb8(pixels: Pixels) -> Colors:
    """Return (H, W, C) pixels as uint8 (H, W, 3).

    Args:
        pixels: uint8, uint16 or float in [0, 1].  Three channels are red, green and
            blue; with any other number the first is shown in gray.
    """
    if pixels.shape[2] != _COLORS:
        pixels = pixels[..., :1]
    eight = eight_bits(pixels)
    return eight if eight.shape[2] == _COLORS else np.repeat(eight, _COLORS, axis=2)


def eight_bits(pixels: Pixels) -> Colors:
    """Return pixels of any depth as uint8, as an 8-bit file holds them."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        # 65535 / 255 = 257: rounded to the nearest, in 32-bit integers.
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return (np.nan_to_num(pixels) * 255).round().clip(0, 255).astype(np.uint8)
