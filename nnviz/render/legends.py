"""What the colours mean: a bar with the real range and the unit."""

import numpy as np

from nnviz.render import colormaps, text
from nnviz.render.colormaps import Colours, Scale
from nnviz.render.palette import BACKGROUND, MUTED, WARNING, Colour
from nnviz.render.words import number

_BAR_WIDTH = 17
"""In multiples of the font size."""


def colour_bar(
    scale: Scale,
    unit: str,
    width: int,
    *,
    colormap: str = "",
    size: int = 13,
    background: Colour = BACKGROUND,
) -> Colours:
    """Return a legend of one line: low end, bar, high end, unit, remarks.

    A scale with nothing to show gives its reason in words instead of a bar.

    Args:
        scale: the range.
        unit: of the numbers.
        width: px.
        colormap: a name; the default for the kind of numbers if empty.
        size: of the words, px.
        background: behind all.

    Returns:
        uint8 (h, width, 3); a second line where the words need one.
    """
    if scale.flat:
        return text.paragraph(
            _with_unit(scale.problem, unit), width, size, background, colour=WARNING
        )
    bar = _bar(scale, colormap, min(_BAR_WIDTH * size, width // 3), size, background)
    words = _remarks(scale, unit)
    beside = width - bar.shape[1] - size
    if text.width_of(words, size) <= beside:
        canvas = text.sheet(bar.shape[0], width, background)
        canvas[:, : bar.shape[1]] = bar
        colour = WARNING if scale.problem else MUTED
        text.stamp(canvas, (bar.shape[1] + size, 0), words, size, colour=colour)
        return canvas
    below = text.paragraph(words, width, size, background, colour=MUTED)
    canvas = text.sheet(bar.shape[0] + len(below), width, background)
    canvas[: bar.shape[0], : min(width, bar.shape[1])] = bar[:, :width]
    canvas[bar.shape[0] :] = below
    return canvas


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


def _bar(
    scale: Scale, colormap: str, length: int, size: int, background: Colour
) -> Colours:
    name = colormap or colormaps.default_map(signed=scale.signed)
    low, high = number(scale.low), number(scale.high)
    left = text.width_of(low, size) + size // 2
    right = text.width_of(high, size) + size // 2
    height = text.line_height(size)
    canvas = text.sheet(height, left + length + right, background)
    text.stamp(canvas, (0, 0), low, size)
    text.stamp(canvas, (canvas.shape[1], 0), high, size, align="right")
    thick = max(6, size * 3 // 4)
    top = (height - thick) // 2
    steps = np.arange(length) * colormaps.LEVELS // length
    strip = colormaps.look_up(steps.astype(np.uint8), name)
    canvas[top : top + thick, left : left + length] = strip
    if scale.signed:
        middle = left + length // 2
        canvas[top - 2 : top + thick + 2, middle] = MUTED
    return canvas
