"""Parts of the window that a workspace may add to when it is first entered."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from nnviz.gui.panels.photo import PhotoPane

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea


class Frame(Protocol):
    """The window, as the module ``mount`` of a workspace sees it."""

    @property
    def photo(self) -> PhotoPane:
        """The pane of the image."""
        ...

    def add_dock(
        self, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea
    ) -> None:
        """Add a panel; on the left it shares the place of the network browser."""
        ...

    def add_page(self, mode: str, make: Callable[[], QWidget]) -> None:
        """Add a page of the middle, made when it is first looked at."""
        ...

    def show_image(self) -> None:
        """Let the image be seen, beside the result if that is what is looked at."""
        ...
