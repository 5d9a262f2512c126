"""View of a table."""

import math
import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.results import Table
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.results.base import ResultView
from nnviz.render.text.words import whole

_VALUE_ROLE = Qt.ItemDataRole.UserRole
_PLACE_ROLE = Qt.ItemDataRole.UserRole + 1
_DIGITS = re.compile(r"(\d{1,18})")
_LARGEST_COLUMN = 320
"""To which a wide column shrinks where the table does not fit, px."""
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class TableModel(QAbstractTableModel):
    """Qt model of a ``Table``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = Table(columns=(), rows=())
        self._places: dict[int, list[int]] = {}

    def show_table(self, table: Table) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._table = table
        self._places = {}
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._table.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return text, alignment, the plain value, or its place in the order."""
        value = self._table.rows[index.row()][index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return value if isinstance(value, str) else whole(float(value))
            case Qt.ItemDataRole.ToolTipRole:
                return literal(str(value))
            case Qt.ItemDataRole.TextAlignmentRole:
                side = (
                    Qt.AlignmentFlag.AlignLeft
                    if isinstance(value, str)
                    else Qt.AlignmentFlag.AlignRight
                )
                return side | Qt.AlignmentFlag.AlignVCenter
            case _ if role == _PLACE_ROLE:
                return self._places_of(index.column())[index.row()]
            case _:
                return value if role == _VALUE_ROLE else None

    def _places_of(self, column: int) -> list[int]:
        """Return the place of each row in the ascending order of a column."""
        if column not in self._places:
            keys = [_order_key(row[column]) for row in self._table.rows]
            places = {key: place for place, key in enumerate(sorted(set(keys)))}
            self._places[column] = [places[key] for key in keys]
        return self._places[column]

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the headings of columns; rows have none."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and self._table.rows:
            return self.data(self.index(0, section), role)
        return (
            self._table.columns[section]
            if role == Qt.ItemDataRole.DisplayRole
            else None
        )


def _order_key(value: str | float) -> tuple[int, float, tuple[str | int, ...]]:
    """Return a sort key: numbers, then NaN, then text in natural order (2 before 10).

    Splitting at runs of digits puts text at even and numbers at odd places, so that
    only like is compared with like.
    """
    if isinstance(value, str):
        parts = _DIGITS.split(value)
        natural = (int(part) if at % 2 else part for at, part in enumerate(parts))
        return 2, 0.0, tuple(natural)
    return (1, 0.0, ()) if math.isnan(value) else (0, float(value), ())


def shared_widths(natural: Sequence[int], room: int, least: int) -> list[int]:
    """Return the widths of columns that share a room, px.

    The widest columns give way first, evenly, and none of them below ``least``; a
    column that needs less keeps its natural width.
    """
    widths = list(natural)
    while sum(widths) > room and max(widths) > least:
        most = max(widths)
        widest = [at for at, width in enumerate(widths) if width == most]
        next_most = max((each for each in widths if each < most), default=0)
        share = -(-(sum(widths) - room) // len(widest))
        for at in widest:
            widths[at] = max(least, next_most, most - share)
    return widths


class TableView(ResultView):
    """View of a ``Table``; a click on a heading sorts, Ctrl+C copies as text.

    In a table of layers the current row is the selected layer.
    """

    result: Table | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = TableModel(self)
        self._layer = ""
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(_PLACE_ROLE)
        self.grid = self._make_grid()
        self._natural: list[int] = []
        """Widths of the columns that show all their texts, px; empty once a person has
        moved a border."""
        self._fitting = False
        self.grid.horizontalHeader().sectionResized.connect(self._keep_width)
        self.grid.verticalScrollBar().rangeChanged.connect(self._fit_columns)
        self.grid.selectionModel().currentRowChanged.connect(self._choose_row)
        self.grid.clicked.connect(self._choose_row)
        self.setFocusProxy(self.grid)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self.grid)
        copy.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.activated.connect(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)

    def _make_grid(self) -> QTableView:
        grid = QTableView(self)
        grid.setModel(self._sorted)
        grid.setFrameShape(QFrame.Shape.NoFrame)
        grid.setShowGrid(False)
        grid.setSortingEnabled(True)
        grid.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        grid.verticalHeader().hide()
        grid.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        grid.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        grid.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        grid.setAccessibleName(self.tr("Table"))
        return grid

    def update_view(self) -> None:
        """Replace the rows, keeping the order while the columns are the same.

        Column widths are kept too, unless longer texts widen them.
        """
        if self.result is None:
            return
        columns, rows = self.model.columnCount(), self.model.rowCount()
        self.model.show_table(self.result)
        if columns != self.model.columnCount():
            self._natural = self._measured()
        elif rows < self.model.rowCount() and self._natural:
            pairs = zip(self._natural, self._measured(), strict=True)
            self._natural = [max(pair) for pair in pairs]
        self._fit_columns()
        self._mark_layer()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        self._fit_columns()

    def select_layer(self, name: str) -> None:
        """Select the row of a layer and scroll to it."""
        if name != self._layer:
            self._layer = name
            self._mark_layer()

    def _choose_row(self, index: Index) -> None:
        """Emit the layer of the row that a click or a key has made the current one."""
        if self.result is None or not self.result.of_layers or not index.isValid():
            return
        if not self.grid.selectionModel().isRowSelected(index.row()):
            return  # the cursor that Qt sets when the table gets the keys
        name = str(self._sorted.index(index.row(), 0).data(_VALUE_ROLE))
        if name != self._layer:
            self._layer = name
            self.layer_chosen.emit(name)

    def _mark_layer(self) -> None:
        if self.result is None or not self.result.of_layers:
            return
        selection = self.grid.selectionModel()
        for row in range(self._sorted.rowCount()):
            index = self._sorted.index(row, 0)
            if index.data(_VALUE_ROLE) == self._layer:
                if selection.currentIndex().row() != row:
                    self.grid.selectRow(row)
                self.grid.scrollTo(index)
                return
        selection.clear()

    def _measured(self) -> list[int]:
        """Return the widths at which each column shows its heading and texts, px."""
        header = self.grid.horizontalHeader()
        return [
            max(self.grid.sizeHintForColumn(column), header.sectionSizeHint(column)) + 1
            for column in range(self.model.columnCount())
        ]

    def _fit_columns(self) -> None:
        """Show all texts where the width allows it; else the widest columns give way.

        A last column of texts takes what is left; numbers stay beside the others.
        """
        if not self._natural:
            return
        bar = self.grid.verticalScrollBar()
        room = self.width() - (bar.sizeHint().width() if bar.maximum() else 0)
        widths = shared_widths(self._natural, room, _LARGEST_COLUMN)
        if self._ends_in_text() and sum(widths) < room:
            widths[-1] += room - sum(widths)
        self._fitting = True
        for column, width in enumerate(widths):
            self.grid.setColumnWidth(column, width)
        self._fitting = False

    def _ends_in_text(self) -> bool:
        rows = self.result.rows if self.result is not None else ()
        return bool(rows) and isinstance(rows[0][-1], str)

    def _keep_width(self) -> None:
        """Leave the widths alone once a border was moved by hand."""
        if not self._fitting and self.isVisible():
            self._natural = []

    def text(self) -> str:
        """Return the selected rows, or all, as tab-separated text."""
        if self.result is None:
            return ""
        chosen = [index.row() for index in self.grid.selectionModel().selectedRows()]
        rows = sorted(chosen) or range(self._sorted.rowCount())
        lines = ["\t".join(self.result.columns)]
        lines += [
            "\t".join(
                str(self._sorted.index(row, column).data(_VALUE_ROLE))
                for column in range(self._sorted.columnCount())
            )
            for row in rows
        ]
        return "\n".join(lines)

    def copy(self) -> None:
        """Copy the text to the clipboard."""
        QGuiApplication.clipboard().setText(self.text())
