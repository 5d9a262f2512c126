"""Text drawn into images, in the font that ships with the program."""

import math
import unicodedata
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from nnviz.base.shipped.resources import resource
from nnviz.render.palette import TEXT, Color

Canvas = NDArray[np.uint8]
Align = Literal["left", "centre", "right"]
_LEADING = 1.4
_FINER = 4
"""Supersampling factor of lines, for subpixel positions of letters."""
_FACES = {False: "Inter-Regular.ttf", True: "Inter-SemiBold.ttf"}


@lru_cache(maxsize=64)
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return the program's font at a size in px."""
    return ImageFont.truetype(str(resource("fonts", _FACES[bold])), size)


def printable(text: str) -> str:
    """Replace control characters, which fonts reject, by spaces."""
    if text.isprintable():
        return text
    return "".join(
        " " if unicodedata.category(letter)[0] == "C" else letter for letter in text
    )


def line_height(size: int) -> int:
    """Return the line height, px."""
    return round(size * _LEADING)


@lru_cache(maxsize=4096)
def width_of(text: str, size: int, *, bold: bool = False) -> int:
    """Return the width of a line of text, px."""
    return math.ceil(font(size * _FINER, bold=bold).getlength(printable(text)) / _FINER)


@lru_cache(maxsize=1024)
def shorten(text: str, width: int, size: int, *, bold: bool = False) -> str:
    """Truncate a text with an ellipsis if it is wider than ``width``.

    Empty if not even the ellipsis fits.
    """
    if width_of(text, size, bold=bold) <= width:
        return text
    for end in range(len(text) - 1, -1, -1):
        short = text[:end].rstrip() + "…"
        if width_of(short, size, bold=bold) <= width:
            return short
    return ""


def wrap(text: str, width: int, size: int, *, bold: bool = False) -> list[str]:
    """Break text into lines of at most ``width`` px, breaking long words too."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if width_of(longer, size, bold=bold) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _break_word(word, width, size)
            lines.extend(whole)
        lines.append(line)
    return lines


_BREAKS = "-_"
"""Characters after which a word may be broken."""


def _break_word(word: str, width: int, size: int) -> list[str]:
    """Break a word after hyphens and underscores, or anywhere where there are none."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_of(pieces[-1] + letter, size) > width:
            full = pieces[-1]
            end = 1 + max(full.rfind(mark) for mark in _BREAKS)
            if end > 1:
                pieces[-1:] = [full[:end], full[end:]]
            else:
                pieces.append("")
        pieces[-1] += letter
    return pieces


def stamp(
    canvas: Canvas,
    place: tuple[int, int],
    text: str,
    size: int,
    *,
    color: Color = TEXT,
    bold: bool = False,
    align: Align = "left",
) -> None:
    """Draw one line of text onto a canvas, in place, clipped to it.

    Args:
        canvas: uint8 (H, W, 3), changed in place.
        place: x of the edge or middle that ``align`` names, y of the line's top.
        text: one line.
        size: of the font, px.
        color: text color.
        bold: semibold letters.
        align: which part of the line ``place`` names.
    """
    mask = _mask(text, size, bold)
    x, y = place
    x -= {"left": 0, "centre": mask.shape[1] // 2, "right": mask.shape[1]}[align]
    top, left = max(0, -y), max(0, -x)
    region = canvas[y + top : y + mask.shape[0], x + left : x + mask.shape[1]]
    share = mask[top:, left:][: region.shape[0], : region.shape[1], None]
    blended = region + (np.asarray(color, np.float32) - region) * share
    region[...] = blended.round().astype(np.uint8)


@lru_cache(maxsize=2048)
def _mask(text: str, size: int, bold: bool) -> NDArray[np.float32]:  # noqa: FBT001
    """Render a line as its ink coverage, float32 (h, w) in [0, 1]."""
    face = font(size * _FINER, bold=bold)
    height = line_height(size) * _FINER
    width = max(1, width_of(text, size, bold=bold)) * _FINER
    ascent, descent = face.getmetrics()
    picture = PillowImage.new("L", (width, height))
    # The baseline lies on a whole px, so that horizontal strokes stay crisp.
    baseline = round(((height - ascent - descent) // 2 + ascent) / _FINER) * _FINER
    ImageDraw.Draw(picture).text((0, baseline), printable(text), 255, face, anchor="ls")
    mask = np.asarray(picture.reduce(_FINER), np.float32) / np.float32(255)
    mask.flags.writeable = False
    return mask


def paragraph(
    text: str,
    width: int,
    size: int,
    background: Color,
    *,
    color: Color = TEXT,
    bold: bool = False,
) -> Canvas:
    """Draw wrapped text as an image, uint8 (h, width, 3)."""
    lines = wrap(text, width, size, bold=bold)
    canvas = sheet(line_height(size) * len(lines), width, background)
    for row, line in enumerate(lines):
        place = (0, row * line_height(size))
        stamp(canvas, place, line, size, color=color, bold=bold)
    return canvas


def sheet(height: int, width: int, color: Color) -> Canvas:
    """Return an image of one color, uint8 (height, width, 3)."""
    canvas = np.empty((height, width, 3), np.uint8)
    # A row at a time: many times faster than three bytes at a time.
    canvas[...] = np.tile(np.array(color, np.uint8), (width, 1))
    return canvas
