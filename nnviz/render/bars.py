"""Bar charts of rankings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Ranking
from nnviz.render.palette import (
    ACCENT,
    BACKGROUND,
    LINE,
    MUTED,
    PANEL,
    QUIET,
    TEXT,
    Color,
)
from nnviz.render.text import paragraphs as text
from nnviz.render.text import words
from nnviz.render.text.paragraphs import Canvas
from nnviz.render.text.words import percent

_LABEL_SHARE, _LABEL_SHARE_OF_TWO = 0.45, 0.3
"""Largest share of the width for labels, beside one column of bars and beside two."""


HEADS = ("before", "after")
"""Headings of the bars where a ranking has earlier values."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of bars with their numbers; all lengths in px."""

    bar: int
    bar_end: int
    end: int


def ranking(
    result: Ranking, width: int, *, size: int = 14, background: Color = BACKGROUND
) -> Canvas:
    """Draw one row for each name: label, bar from zero, number; uint8 (h, width, 3).

    Where there are earlier values, their bars stand left of the current ones, in the
    same rows and on the same scale.
    """
    earlier = [] if result.earlier is None else [result.earlier]
    sets = [np.nan_to_num(values) for values in (*earlier, result.values)]
    numbers = [_words(values, result.unit) for values in (*earlier, result.values)]
    label_end, columns = _columns(result.labels, numbers, width, size)
    low, high = _limits(np.concatenate(sets), result.limits)
    row_height = round(size * 2.3)
    head = row_height if earlier else 0
    canvas = text.sheet(head + row_height * max(1, len(sets[0])), width, background)
    y = (row_height - text.line_height(size)) // 2
    for name, column in zip(HEADS if earlier else (), columns, strict=False):
        text.stamp(canvas, (column.bar, y), name, size, color=MUTED)
    for row, label in enumerate(result.labels):
        first = row == 0
        top = head + row * row_height
        strip = canvas[top : top + row_height]
        short = text.shorten(label, label_end - size, size, bold=first)
        text.stamp(strip, (0, y), short, size, bold=first, color=TEXT)
        for values, words_, column in zip(sets, numbers, columns, strict=True):
            now = first and column is columns[-1]
            _bar(strip, column, _shares(values[row], low, high), accent=now)
            at = (column.end, y)
            color = TEXT if now else MUTED
            text.stamp(
                strip, at, words_[row], size, bold=now, color=color, align="right"
            )
    return canvas


def _words(values: NDArray[np.float64], unit: str) -> list[str]:
    if unit == "probability":
        return [percent(float(value)) for value in values]
    return words.numbers(values.tolist())


def _columns(
    labels: tuple[str, ...], numbers: list[list[str]], width: int, size: int
) -> tuple[int, list[_Column]]:
    """Return the width of the labels, and the columns of bars, one for each series."""

    def widest(words: Sequence[str]) -> int:
        return max((text.width_of(word, size, bold=True) for word in words), default=0)

    share = _LABEL_SHARE if len(numbers) == 1 else _LABEL_SHARE_OF_TWO
    start = min(widest(labels) + size, int(width * share))
    gap = 2 * size
    room = (width - start - gap * (len(numbers) - 1)) // len(numbers)
    columns = []
    for index, words_ in enumerate(numbers):
        left = start + index * (room + gap)
        right = width if index == len(numbers) - 1 else left + room
        columns.append(_Column(left, right - widest(words_) - size, right))
    return start, columns


def _limits(
    values: NDArray[np.float64], limits: tuple[float, float] | None
) -> tuple[float, float]:
    """Return the range of the bars' axis, which always includes zero."""
    if limits is not None:
        return limits
    low, high = min(0.0, values.min(initial=0)), max(0.0, values.max(initial=0))
    return (low, high) if high > low else (0.0, 1.0)


def _shares(value: float, low: float, high: float) -> tuple[float, float]:
    """Return the positions of zero and of a value on the axis, in [0, 1]."""
    zero = (min(max(0.0, low), high) - low) / (high - low)
    return zero, (min(max(value, low), high) - low) / (high - low)


def _bar(
    strip: Canvas, column: _Column, shares: tuple[float, float], *, accent: bool
) -> None:
    length = max(1, column.bar_end - column.bar)
    thick = max(4, strip.shape[0] // 3)
    top = (strip.shape[0] - thick) // 2
    strip[top : top + thick, column.bar : column.bar + length] = PANEL
    zero, end = (column.bar + round(part * length) for part in shares)
    strip[top : top + thick, min(zero, end) : max(zero, end)] = (
        ACCENT if accent else QUIET
    )
    # The axis, on which a value too small for a bar remains visible.
    axis = min(zero, column.bar + length - 1)
    strip[top - 1 : top + thick + 1, axis] = MUTED if shares[0] != shares[1] else LINE
