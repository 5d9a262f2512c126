"""Esc leaves a text field, as Return does: the keys of the window work again."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from shiboken6 import isValid

from nnviz.gui.layout.bounded import Bounded

_FIELDS = (QLineEdit, QAbstractSpinBox, QPlainTextEdit)


class FieldKeys(QObject):
    """Watches the text field that has the focus, and no other widget.

    Args:
        window: whose fields are watched.
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
        """Take Esc before the window's own Esc, which stops what runs."""
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
        if isinstance(new, _FIELDS) and self._in_panel(new):
            self._watched = new
            new.installEventFilter(self)

    def _in_panel(self, field: QWidget) -> bool:
        """Tell whether a field belongs to a panel: the palette has its own Esc."""
        above: QWidget | None = field
        while above is not None and not isinstance(above, Bounded):
            above = above.parentWidget()
        return above is not None and self._window.isAncestorOf(above)
