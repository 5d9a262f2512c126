"""A ranking as bars."""

from dataclasses import dataclass

import numpy as np

from nnviz.base.results import Ranking
from nnviz.render import text
from nnviz.render.palette import (
    ACCENT,
    BACKGROUND,
    LINE,
    MUTED,
    PANEL,
    QUIET,
    TEXT,
    Colour,
)
from nnviz.render.text import Canvas
from nnviz.render.words import number, percent

_LABEL_SHARE = 0.45
"""Most of the width that labels may take."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where label, bar and number stand, px."""

    bar: int
    bar_end: int
    number: int


def ranking(
    result: Ranking, width: int, *, size: int = 14, background: Colour = BACKGROUND
) -> Canvas:
    """Return one row a name: label, bar from zero, number; uint8 (h, width, 3)."""
    values = np.nan_to_num(result.values)
    numbers = [_words(value, result.unit) for value in result.values]
    columns = _columns(result.labels, numbers, width, size)
    low, high = _limits(values, result.limits)
    row_height = round(size * 2.3)
    canvas = text.sheet(row_height * max(1, len(values)), width, background)
    for row, (label, words) in enumerate(zip(result.labels, numbers, strict=True)):
        first = row == 0
        strip = canvas[row * row_height : (row + 1) * row_height]
        _bar(strip, columns, _share(values[row], low, high), accent=first)
        y = (row_height - text.line_height(size)) // 2
        short = text.shorten(label, columns.bar - size, size, bold=first)
        colour = TEXT if first else MUTED
        text.stamp(strip, (0, y), short, size, bold=first, colour=TEXT)
        at = (columns.number, y)
        text.stamp(strip, at, words, size, bold=first, colour=colour, align="right")
    return canvas


def _words(value: float, unit: str) -> str:
    return percent(value) if unit == "probability" else number(value)


def _columns(
    labels: tuple[str, ...], numbers: list[str], width: int, size: int
) -> _Columns:
    def widest(words: tuple[str, ...] | list[str]) -> int:
        return max((text.width_of(word, size, bold=True) for word in words), default=0)

    bar = min(widest(labels) + size, int(width * _LABEL_SHARE))
    return _Columns(bar, width - widest(numbers) - size, width)


def _limits(
    values: np.typing.NDArray[np.float64], limits: tuple[float, float] | None
) -> tuple[float, float]:
    """Return the ends of the bars' axis; zero is always on it."""
    if limits is not None:
        return limits
    low, high = min(0.0, values.min(initial=0)), max(0.0, values.max(initial=0))
    return (low, high) if high > low else (0.0, 1.0)


def _share(value: float, low: float, high: float) -> tuple[float, float]:
    """Return where a bar starts and ends on the axis, as shares."""
    zero = (min(max(0.0, low), high) - low) / (high - low)
    end = (min(max(value, low), high) - low) / (high - low)
    return min(zero, end), max(zero, end)


def _bar(
    strip: Canvas, columns: _Columns, share: tuple[float, float], *, accent: bool
) -> None:
    length = max(1, columns.bar_end - columns.bar)
    thick = max(4, strip.shape[0] // 3)
    top = (strip.shape[0] - thick) // 2
    strip[top : top + thick, columns.bar : columns.bar + length] = PANEL
    start, end = (columns.bar + round(part * length) for part in share)
    # A value that is not zero leaves a mark, however small it is.
    end = max(end, start + 1) if share[1] > share[0] else end
    strip[top : top + thick, start:end] = ACCENT if accent else QUIET
    strip[top : top + thick, columns.bar] = LINE
