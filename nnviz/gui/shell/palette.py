"""Command palette: run anything by typing part of its name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import named

_SHOWN = 60
_SPREAD, _SYNONYM = 1000, 500
"""Scores of scattered letters, and of a synonym."""
_MARK_ALPHA = 70
_WIDTH = 620
_ROWS = 12
_HINT = Qt.ItemDataRole.UserRole + 1
_PLACE = Qt.ItemDataRole.UserRole + 2
_MOVES = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: 8,
    Qt.Key.Key_PageUp: -8,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the palette.

    Attributes:
        text: title.
        hint: the shortcut, or the menu.
        act: runs the entry.
        enabled: whether it is available now.
    """

    text: str
    hint: str
    act: Callable[[], object]
    enabled: bool = True
    synonyms: str = ""
    """Synonyms that can also be typed."""


def rank(entries: Iterable[Entry], typed: str) -> list[Entry]:
    """Return the entries that match the typed text, best first.

    Every word must be in the text, or its letters in that order; an exact title ranks
    first, then whole words, prefixes of words and early positions.
    """
    words = typed.lower().split()
    scored = []
    for index, entry in enumerate(entries):
        text = entry.text.lower()
        scores = [_score_with(text, entry.synonyms, word) for word in words]
        if all(score is not None for score in scores):
            total = sum(score for score in scores if score is not None)
            called = entry.text.lower().rpartition(": ")[2] == " ".join(words)
            scored.append((not called, total, index, entry))
    return [entry for *_, entry in sorted(scored, key=lambda found: found[:3])]


def _score_with(text: str, synonyms: str, word: str) -> int | None:
    """Return a word's score in a text or, ranked lower, in its synonyms."""
    score = _score(text, word)
    spread = score is None or score >= _SPREAD
    if spread and any(each.startswith(word) for each in synonyms.split()):
        return _SYNONYM
    return score


def _score(text: str, word: str) -> int | None:
    """Return a word's distance from a text; None for no match."""
    at = text.find(word)
    if at >= 0:
        starts = at == 0 or not text[at - 1].isalnum()
        return at if starts else 100 + at
    at = -1
    for letter in word:
        at = text.find(letter, at + 1)
        if at < 0:
            return None
    return 1000 + at


class Palette(QFrame):
    """Search field with its matches, over the window."""

    def __init__(self, window: QWidget, entries: Callable[[], Sequence[Entry]]) -> None:
        """Create a palette whose ``entries`` are collected whenever it opens."""
        super().__init__(window)
        self.setObjectName("palette")
        self._window = window
        self._entries = entries
        self._found: list[Entry] = []
        self.field = named(QLineEdit(), name=self.tr("Command"))
        self.field.setPlaceholderText(
            self.tr("Type a command, a model, a layer or a method")
        )
        self.list = named(QListWidget(), name=self.tr("Matching commands"))
        self.list.setItemDelegate(_EntryDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._do)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _: self._do())
        self.hide()

    def open(self, typed: str = "") -> None:
        """Show the palette, centered in the window."""
        window = self._window
        width = min(_WIDTH, window.width() - 8 * GRID)
        self.setGeometry((window.width() - width) // 2, 18 * GRID, width, 0)
        self.field.setText(typed)
        self._filter(typed)
        self.show()
        self.raise_()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Route the field's navigation keys to the list; close on losing the focus."""
        if watched is self.field:
            if event.type() is QEvent.Type.FocusOut:
                self.hide()
            if isinstance(event, QKeyEvent):
                return self._hear_key(event)
        return super().eventFilter(watched, event)

    def _hear_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if event.type() is QEvent.Type.ShortcutOverride:
            # Else the window's shortcuts would take these keys.
            event.setAccepted(key in _MOVES or key is Qt.Key.Key_Escape)
            return event.isAccepted()
        return event.type() is QEvent.Type.KeyPress and self._key(key)

    def _key(self, key: Qt.Key) -> bool:
        if key is Qt.Key.Key_Escape:
            self.hide()
            self._window.setFocus()
            return True
        if key in _MOVES and self._found:
            last = self.list.count() - 1
            self.list.setCurrentRow(
                max(0, min(last, self.list.currentRow() + _MOVES[key]))
            )
            return True
        return False

    def _filter(self, typed: str) -> None:
        self._found = rank(self._entries(), typed)[:_SHOWN]
        self.list.clear()
        for entry in self._found:
            item = QListWidgetItem(entry.text)
            item.setData(_HINT, entry.hint)
            if not entry.enabled:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        if not self._found:
            item = QListWidgetItem(self.tr("No matches"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        rows = min(_ROWS, self.list.count())
        self.list.setFixedHeight(rows * self.list.sizeHintForRow(0) + 2 * GRID)
        self.resize(self.width(), self.sizeHint().height())

    def _do(self) -> None:
        row = self.list.currentRow()
        self.hide()
        if 0 <= row < len(self._found) and self._found[row].enabled:
            self._found[row].act()


class _EntryDelegate(QStyledItemDelegate):
    """Delegate that paints the text on the left and the hint on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: object) -> QSize:
        """Return the size of a row."""
        return QSize(100, option.fontMetrics.height() + 3 * GRID)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: object
    ) -> None:
        """Paint one row."""
        data = index.data  # type: ignore[attr-defined]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        palette = option.palette
        if chosen:
            mark = QColor(palette.color(QPalette.ColorRole.Highlight))
            mark.setAlpha(_MARK_ALPHA)
            painter.fillRect(option.rect, mark)
        inner: QRect = option.rect.adjusted(3 * GRID, 0, -3 * GRID, 0)
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        hint = str(data(_HINT) or "")
        width = option.fontMetrics.horizontalAdvance(hint) + 2 * GRID
        painter.setPen(quiet)
        align = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inner, align | Qt.AlignmentFlag.AlignRight, hint)
        painter.setPen(
            QColor(palette.color(QPalette.ColorRole.WindowText)) if enabled else quiet
        )
        text = option.fontMetrics.elidedText(
            str(data(Qt.ItemDataRole.DisplayRole)),
            Qt.TextElideMode.ElideRight,
            inner.width() - width,
        )
        painter.drawText(inner, align | Qt.AlignmentFlag.AlignLeft, text)
