"""Mounting of the Explain workspace."""

from PySide6.QtCore import QObject

from nnviz.gui.panels.frame import Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.modes import BOARD, OCCLUDER
from nnviz.gui.workspaces.explain.board_panel import BoardPane
from nnviz.gui.workspaces.explain.occluder import Occluder
from nnviz.gui.workspaces.explain.occluder_panel import OccluderPane


def mount(app: AppContext, frame: Frame, parent: QObject) -> None:
    """Add the page of the board and that of the occluder."""
    occluder = Occluder(app, parent)
    frame.add_page(BOARD, lambda: BoardPane(app))
    frame.add_page(OCCLUDER, lambda: OccluderPane(app, occluder))
