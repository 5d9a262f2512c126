"""Leaving a text field with Esc or Return, to restore the window's shortcuts."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget
from shiboken6 import isValid

from nnviz.gui.layout.bounded import Bounded
from nnviz.gui.layout.text_fields import takes_text


class FieldKeys(QObject):
    """Event filter on the focused text field only.

    Args:
        window: window whose fields are watched.
        rest: gets the focus when a field is left.
    """

    def __init__(self, window: QWidget, rest: QWidget) -> None:
        super().__init__(window)
        self._window, self._rest = window, rest
        self._watched: QWidget | None = None
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Leave the field on Esc, which otherwise stops the run."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() not in kinds or not isinstance(event, QKeyEvent):
            return False
        if event.key() != Qt.Key.Key_Escape or event.modifiers():
            return False
        event.accept()
        if event.type() is QEvent.Type.KeyPress:
            self._rest.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        # The focus also changes while a field is being deleted.
        if self._watched is not None and isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = None
        if new is None or not (takes_text(new) or isinstance(new, QPlainTextEdit)):
            return
        if self._in_panel(new):
            self._watched = new
            new.installEventFilter(self)

    def _in_panel(self, field: QWidget) -> bool:
        """Return whether a field is part of a panel: the palette handles Esc itself.

        So does a dialog, whose parent is a panel.
        """
        if field.window() is not self._window:
            return False
        above: QWidget | None = field
        while above is not None and not isinstance(above, Bounded):
            above = above.parentWidget()
        return above is not None and self._window.isAncestorOf(above)
