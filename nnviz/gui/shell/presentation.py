"""Presentation mode: the image fills the window, with large text."""

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMainWindow, QToolBar

from nnviz.gui.shell.docks.manager import DockManager
from nnviz.gui.theme.manager import ThemeManager

_STEPS = 3
"""Number of text sizes by which text grows."""


class Presentation(QObject):
    """Hides all docks and bars, and restores them."""

    def __init__(
        self, window: QMainWindow, stage: DockManager, look: ThemeManager
    ) -> None:
        super().__init__(window)
        self._window, self._stage, self._look = window, stage, look
        self._scale = self._before = 0.0
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._restore)
        self._recalling = False
        look.changed.connect(self._recall)

    @property
    def on(self) -> bool:
        """Whether the window is in presentation mode."""
        return bool(self._scale)

    def toggle(self) -> None:
        """Enter or leave presentation mode."""
        if self.on:
            self.end()
        else:
            self.finish()
            self._recalling = False
            self._stage.layouts.remember()
            self._scale = self._look.scale
            self._stage.layouts.held = True
            for dock in self._stage.docks.values():
                dock.hide()  # first: they keep the style of their own text size
            self._look.enlarge(_STEPS)
            self._show_bars(shown=False)

    def end(self) -> None:
        """Leave presentation mode, restoring docks, bars and text size.

        Text and docks are restored in separate turns of the event loop: resizing the
        text of a thousand widgets takes as long as entering a workspace, and both
        together would be noticeable.
        """
        if self.on:
            self._show_bars(shown=True)
            self._before, self._scale = self._scale, 0.0
            self._soon.start()

    def finish(self) -> None:
        """Leave presentation mode at once, without deferring the restoring."""
        self.end()
        if self._soon.isActive():
            self._soon.stop()
            self._restore()

    def leave(self) -> None:
        """End for another workspace, which brings docks of its own."""
        self.end()
        if self._soon.isActive():
            self._soon.stop()
            self._look.set_scale(self._before)

    def _restore(self) -> None:
        self._recalling = True
        self._look.set_scale(self._before)

    def _recall(self) -> None:
        """Restore the docks, once the text has its former size."""
        if self._recalling:
            self._recalling = self._stage.layouts.held = False
            self._stage.layouts.recall()

    def _show_bars(self, *, shown: bool) -> None:
        for bar in self._window.findChildren(QToolBar):
            bar.setVisible(shown)
