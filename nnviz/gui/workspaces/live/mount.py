"""Mounting of the Live workspace."""

from PySide6.QtCore import QObject

from nnviz.gui.panels.frame import Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.modes import LIVE
from nnviz.gui.workspaces.live.panel import LivePane


def mount(app: AppContext, frame: Frame, parent: QObject) -> None:
    """Add the page of live frames."""
    del parent
    frame.add_page(LIVE, lambda: LivePane(app))
