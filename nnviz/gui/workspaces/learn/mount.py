"""Mounting of the Learn workspace."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject

from nnviz.base.events import Policy, Priority
from nnviz.gui.panels.frame import LEFT, Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import Lane
from nnviz.gui.workspaces.learn.course_panel import CoursePanel
from nnviz.render.drawings.formulas import load_renderer

_FORMULAS = Lane("formulas", Policy.REPLACE, Priority.IDLE)


@dataclass(frozen=True, slots=True)
class LearnRoom:
    """Panels of the workspace."""

    course: CoursePanel


def mount(app: AppContext, frame: Frame, parent: QObject) -> LearnRoom:
    """Create the panels: list of lessons, and guide."""
    del parent
    room = LearnRoom(CoursePanel(app))
    app.jobs.compute(load_renderer, _FORMULAS)
    frame.add_dock("course", _tr("Lessons"), room.course, LEFT)
    return room


def _tr(text: str) -> str:
    return QCoreApplication.translate("Learn", text)
