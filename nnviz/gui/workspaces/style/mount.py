"""Mounting of the Style workspace."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject

from nnviz.gui.panels.frame import LEFT, Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.views.canvas.brush import MaskBrush
from nnviz.gui.workspaces.style.style_panel import StylePanel
from nnviz.gui.workspaces.style.styles import Styles
from nnviz.gui.workspaces.style.training_panel import LessonPanel


@dataclass(frozen=True, slots=True)
class StyleRoom:
    """Controllers and panels of the workspace."""

    styles: Styles
    style: StylePanel
    lesson: LessonPanel


def mount(app: AppContext, frame: Frame, parent: QObject) -> StyleRoom:
    """Create the panels: style transfer and training of styles."""
    styles = Styles(app, parent)
    brush = MaskBrush(frame.photo.canvas)
    room = StyleRoom(styles, StylePanel(app, styles, brush), LessonPanel(app))
    frame.add_dock("style", _tr("Style"), room.style, LEFT)
    frame.add_dock("lesson", _tr("Train a style"), room.lesson, LEFT)

    def show_image(painting: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show the whole image while a mask is painted on it."""
        frame.photo.set_framed(framed=not painting)
        if painting:
            frame.show_image()

    room.style.where.paint.toggled.connect(show_image)
    app.style_training.look()
    return room


def _tr(text: str) -> str:
    return QCoreApplication.translate("Style", text)
