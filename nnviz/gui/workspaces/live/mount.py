"""Puts the Live workspace into the window."""

from PySide6.QtCore import QObject

from nnviz.gui.panels.frame import Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.modes import LIVE
from nnviz.gui.workspaces.live.panel import LivePane


def mount(app: AppContext, frame: Frame, parent: QObject) -> None:
    """Add the page of frames of a camera, video or screen."""
    del parent
    frame.add_page(LIVE, lambda: LivePane(app))
