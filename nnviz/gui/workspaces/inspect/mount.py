"""Mounting of the Inspect workspace."""

from PySide6.QtCore import QObject

from nnviz.gui.panels.frame import Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.modes import BOXES
from nnviz.gui.workspaces.inspect.box_editor import BoxEditor


def mount(app: AppContext, frame: Frame, _parent: QObject) -> None:
    """Add the page on which boxes are drawn."""
    frame.add_page(BOXES, lambda: BoxEditor(app))
