"""Guard against text fields that get the keyboard focus unasked."""

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from nnviz.gui.layout.text_fields import takes_text


class FocusGuard(QObject):
    """Gives the focus to the central view where Qt would pass it on to a text field.

    Where the focused widget is hidden or disabled, as on entering another workspace, Qt
    focuses the next one in tab order; pages that are turned focus their first one.  In
    a text field the shortcuts of single keys would be typed.

    Args:
        window: window whose fields are guarded.
        rest: gets the focus instead.
    """

    def __init__(self, window: QWidget, rest: QWidget) -> None:
        super().__init__(window)
        self._window, self._rest = window, rest
        self._passing = QTimer(self, singleShot=True, interval=0)
        """Active until the next turn of the event loop after a focus was lost."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow)

    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None and not _holds_focus(old):
            self._passing.start()
        if (
            self._passing.isActive()
            and new is not None
            and takes_text(new)
            and self._window.isAncestorOf(new)
        ):
            self._rest.setFocus()


def _holds_focus(widget: QWidget) -> bool:
    return isValid(widget) and widget.isVisible() and widget.isEnabled()
