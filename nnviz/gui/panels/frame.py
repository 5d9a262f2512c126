"""Interface of the window to a workspace that is being mounted."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from nnviz.gui.panels.photo import PhotoPane

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea


class Frame(Protocol):
    """The window, as the ``mount`` module of a workspace sees it."""

    @property
    def photo(self) -> PhotoPane:
        """The image pane."""
        ...

    def add_dock(
        self, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea
    ) -> None:
        """Add a dock; on the left it shares the network browser's place."""
        ...

    def add_page(self, mode: str, make: Callable[[], QWidget]) -> None:
        """Add a page of the central view, built when it is first shown."""
        ...

    def show_image(self) -> None:
        """Show the image, beside the result if that is shown."""
        ...
