"""Tables painted as images."""

from nnviz.base.results import Table
from nnviz.render.palette import BACKGROUND, LINE, MUTED, TEXT, Color
from nnviz.render.text import paragraphs as text
from nnviz.render.text.paragraphs import Canvas
from nnviz.render.text.words import plural, whole

MAX_ROWS = 16
"""Maximum number of painted rows: more are counted, and all are in the saved arrays."""

_NARROW, _WIDE = 2, 5
"""Minimum and maximum gap between columns, in multiples of the font size."""

Cell = str | float


def table(
    result: Table, width: int, *, size: int = 13, background: Color = BACKGROUND
) -> Canvas:
    """Paint headings and rows, numbers aligned right; uint8 (h, width, 3)."""
    rows = result.rows[:MAX_ROWS]
    lefts, widths = _columns(result, rows, width, size)
    pitch = round(size * 1.9)
    hidden = len(result.rows) - len(rows)
    lines = 1 + len(rows) + bool(hidden)
    canvas = text.sheet(pitch * lines, width, background)
    for line, cells in enumerate([result.columns, *rows]):
        strip = canvas[line * pitch : (line + 1) * pitch]
        strip[-1, : lefts[-1] + widths[-1]] = LINE
        for column, cell in enumerate(cells):
            right = _is_numeric(rows, column)
            span = (lefts[column], widths[column])
            _write(strip, span, cell, size, heading=line == 0, right=right)
    if hidden:
        at = (0, canvas.shape[0] - pitch + size // 3)
        text.stamp(canvas, at, f"and {plural(hidden, 'row')} more", size, color=MUTED)
    return canvas


def _write(
    strip: Canvas,
    span: tuple[int, int],
    cell: Cell,
    size: int,
    *,
    heading: bool,
    right: bool,
) -> None:
    left, width = span
    words = text.shorten(_words(cell), width, size)
    y = (strip.shape[0] - text.line_height(size)) // 2
    color = MUTED if heading else TEXT
    if right:
        text.stamp(strip, (left + width, y), words, size, color=color, align="right")
    else:
        text.stamp(strip, (left, y), words, size, color=color)


def _words(cell: Cell) -> str:
    return cell if isinstance(cell, str) else whole(cell)


def _is_numeric(rows: tuple[tuple[Cell, ...], ...], column: int) -> bool:
    return bool(rows) and not any(isinstance(row[column], str) for row in rows)


def _columns(
    result: Table, rows: tuple[tuple[Cell, ...], ...], width: int, size: int
) -> tuple[list[int], list[int]]:
    """Return the start and width of each column, px, in proportion to need."""
    needs = [
        max(
            text.width_of(_words(line[column]), size)
            for line in (result.columns, *rows)
        )
        for column in range(len(result.columns))
    ]
    spaces = max(1, len(needs) - 1)
    widths = _share_out(needs, width - _NARROW * size * (len(needs) - 1))
    gap = min((width - sum(widths)) // spaces, _WIDE * size)
    lefts = [sum(widths[:column]) + gap * column for column in range(len(widths))]
    return lefts, widths


def _share_out(needs: list[int], room: int) -> list[int]:
    """Return column widths that fit a room, cutting the widest first."""
    widths = list(needs)
    while sum(widths) > room and max(widths) > 1:
        widest = max(widths)
        below = max((width for width in widths if width < widest), default=0)
        several = [index for index, width in enumerate(widths) if width == widest]
        cut = min(widest - below, -(-(sum(widths) - room) // len(several)))
        for place in several:
            widths[place] = max(1, widest - cut)
    return widths
