"""A ranking as bars."""

from dataclasses import dataclass

import numpy as np

from nnviz.base.results import Ranking
from nnviz.render import text, words
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
from nnviz.render.words import percent

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
    numbers = _words(result)
    columns = _columns(result.labels, numbers, width, size)
    low, high = _limits(values, result.limits)
    row_height = round(size * 2.3)
    canvas = text.sheet(row_height * max(1, len(values)), width, background)
    for row, (label, value) in enumerate(zip(result.labels, numbers, strict=True)):
        first = row == 0
        strip = canvas[row * row_height : (row + 1) * row_height]
        _bar(strip, columns, _shares(values[row], low, high), accent=first)
        y = (row_height - text.line_height(size)) // 2
        short = text.shorten(label, columns.bar - size, size, bold=first)
        colour = TEXT if first else MUTED
        text.stamp(strip, (0, y), short, size, bold=first, colour=TEXT)
        at = (columns.number, y)
        text.stamp(strip, at, value, size, bold=first, colour=colour, align="right")
    return canvas


def _words(result: Ranking) -> list[str]:
    if result.unit == "probability":
        return [percent(float(value)) for value in result.values]
    return words.numbers(result.values.tolist())


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


def _shares(value: float, low: float, high: float) -> tuple[float, float]:
    """Return where zero and a value are on the axis, as shares."""
    zero = (min(max(0.0, low), high) - low) / (high - low)
    return zero, (min(max(value, low), high) - low) / (high - low)


def _bar(
    strip: Canvas, columns: _Columns, shares: tuple[float, float], *, accent: bool
) -> None:
    length = max(1, columns.bar_end - columns.bar)
    thick = max(4, strip.shape[0] // 3)
    top = (strip.shape[0] - thick) // 2
    strip[top : top + thick, columns.bar : columns.bar + length] = PANEL
    zero, end = (columns.bar + round(part * length) for part in shares)
    strip[top : top + thick, min(zero, end) : max(zero, end)] = (
        ACCENT if accent else QUIET
    )
    # The axis; a value too small for a bar of its own still shows on it.
    axis = min(zero, columns.bar + length - 1)
    strip[top - 1 : top + thick + 1, axis] = MUTED if shares[0] != shares[1] else LINE
