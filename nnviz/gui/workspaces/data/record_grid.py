"""Wall of the open data set: memory-mapped thumbnails with the shared selection."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QWidget

from nnviz.base.errors import ErrorRecord
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.record_query import Records
from nnviz.gui.theme.parts import menu_of, popup
from nnviz.gui.views.canvas.layers import Bytes
from nnviz.gui.views.dataset.grid_marks import GridMarks
from nnviz.gui.views.dataset.thumbnail_grid import RowRequest, ThumbnailGrid
from nnviz.gui.workspaces.data import record_words
from nnviz.gui.workspaces.data.record_actions import (
    MOST_DRAGGED,
    chosen_paths,
    dragged_files,
    open_in,
    record_entries,
)
from nnviz.render.dataset.thumbnail_rows import paint_row

_DRAGGED_ICON = 32


class RecordGrid(ThumbnailGrid):
    """Grid of records; selecting some selects them in every panel."""

    told = Signal(str)
    """Text about the record below the pointer, for the status bar."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._lane = Lane("thumbnails")
        self.describe = self._line
        self._connect()
        self._mark()

    def _connect(self) -> None:
        app = self._app
        datasets, selection = app.datasets, app.datasets.selection
        self.rows_wanted.connect(self._paint_rows)
        self.selection_edited.connect(selection.take)
        self.current_edited.connect(selection.set_current)
        self.activated.connect(lambda _: open_in(app, "inspect"))
        self.menu_wanted.connect(self._open_menu)
        self.dragged.connect(self._drag)
        self.hovered.connect(lambda record: self.told.emit(self._line(record)))
        selection.changed.connect(self._mark)
        selection.current_changed.connect(self.set_current)
        datasets.opened.connect(lambda _: self._mark())
        datasets.grown.connect(lambda _: self._mark())

    def show_records(self, order: Records) -> None:
        """Show records in this order."""
        self.show_order(order, self._app.datasets.selection.current)

    def _line(self, record: int) -> str:
        dataset = self._app.datasets.dataset
        if dataset is None or not 0 <= record < dataset.count:
            return ""
        return record_words.line(dataset, record)

    def _mark(self) -> None:
        datasets = self._app.datasets
        dataset = datasets.dataset
        if dataset is None:
            self.set_marks(GridMarks())
            return
        self.set_marks(
            GridMarks(
                datasets.selection.flags,
                dataset.wrong,
                lambda record: record_words.caption(dataset, record),
            )
        )

    def _paint_rows(self, request: RowRequest) -> None:
        dataset = self._app.datasets.dataset
        if dataset is None:
            self.put_rows(request, [])
            return
        job = self._app.jobs.compute(lambda: _rows(dataset, request), self._lane)
        job.done.connect(lambda painted: self.put_rows(request, painted))
        job.failed.connect(lambda error: self._fail(request, error))

    def _fail(self, request: RowRequest, error: ErrorRecord) -> None:
        self.put_rows(request, [])
        self._app.messages.fail("dataset", error)

    def _open_menu(self, at: QPoint) -> None:
        popup(menu_of(self, record_entries(self._app)), at)

    def _drag(self) -> None:
        """Drag the selected files."""
        paths = chosen_paths(self._app, MOST_DRAGGED)
        if paths:
            drag = QDrag(self)
            drag.setMimeData(dragged_files(paths))
            drag.setPixmap(self._app.look.icon("images").pixmap(_DRAGGED_ICON))
            drag.exec(Qt.DropAction.CopyAction)


def _rows(dataset: DataSet, request: RowRequest) -> list[Bytes]:
    """Paint rows; runs in a file thread."""
    thumbnails = dataset.index.thumbnails
    return [
        paint_row(thumbnails[records], request.layout, request.backdrop)
        for records in request.records
    ]
