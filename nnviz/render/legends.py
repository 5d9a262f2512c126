"""Legends: color bars with range and unit, classes with their colors."""

from dataclasses import dataclass

import numpy as np

from nnviz.base.results import Mask
from nnviz.render import colormaps
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.maps import masks
from nnviz.render.maps.classes import class_colors
from nnviz.render.palette import BACKGROUND, MUTED, SCREEN, Color, Ink
from nnviz.render.text import paragraphs as text
from nnviz.render.text.words import number, percent

_BAR_WIDTH = 17
"""Maximum length of a color bar, in multiples of the font size."""


def color_bar(
    scale: Scale,
    unit: str,
    width: int,
    *,
    colormap: str = "",
    size: int = 13,
    ink: Ink = SCREEN,
) -> Colors:
    """Paint a color bar on one line: low end, bar, high end, unit, remarks.

    An empty scale shows its problem as text instead of a bar.

    Args:
        scale: the range.
        unit: of the numbers.
        width: px.
        colormap: a name; the default for the kind of numbers if empty.
        size: font size, px.
        ink: colors of background and text.

    Returns:
        uint8 (h, width, 3); a second line where the text needs one.
    """
    if scale.flat:
        return text.paragraph(
            _with_unit(scale.problem, unit), width, size, ink.ground, color=ink.warning
        )
    bar = bare_bar(scale, width, colormap=colormap, size=size, ink=ink)
    words = _remarks(scale, unit)
    beside = width - bar.shape[1] - size
    if text.width_of(words, size) <= beside:
        canvas = text.sheet(bar.shape[0], width, ink.ground)
        canvas[:, : bar.shape[1]] = bar
        color = ink.warning if scale.problem else ink.quiet
        text.stamp(canvas, (bar.shape[1] + size, 0), words, size, color=color)
        return canvas
    below = text.paragraph(words, width, size, ink.ground, color=ink.quiet)
    canvas = text.sheet(bar.shape[0] + len(below), width, ink.ground)
    canvas[: bar.shape[0], : min(width, bar.shape[1])] = bar[:, :width]
    canvas[bar.shape[0] :] = below
    return canvas


def classes(
    mask: Mask, width: int, *, size: int = 13, background: Color = BACKGROUND
) -> Colors:
    """Paint a legend of the classes that occur, with their shares of the image.

    The background class, which is not painted, is left out.

    Args:
        mask: the segmentation.
        width: px.
        size: font size, px.
        background: background color.

    Returns:
        uint8 (h, width, 3), in as many lines as are needed.
    """
    shares = masks.shown_shares(mask)
    if not shares:
        words = masks.summary(mask)
        return text.paragraph(words, width, size, background, color=MUTED)
    rows = _rows([_entry(mask, *each) for each in shares.items()], width, size)
    height = text.line_height(size)
    canvas = text.sheet(len(rows) * height, width, background)
    for line, row in enumerate(rows):
        for x, entry in row:
            _write_entry(canvas, (x, line * height), entry, size)
    return canvas


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a legend of classes."""

    name: str
    share: str
    color: Color

    def width(self, size: int) -> int:
        """Return the width of the entry with the space after it, px."""
        words = text.width_of(self.name, size) + text.width_of(self.share, size)
        return words + 4 * size


def _entry(mask: Mask, kind: int, share: float) -> _Entry:
    return _Entry(mask.labels[kind], percent(share), class_colors(mask.labels)[kind])


def _rows(
    entries: list[_Entry], width: int, size: int
) -> list[list[tuple[int, _Entry]]]:
    """Break entries into lines, each entry with its x, px."""
    rows: list[list[tuple[int, _Entry]]] = [[]]
    x = 0
    for entry in entries:
        if x and x + entry.width(size) - size > width:
            rows.append([])
            x = 0
        rows[-1].append((x, entry))
        x += entry.width(size)
    return rows


def _write_entry(canvas: Colors, at: tuple[int, int], entry: _Entry, size: int) -> None:
    x, y = at
    top = y + (text.line_height(size) - size) // 2
    canvas[top : top + size, x : x + size] = entry.color
    x += size + size // 2
    text.stamp(canvas, (x, y), entry.name, size)
    x += text.width_of(entry.name, size) + size // 2
    text.stamp(canvas, (x, y), entry.share, size, color=MUTED)


def _with_unit(words: str, unit: str) -> str:
    return f"{unit}: {words}" if unit else words


def _remarks(scale: Scale, unit: str) -> str:
    parts = [unit]
    if scale.signed:
        parts.append("zero in the middle")
    if scale.clipped:
        parts.append(f"range of {scale.clipped}")
    parts.append(scale.problem)
    return " · ".join(part for part in parts if part)


def bare_bar(
    scale: Scale, width: int, *, colormap: str = "", size: int = 13, ink: Ink = SCREEN
) -> Colors:
    """Paint a color bar with its low and high end; arguments as in ``color_bar``.

    Returns:
        uint8 (h, w, 3), at most ``width`` wide where the numbers leave room for a bar.
    """
    name = colormap or colormaps.default_map(signed=scale.signed, light=ink.light)
    low, high = number(scale.low), number(scale.high)
    left = text.width_of(low, size) + size // 2
    right = text.width_of(high, size) + size // 2
    length = min(_BAR_WIDTH * size, max(width // 3, 2 * size))
    length = max(size, min(length, width - left - right))
    height = text.line_height(size)
    canvas = text.sheet(height, left + length + right, ink.ground)
    text.stamp(canvas, (0, 0), low, size, color=ink.text)
    end = canvas.shape[1], 0
    text.stamp(canvas, end, high, size, color=ink.text, align="right")
    thick = max(6, size * 3 // 4)
    top = (height - thick) // 2
    canvas[top : top + thick, left : left + length] = _strip(length, name)
    if scale.signed:
        middle = left + length // 2
        canvas[top - 2 : top + thick + 2, middle] = ink.quiet
    return canvas


def _strip(length: int, colormap: str) -> Colors:
    """Return the colors of a map from low to high, (length, 3)."""
    steps = np.arange(length) * colormaps.LEVELS // length
    return colormaps.look_up(steps.astype(np.uint8), colormap)
