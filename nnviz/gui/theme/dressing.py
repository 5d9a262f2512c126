"""The style sheet of a window, given to its parts: hidden ones get it when shown.

Qt polishes every widget below the one whose style sheet changes, seen or not, at about
a tenth of a millisecond each.  A window that has entered all workspaces holds more than
a thousand, most of them in docks that are hidden.  So the window itself has a sheet of
its own that never changes, and each of its direct children has the theme's.
"""

from PySide6.QtCore import QChildEvent, QEvent, QObject
from PySide6.QtWidgets import QMainWindow, QWidget

_THEME = "theme"
"""Property of the window that the rules of its own sheet select by."""


class WindowDressing(QObject):
    """Keeps the parts of a window in the sheet that was put on last.

    Args:
        window: whose direct children are dressed.
        frame: style sheet of the window alone; its rules select by the property
            ``theme``, so that another theme polishes the window and nothing below it.
        theme: name of the one in use.
        sheet: style sheet of the parts, all of them still to be added.
    """

    def __init__(self, window: QMainWindow, frame: str, theme: str, sheet: str) -> None:
        super().__init__(window)
        self._window = window
        self._sheet = sheet
        window.setProperty(_THEME, theme)
        window.setStyleSheet(frame)
        window.installEventFilter(self)

    def put_on(self, theme: str, sheet: str) -> None:
        """Give the window another theme's name, and its parts another sheet."""
        self._sheet = sheet
        if self._window.property(_THEME) != theme:
            self._window.setProperty(_THEME, theme)
            self._window.style().unpolish(self._window)
            self._window.style().polish(self._window)
        for part in self._window.children():
            if isinstance(part, QWidget):
                self._renew(part)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Dress a part before it is seen: a new one, and one that is shown again."""
        kind = event.type()
        if kind is QEvent.Type.Show and watched is not self._window:
            watched.removeEventFilter(self)
            self._dress(watched)
        elif kind is QEvent.Type.ChildPolished and isinstance(event, QChildEvent):
            self._dress(event.child())
        return False

    def _renew(self, part: QWidget) -> None:
        if part.isHidden():
            part.installEventFilter(self)
        else:
            self._dress(part)

    def _dress(self, part: QObject) -> None:
        if isinstance(part, QWidget) and part.styleSheet() != self._sheet:
            part.setStyleSheet(self._sheet)
