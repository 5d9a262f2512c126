"""Refreshing what a theme changes once, and only while it can be seen."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget


class DeferredRefresh(QTimer):
    """Calls a function in the next turn of the event loop in which a widget is seen.

    A theme tells every widget several times, seen or not; painting a map anew at each
    would hold up the window's thread.

    Args:
        widget: whose sight it waits for; also the parent.
        refresh: brings it up to date.
    """

    def __init__(self, widget: QWidget, refresh: Callable[[], object]) -> None:
        super().__init__(widget, singleShot=True, interval=0)
        self._widget, self._refresh = widget, refresh
        self._asked = False
        self.timeout.connect(self._run)

    def ask(self) -> None:
        """Have it called; many times in one turn count as one."""
        if not self._asked:
            self._asked = True
            self._widget.installEventFilter(self)
        self.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go on when the widget is shown."""
        if event.type() is QEvent.Type.Show:
            self.start()
        return super().eventFilter(watched, event)

    def _run(self) -> None:
        if self._widget.isVisible():
            self._asked = False
            self._widget.removeEventFilter(self)
            self._refresh()
