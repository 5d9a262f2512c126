"""View of matrices as an equation, with the window of the step."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from nnviz.base.kinds.matrices import Matrix
from nnviz.gui.views.results.cell_edit import (
    Cell,
    CellEdit,
    begin_edit,
    editable_grids,
    step_cell,
    step_grid,
)
from nnviz.gui.views.results.formula_view import FormulaView
from nnviz.gui.views.tokens import SPACE, Tokens, tokens_of
from nnviz.render.drawings.matrices import FRAME_WIDTH, cell_colors, ink_on
from nnviz.render.drawings.matrix_layout import (
    NUMBER_SHARE,
    READABLE_CELL,
    MatrixLayout,
    PlacedGrid,
    arrange,
    cell_text,
)
from nnviz.render.text.words import number

_MARGIN = 2 * SPACE
_LEAST_WORDS, _WORDS_IN_ROOM = 9.0, 18.0
"""Minimum font size of titles, px, and number of text lines that fit the shorter side.
"""
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_GRIDS = {Qt.Key.Key_N: 1, Qt.Key.Key_P: -1}


class MatrixView(FormulaView):
    """View of a ``Matrix``: its grids as large as they fit, its formula below."""

    result: Matrix | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = MatrixCanvas(self)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.values_edited.connect(self.values_edited)
        self.lay_out(self.canvas)

    def update_view(self) -> None:
        """Repaint the grids."""
        if self.result is not None:
            self.canvas.show_matrix(self.result)
            self.formula.show_formula(self.result.formula)


class MatrixCanvas(QWidget):
    """Canvas of a matrix's grids, some of whose cells can be toggled.

    A press flips a cell, dragging sets further cells to the same value.  By keyboard
    the arrow keys select a cell, N and P one in the next and previous editable grid,
    and Enter flips it.

    Signals:
        hovered: the number under the cursor, in words; empty when it leaves.
        values_edited: current parameters by name.
    """

    hovered = Signal(str)
    values_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._matrix: Matrix | None = None
        self._drawing: CellEdit | None = None
        self._chosen: Cell | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Numbers"))

    def sizeHint(self) -> QSize:
        """Return a comfortable size; any works."""
        return QSize(480, 320)

    def show_matrix(self, matrix: Matrix) -> None:
        """Show a matrix."""
        self._matrix = matrix
        if self._chosen is not None and self._chosen[0] not in editable_grids(matrix):
            self._chosen = None
        answer = matrix.grids[matrix.answer]
        self.setAccessibleDescription(f"{answer.title} {matrix.formula}")
        self.update()

    def layout_now(self) -> tuple[MatrixLayout, QPointF] | None:
        """Return the layout of the grids and its top left corner."""
        if self._matrix is None:
            return None
        room = self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN
        # At a projector's text size, numbers take precedence over titles.
        most = max(_LEAST_WORDS, min(room) / _WORDS_IN_ROOM)
        words = min(float(self.fontInfo().pixelSize()), most)
        layout = arrange(self._matrix, max(1, room[0]), max(1, room[1]), words)
        left = (self.width() - layout.width) / 2
        return layout, QPointF(left, (self.height() - layout.height) / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint all grids."""
        with QPainter(self) as painter:
            tokens = tokens_of(self.palette())
            painter.fillRect(event.rect(), tokens.backdrop)
            found = self.layout_now()
            if found is None:
                return
            layout, corner = found
            painter.translate(corner)
            for placed in layout.grids:
                self._paint_cells(painter, placed, layout, tokens)
                self._paint_words(painter, placed, layout, tokens)
                self._paint_window(painter, placed, tokens)
            self._paint_chosen(painter, layout, tokens)

    def _paint_cells(
        self,
        painter: QPainter,
        placed: PlacedGrid,
        layout: MatrixLayout,
        tokens: Tokens,
    ) -> None:
        grid = placed.grid
        ground = tokens.backdrop
        plain = (ground.red(), ground.green(), ground.blue())
        colors = cell_colors(grid, plain)
        high = placed.cell_height
        painter.setFont(
            _sized(self.font(), min(high * NUMBER_SHARE, 2.2 * layout.words))
        )
        for row, column in np.ndindex(grid.values.shape):
            cell = _cell(placed, row, column)
            painter.setPen(QPen(tokens.line, 1))
            painter.setBrush(QColor(*map(int, colors[row, column])))
            painter.drawRect(cell)
            if high >= READABLE_CELL:
                faint = grid.is_faint(row, column)
                ink = tokens.quiet if faint else QColor(*ink_on(colors[row, column]))
                painter.setPen(ink)
                words = cell_text(grid, row, column)
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_words(
        self,
        painter: QPainter,
        placed: PlacedGrid,
        layout: MatrixLayout,
        tokens: Tokens,
    ) -> None:
        grid, words = placed.grid, layout.words
        painter.setFont(_sized(self.font(), words))
        painter.setPen(tokens.quiet)
        labels = 1.6 * words if grid.columns else 0.0
        left, top = placed.left, placed.top
        painter.drawText(QPointF(left, top - labels - 0.6 * words), grid.title)
        for column, label in enumerate(grid.columns):
            x = left + column * placed.cell_width
            line = QRectF(
                x - words, top - 1.6 * words, placed.cell_width + 2 * words, 1.5 * words
            )
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, label)
        for row, label in enumerate(grid.rows):
            line = QRectF(
                left - 1000,
                top + row * placed.cell_height,
                1000 - words / 2,
                placed.cell_height,
            )
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(line, side, label)
        painter.setPen(tokens.text)
        painter.drawText(QPointF(left, top + placed.height + 1.4 * words), grid.caption)
        if grid.operator:
            longest = max((len(label) for label in grid.rows), default=0)
            x = left - 1.9 * words - longest * 0.56 * words
            painter.setFont(_sized(self.font(), 1.7 * words))
            line = QRectF(x - 2 * words, top, 4 * words, placed.height)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, grid.operator)

    @staticmethod
    def _paint_window(painter: QPainter, placed: PlacedGrid, tokens: Tokens) -> None:
        if placed.grid.window is None:
            return
        row, column, rows, columns = placed.grid.window
        first, last = (
            _cell(placed, row, column),
            _cell(placed, row + rows - 1, column + columns - 1),
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tokens.accent, FRAME_WIDTH + 0.5))
        painter.drawRect(first.united(last))

    def _paint_chosen(
        self, painter: QPainter, layout: MatrixLayout, tokens: Tokens
    ) -> None:
        """Frame the cell that the keyboard is on."""
        if self._chosen is None or not self.hasFocus():
            return
        grid, row, column = self._chosen
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tokens.accent, FRAME_WIDTH, Qt.PenStyle.DotLine))
        painter.drawRect(_cell(layout.grids[grid], row, column))

    # --- events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke at the cell under the cursor."""
        cell = self._cell_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and cell is not None:
            self._chosen = cell
            self._turn(cell)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke."""
        super().mouseReleaseEvent(event)
        self._drawing = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Continue the stroke; emit the number under the cursor."""
        cell = self._cell_at(event.position())
        if self._drawing is not None and cell is not None:
            self._draw(cell)
        self.setCursor(self._cursor(cell))
        words = ""
        if self._matrix is not None and cell is not None:
            grid = self._matrix.grids[cell[0]]
            if grid.is_known(*cell[1:]):
                value = number(float(grid.values[cell[1:]]))
                words = f"{grid.title} [{cell[1]}, {cell[2]}] = {value}"
        self.hovered.emit(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move between editable cells, and toggle one, by key."""
        key = Qt.Key(event.key())
        if self._matrix is None or not editable_grids(self._matrix):
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen is not None:
            self._turn(self._chosen)
            self._drawing = None
        elif key in _STEPS:
            self._chosen = step_cell(self._matrix, self._chosen, *_STEPS[key])
            self.update()
        elif key in _GRIDS:
            self._chosen = step_grid(self._matrix, self._chosen, _GRIDS[key])
            self.update()
        else:
            super().keyPressEvent(event)

    def _cursor(self, cell: Cell | None) -> Qt.CursorShape:
        drawn = self._matrix is not None and cell is not None
        if drawn and self._matrix is not None and cell is not None:
            drawn = cell[0] in editable_grids(self._matrix)
        return Qt.CursorShape.CrossCursor if drawn else Qt.CursorShape.ArrowCursor

    def _cell_at(self, at: QPointF) -> Cell | None:
        found = self.layout_now()
        if found is None:
            return None
        for index, placed in enumerate(found[0].grids):
            cell = placed.cell_at(at.x() - found[1].x(), at.y() - found[1].y())
            if cell is not None:
                return index, *cell
        return None

    def _turn(self, cell: Cell) -> None:
        if self._matrix is not None:
            self._drawing = begin_edit(self._matrix, cell)
            self._draw(cell)

    def _draw(self, cell: Cell) -> None:
        if self._drawing is not None and self._drawing.put(cell):
            self.values_edited.emit({self._drawing.name: self._drawing.text})

    def leaveEvent(self, event: QEvent) -> None:
        """Clear the readout."""
        super().leaveEvent(event)
        self.hovered.emit("")


def _cell(placed: PlacedGrid, row: int, column: int) -> QRectF:
    return QRectF(
        placed.left + column * placed.cell_width,
        placed.top + row * placed.cell_height,
        placed.cell_width,
        placed.cell_height,
    )


def _sized(base: QFont, size: float) -> QFont:
    font = QFont(base)
    font.setPixelSize(max(1, round(size)))
    return font
