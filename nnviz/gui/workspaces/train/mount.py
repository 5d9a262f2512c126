"""Puts the Train workspace into the window."""

from PySide6.QtCore import QObject

from nnviz.gui.panels.frame import Frame
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.state.display import TEACH
from nnviz.gui.workspaces.train.teach_page import TeachPage
from nnviz.gui.workspaces.train.teaching import Teaching


def mount(bench: Workbench, frame: Frame, parent: QObject) -> Teaching:
    """Add the page on which a network is taught; training runs show as results."""
    teaching = Teaching(bench, parent)
    frame.add_page(TEACH, lambda: TeachPage(bench, teaching))
    return teaching
