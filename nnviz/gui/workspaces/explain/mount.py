"""Puts the Explain workspace into the window."""

from PySide6.QtCore import QObject

from nnviz.gui.panels.frame import Frame
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.state.display import BOARD
from nnviz.gui.workspaces.explain.board_panel import BoardPane


def mount(bench: Workbench, frame: Frame, parent: QObject) -> None:
    """Add the board, on which methods, networks and images are compared."""
    del parent
    frame.add_page(BOARD, lambda: BoardPane(bench))
