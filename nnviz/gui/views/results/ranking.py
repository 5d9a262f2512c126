"""View of a ranking as bars."""

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import (
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QSplitter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.images import rgb8
from nnviz.base.results import Ranking
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.render.text.words import number, percent

_BAR_ROLE = Qt.ItemDataRole.UserRole
_WORDS_ROLE = Qt.ItemDataRole.UserRole + 1
_THICK, _THIN = 6, 3
_BECAME = "\N{RIGHTWARDS ARROW}"
_PHOTO = 0.6
"""Fraction of the view for the image."""
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class _Bar:
    """The bar of a row: start and end as shares of the width."""

    label: str
    value: str
    start: float
    end: float
    zero: float
    negative: bool
    earlier: float | None = None
    """End of the bar for the earlier value; None without one."""


class RankingView(ResultView):
    """View of a ``Ranking`` as a list of bars, beside its image."""

    result: Ranking | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Image"))
        self.canvas.hovered.connect(self.hovered)
        self._photo_beside = False
        self._model = QStandardItemModel(self)
        self._list = _HoverList(self)
        self._set_up_list()
        self.setFocusProxy(self._list)
        self._split = QSplitter(self)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.canvas)
        self._split.addWidget(self._list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._split)
        self.canvas.hide()

    def update_view(self) -> None:
        """Update the rows in place where they correspond."""
        if self.result is None:
            return
        self._show_photo()
        known = self._model.rowCount()
        if known > len(self.result.labels):
            self._model.setRowCount(len(self.result.labels))
        for row, bar in enumerate(bars_of(self.result)):
            item = self._model.item(row) if row < known else QStandardItem()
            index = int(self.result.indices[row])
            exact = f"{float(self.result.values[row]):.6g} {self.result.unit}"
            words = f"{bar.label} · {exact} · {self.tr('output')} {index}"
            item.setText(f"{bar.label}, {bar.value}")
            item.setData(bar, _BAR_ROLE)
            item.setData(words, _WORDS_ROLE)
            item.setToolTip(literal(words))
            if row >= known:
                self._model.appendRow(item)

    def set_photo_beside(self, beside: bool) -> None:  # noqa: FBT001
        """Set whether the image is already shown beside this view, and hide it here."""
        self._photo_beside = beside
        self._show_photo()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Split along the longer side."""
        super().resizeEvent(event)
        self._divide()

    def _show_photo(self) -> None:
        shown = self.image is not None and not self._photo_beside
        if self.image is not None and shown:
            self.canvas.set_image(rgb8(self.image.pixels))
        self.canvas.setVisible(shown)
        self._divide()

    def _divide(self) -> None:
        """Split along the longer side, with the larger part for the image."""
        wide = self.width() > self.height()
        side = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self._split.property("divided") != side:
            self._split.setOrientation(side)
            self._split.setProperty("divided", side)
            self._split.setSizes([round(1000 * _PHOTO), round(1000 * (1 - _PHOTO))])

    def _set_up_list(self) -> None:
        shown = self._list
        shown.setModel(self._model)
        shown.setItemDelegate(_BarDelegate(shown))
        shown.setFrameShape(QFrame.Shape.NoFrame)
        shown.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        shown.setUniformItemSizes(True)
        shown.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        shown.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        shown.setMouseTracking(True)
        shown.setAccessibleName(self.tr("Ranking"))
        shown.entered.connect(lambda index: self.hovered.emit(index.data(_WORDS_ROLE)))
        shown.viewportEntered.connect(lambda: self.hovered.emit(""))

    def select_unit(self, unit: int | None) -> None:
        """Mark the row of an output of the network."""
        found = () if self.result is None else tuple(map(int, self.result.indices))
        if unit in found:
            self._list.setCurrentIndex(self._model.index(found.index(unit), 0))


def bars_of(ranking: Ranking) -> list[_Bar]:
    """Return the bar of each row, from zero to the value."""
    values = [float(value) for value in ranking.values]
    low, high = ranking.limits or (min([0.0, *values]), max([0.0, *values]))
    span = (high - low) or 1.0
    zero = min(max(-low / span, 0.0), 1.0)
    shown = percent if ranking.unit == "probability" else number
    bars = []
    for row, (label, value) in enumerate(zip(ranking.labels, values, strict=True)):
        place = min(max((value - low) / span, 0.0), 1.0)
        first, last = sorted((zero, place))
        words, before = shown(value), None
        if ranking.earlier is not None:
            was = float(ranking.earlier[row])
            words = f"{shown(was)} {_BECAME} {words}"
            before = min(max((was - low) / span, 0.0), 1.0)
        bars.append(_Bar(label, words, first, last, zero, value < 0, before))
    return bars


class _HoverList(QListView):
    """List that emits ``viewportEntered`` also below its last row."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Emit ``viewportEntered`` while the mouse is below the last row."""
        super().mouseMoveEvent(event)
        if not self.indexAt(event.position().toPoint()).isValid():
            self.viewportEntered.emit()


class _BarDelegate(QStyledItemDelegate):
    """Delegate that paints label and number on one line and the bar below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of a line of text, a bar and margins."""
        del index
        height = option.fontMetrics.height() + _THICK + 2 * SPACE
        return QSize(120, height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Paint a row."""
        bar: _Bar = index.data(_BAR_ROLE)
        tokens = tokens_of(option.palette)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(option.rect, tokens.line)
        area = option.rect.adjusted(SPACE, SMALL_SPACE, -SPACE, -SMALL_SPACE)
        metrics = option.fontMetrics
        line = QRect(area.left(), area.top(), area.width(), metrics.height())
        width = metrics.horizontalAdvance(bar.value)
        painter.setPen(tokens.text)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, bar.value)
        label = metrics.elidedText(
            bar.label, Qt.TextElideMode.ElideRight, line.width() - width - SPACE
        )
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, label)
        top = line.bottom() + SMALL_SPACE
        track = QRect(area.left(), top, area.width(), _THICK)
        painter.fillRect(track, tokens.line if not chosen else tokens.surface)
        left = track.left() + round(bar.start * track.width())
        right = track.left() + round(bar.end * track.width())
        color = tokens.negative if bar.negative else tokens.accent
        painter.fillRect(QRect(left, top, max(1, right - left), _THICK), color)
        if bar.earlier is not None:
            wide = max(1, round(bar.earlier * track.width()))
            painter.fillRect(QRect(track.left(), top, wide, _THIN), tokens.quiet)
        if bar.zero > 0:
            painter.setPen(tokens.quiet)
            zero = track.left() + round(bar.zero * track.width())
            painter.drawLine(zero, top - 2, zero, top + _THICK + 1)
