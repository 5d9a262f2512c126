"""Mounting of the Train workspace."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject

from nnviz.gui.panels.frame import LEFT, Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.modes import TEACH
from nnviz.gui.workspaces.train.teach_page import TeachPage
from nnviz.gui.workspaces.train.teaching import Teaching
from nnviz.gui.workspaces.train.trained_panel import TrainedPanel


@dataclass(frozen=True, slots=True)
class TrainRoom:
    """Controller and panel of the workspace."""

    teaching: Teaching
    trained: TrainedPanel


def mount(app: AppContext, frame: Frame, parent: QObject) -> TrainRoom:
    """Add the page that trains a head, and the panel of training steps."""
    room = TrainRoom(Teaching(app, parent), TrainedPanel(app))
    title = QCoreApplication.translate("Train", "Trained network")
    frame.add_dock("trained", title, room.trained, LEFT)
    frame.add_page(TEACH, lambda: TeachPage(app, room.teaching))
    return room
