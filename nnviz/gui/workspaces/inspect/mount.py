"""Mounting of the Inspect workspace."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from nnviz.gui.panels.frame import Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.modes import BOXES


def mount(app: AppContext, frame: Frame, _parent: QObject) -> None:
    """Add the page on which boxes are drawn."""
    frame.add_page(BOXES, lambda: _box_editor(app))


def _box_editor(app: AppContext) -> QWidget:
    """Return the page of boxes.  Imported here: this workspace opens at the start."""
    from nnviz.gui.workspaces.inspect.box_editor import BoxEditor  # noqa: PLC0415

    return BoxEditor(app)
