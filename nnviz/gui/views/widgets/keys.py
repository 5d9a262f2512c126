"""Color key beside an image: a list of swatches, names and figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of

_KEY_ROLE = Qt.ItemDataRole.UserRole
_SWATCH = 10
_WIDTH = 24
"""Width of the list, in multiples of a digit's width."""
NONE = -1
# Put together once: Qt's flags are slow in Python, and each row is painted often.
_MARKED = QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Key:
    """A row of the color key.

    Attributes:
        color: red, green, blue.
        name: name of the colored item.
        figure: additional text: "87 %".
    """

    color: tuple[int, int, int]
    name: str
    figure: str


class Keys(QListView):
    """List of swatch, name and figure, with rows of constant height and place.

    Signals:
        pointed: the row under the cursor, -1 when it leaves.
        chosen: the row that was clicked or reached by keys, -1 when it is deselected.
    """

    pointed = Signal(int)
    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys: tuple[Key, ...] = ()
        self._quiet = False
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_KeyDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.entered.connect(lambda index: self.pointed.emit(index.row()))
        self.viewportEntered.connect(lambda: self.pointed.emit(NONE))
        self.selectionModel().selectionChanged.connect(self._tell)

    def set_keys(self, keys: Sequence[Key], chosen: int = NONE) -> None:
        """Show rows and select one, leaving unchanged rows untouched."""
        old, self._keys = self._keys, tuple(keys)
        self._quiet = True
        self._model.setRowCount(len(keys))
        for row, key in enumerate(self._keys):
            if row >= len(old) or old[row] != key:
                item = QStandardItem(f"{key.name} {key.figure}")
                item.setData(key, _KEY_ROLE)
                item.setToolTip(literal(f"{key.name}  ·  {key.figure}"))
                self._model.setItem(row, item)
        self.choose(chosen)

    def choose(self, row: int) -> None:
        """Select a row without emitting a signal; -1 for none."""
        self._quiet = True
        index = self._model.index(row, 0)
        if index != self.currentIndex() or not self.selectionModel().isSelected(index):
            self.clearSelection()
            self.setCurrentIndex(index)
        self._quiet = False

    def sizeHint(self) -> QSize:
        """Return room for a name of moderate length."""
        return QSize(_WIDTH * self.fontMetrics().horizontalAdvance("0"), 120)

    def leaveEvent(self, event: QEvent) -> None:
        """Clear the row under the cursor."""
        super().leaveEvent(event)
        self.pointed.emit(NONE)

    def _tell(self) -> None:
        if self._quiet:
            return
        rows = self.selectionModel().selectedIndexes()
        self.chosen.emit(rows[0].row() if rows else NONE)


class _KeyDelegate(QStyledItemDelegate):
    """Delegate that paints swatch, name and figure on one line."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of a line of text with margins."""
        del index
        return QSize(96, option.fontMetrics.height() + SPACE)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Paint a row."""
        key: Key = index.data(_KEY_ROLE)
        tokens = tokens_of(option.palette)
        if option.state & _MARKED:
            painter.fillRect(option.rect, tokens.line)
        area = option.rect.adjusted(SPACE, 0, -SPACE, 0)
        top = area.center().y() - _SWATCH // 2 + 1
        painter.fillRect(area.left(), top, _SWATCH, _SWATCH, QColor(*key.color))
        area.setLeft(area.left() + _SWATCH + SPACE)
        metrics = option.fontMetrics
        width = metrics.horizontalAdvance(key.figure) + SMALL_SPACE
        name = metrics.elidedText(
            key.name, Qt.TextElideMode.ElideRight, area.width() - width
        )
        painter.setPen(tokens.text)
        painter.drawText(area, _LEFT, name)
        painter.setPen(tokens.quiet)
        painter.drawText(area, _RIGHT, key.figure)
