"""Deferred refresh after a theme change: once, and only while visible."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget


class DeferredRefresh(QTimer):
    """Timer that calls a refresh once in the event loop, when its widget is visible.

    A theme change notifies every widget several times, visible or not; repainting a map
    each time would block the GUI thread.

    Args:
        widget: widget whose visibility it waits for; also the parent.
        refresh: updates the widget.
    """

    def __init__(self, widget: QWidget, refresh: Callable[[], object]) -> None:
        super().__init__(widget, singleShot=True, interval=0)
        self._widget, self._refresh = widget, refresh
        self._asked = False
        self.timeout.connect(self._run)

    def ask(self) -> None:
        """Request a refresh; requests within one turn count once."""
        if not self._asked:
            self._asked = True
            self._widget.installEventFilter(self)
        self.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Refresh when the widget is shown."""
        if event.type() is QEvent.Type.Show:
            self.start()
        return super().eventFilter(watched, event)

    def _run(self) -> None:
        if self._widget.isVisible():
            self._asked = False
            self._widget.removeEventFilter(self)
            self._refresh()
