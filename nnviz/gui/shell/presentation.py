"""Presenting: the picture fills the window and the text is large, at one key."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow, QToolBar

from nnviz.gui.shell.dock_manager import DockManager
from nnviz.gui.theme.manager import Look

_STEPS = 3
"""By which text is larger."""


class Presentation(QObject):
    """Hides all docks and bars, and brings them back."""

    def __init__(self, window: QMainWindow, stage: DockManager, look: Look) -> None:
        super().__init__(window)
        self._window, self._stage, self._look = window, stage, look
        self._scale = 0.0

    @property
    def on(self) -> bool:
        """Whether the window presents."""
        return bool(self._scale)

    def toggle(self) -> None:
        """Begin or end."""
        if self.on:
            self.end()
        else:
            self._stage.layouts.remember()
            self._scale = self._look.scale
            self._look.enlarge(_STEPS)
            for dock in self._stage.docks.values():
                dock.hide()
            self._show_bars(shown=False)

    def end(self) -> None:
        """Bring docks, bars and text back as they were."""
        if self.on:
            self._show_bars(shown=True)
            self._look.set_scale(self._scale)
            self._stage.layouts.recall()
            self._scale = 0.0

    def _show_bars(self, *, shown: bool) -> None:
        for bar in self._window.findChildren(QToolBar):
            bar.setVisible(shown)
