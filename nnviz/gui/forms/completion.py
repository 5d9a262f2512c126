"""Completion lists below text fields, with all names that contain the typed text."""

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QListView, QWidget

_ROWS = 12


class NameCompleter(QCompleter):
    """Completer of names that contain the typed text, styled like the window.

    Its list has no parent, so the window's style sheet would not reach it.  Esc closes
    only the list.
    """

    def __init__(self, names: QAbstractItemModel, parent: QObject) -> None:
        super().__init__(names, parent)
        self.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setMaxVisibleItems(_ROWS)
        self._list = QListView()
        self._list.setObjectName("completions")
        self.setPopup(self._list)
        self._list.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Style the list when it is shown, and close it on Esc."""
        if watched is self._list:
            if event.type() is QEvent.Type.Show and self.widget() is not None:
                sheet = _inherited_sheet(self.widget())
                if sheet != self._list.styleSheet():
                    self._list.setStyleSheet(sheet)
            escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
            if escape and event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if escape and event.type() is QEvent.Type.KeyPress:
                self._list.hide()
                return True
        return super().eventFilter(watched, event)

    def offer_all(self) -> None:
        """Show every name, whatever the text."""
        self.setCompletionPrefix("")
        self.complete()


def _inherited_sheet(widget: QWidget) -> str:
    """Return the style sheet of a widget's nearest styled ancestor."""
    above: QWidget | None = widget
    while above is not None and not above.styleSheet():
        above = above.parentWidget()
    return above.styleSheet() if above is not None else ""
