"""Mounting of the Data workspace."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QWidget

from nnviz.gui.panels.frame import LEFT, RIGHT, Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.modes import CONCEPTS, ERRORS, MAP, NEIGHBORS, UNITS, WALL
from nnviz.gui.workspaces.data.concepts.page import Concepts
from nnviz.gui.workspaces.data.errors_page import Errors
from nnviz.gui.workspaces.data.filter_panel import FilterPanel
from nnviz.gui.workspaces.data.map_page import DataMap
from nnviz.gui.workspaces.data.neighbors_page import NeighborsPage
from nnviz.gui.workspaces.data.page import DataPage
from nnviz.gui.workspaces.data.record_panel import RecordPanel
from nnviz.gui.workspaces.data.units_page import Units
from nnviz.gui.workspaces.data.wall_page import Wall

PAGES: dict[str, Callable[[AppContext], QWidget]] = {
    WALL: Wall,
    MAP: DataMap,
    NEIGHBORS: NeighborsPage,
    ERRORS: Errors,
    UNITS: Units,
    CONCEPTS: Concepts,
}
"""Content of each page of the central view."""


@dataclass(frozen=True, slots=True)
class DataRoom:
    """Panels of the workspace."""

    filters: FilterPanel
    record: RecordPanel


def mount(app: AppContext, frame: Frame, parent: QObject) -> DataRoom:
    """Create the panels: filters, current record, and the pages."""
    del parent
    room = DataRoom(FilterPanel(app), RecordPanel(app))
    frame.add_dock("dataset", _tr("Data set"), room.filters, LEFT)
    frame.add_dock("record", _tr("Selected image"), room.record, RIGHT)
    for mode, make in PAGES.items():
        frame.add_page(mode, partial(_page, app, make))
    app.datasets.shown_wanted.connect(lambda: app.display.set_mode(WALL))
    return room


def _page(app: AppContext, make: Callable[[AppContext], QWidget]) -> DataPage:
    content = make(app)
    page = DataPage(app, content)
    for told in (content, *content.findChildren(QWidget)):
        if hasattr(told, "told"):
            told.told.connect(page.hovered)
    return page


def _tr(text: str) -> str:
    return QCoreApplication.translate("Data", text)
