"""Marks on the wall's cells: selected, current, wrong, captions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from nnviz.gui.views.dataset.grid_geometry import GridGeometry
from nnviz.gui.views.tokens import Tokens

Flags = NDArray[np.bool_]
_FRAME = 3
_WRONG = 3
_CAPTION_FROM = 112
"""Minimum side of a cell with a caption, logical px."""
_SHADE = QColor(0, 0, 0, 160)
_WORDS = QColor("#f2f4f7")


@dataclass(frozen=True, slots=True, eq=False)
class GridMarks:
    """Marks of a data set's records.

    Attributes:
        selected: bool (n,).
        wrong: bool (n,): predictions that differ from the label.
        caption: returns a record's text, for large cells; None for none.
    """

    selected: Flags = field(default_factory=lambda: np.zeros(0, bool))
    wrong: Flags = field(default_factory=lambda: np.zeros(0, bool))
    caption: Callable[[int], str] | None = None

    def empty(self) -> Flags:
        """Return flags that are all False."""
        return np.zeros(len(self.selected), bool)

    def with_selected(self, selected: Flags) -> Self:
        """Return the marks with another selection."""
        return replace(self, selected=selected)


@dataclass(frozen=True, slots=True, eq=False)
class GridPart:
    """The cells in view.

    Attributes:
        geometry: of the grid.
        offset: scroll position, device px.
        first: index of the first cell.
        records: records of the cells.
    """

    geometry: GridGeometry
    offset: int
    first: int
    records: NDArray[np.int64]

    def cell(self, place: int) -> QRect:
        """Return a cell's rectangle in the view, device px."""
        left, top = self.geometry.corner(place)
        side = self.geometry.side
        return QRect(left, top - self.offset, side, side)

    def cells(self, flags: Flags) -> Iterator[QRect]:
        """Yield the rectangles of records whose flag is set."""
        if len(flags):
            for n in np.flatnonzero(flags[self.records]).tolist():
                yield self.cell(self.first + n)

    def row(self, row: int) -> Iterator[QRect]:
        """Yield the cells of a row."""
        columns = self.geometry.columns
        last = min((row + 1) * columns, self.geometry.count)
        return map(self.cell, range(row * columns, last))


def paint_marks(
    painter: QPainter, part: GridPart, marks: GridMarks, tokens: Tokens, current: int
) -> None:
    """Paint the marks of the cells in view.

    Args:
        painter: in device px.
        part: the cells in view.
        marks: of all records.
        tokens: colors.
        current: index of the keyboard's cell; -1 for none.
    """
    ratio = painter.device().devicePixelRatioF()
    if marks.caption is not None and part.geometry.side >= _CAPTION_FROM * ratio:
        for n, record in enumerate(part.records.tolist()):
            _write(painter, part.cell(part.first + n), marks.caption(record), ratio)
    for cell in part.cells(marks.wrong):
        cell.setTop(cell.bottom() + 1 - round(_WRONG * ratio))
        painter.fillRect(cell, tokens.negative)
    for cell in part.cells(marks.selected):
        _frame(painter, cell, tokens.accent, _FRAME * ratio)
    if part.first <= current < part.first + len(part.records):
        _frame(painter, part.cell(current), tokens.text, ratio, Qt.PenStyle.DotLine)


def _frame(
    painter: QPainter,
    cell: QRect,
    color: QColor,
    width: float,
    style: Qt.PenStyle = Qt.PenStyle.SolidLine,
) -> None:
    pen = QPen(color, width, style)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRect(QRectF(cell).adjusted(inset, inset, -inset, -inset))


def _write(painter: QPainter, cell: QRect, words: str, ratio: float) -> None:
    """Draw a caption over the lower edge of a cell, in one or two lines."""
    metrics = painter.fontMetrics()
    room = round(cell.width() / ratio) - 10
    lines = [
        metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
        for line in words.splitlines()
    ]
    painter.save()
    painter.translate(cell.topLeft())
    painter.scale(ratio, ratio)
    side, high = cell.width() / ratio, len(lines) * metrics.height() + 6
    painter.fillRect(QRectF(0, side - high, side, high), _SHADE)
    painter.setPen(_WORDS)
    inside = QRectF(5, side - high + 2, side - 10, high - 4)
    painter.drawText(inside, Qt.AlignmentFlag.AlignLeft, "\n".join(lines))
    painter.restore()
