"""Lists of images worth a look: confident mistakes, suspected labels, duplicates."""

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import CONFIDENCE, LOSS
from nnviz.gui.state.record_query import RecordList, RecordQuery, Records, find_records
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import button, label
from nnviz.gui.workspaces.data.record_grid import RecordGrid

_MOST = 2000
"""Records of a list."""
_CONFIDENT = RecordQuery(right=False, sort=CONFIDENCE, descending=True)
_LOSSES = RecordQuery(sort=LOSS, descending=True)
_UNSURE = RecordQuery(sort=CONFIDENCE)


class SuspectLists(QWidget):
    """One list at a time, as thumbnails, with words on what it may mean."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self._lane = Lane("suspects")
        self.choice: QComboBox = ComboBox()
        self.choice.setAccessibleName(self.tr("List"))
        for title, query in (
            (self.tr("Most confident mistakes"), _CONFIDENT),
            (self.tr("Least probable labels"), _LOSSES),
            (self.tr("Least certain answers"), _UNSURE),
        ):
            self.choice.addItem(title, query)
        self.words = label(style="muted", wrap=True)
        self.grid = RecordGrid(bench, self)
        self.grid.setAccessibleName(self.tr("Images of the list"))
        self.open = button(self.tr("Show on the wall"), self._open)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(flow(self.choice, self.open))
        column.addWidget(self.words)
        column.addWidget(self.grid, 1)
        self.choice.activated.connect(lambda _: self._fill())
        bench.datasets.opened.connect(lambda _: self._fill())
        bench.datasets.grown.connect(lambda _: self._fill())
        self._fill()

    def _query(self) -> RecordQuery:
        query = self.choice.currentData()
        return query if isinstance(query, RecordQuery) else RecordQuery()

    def _fill(self) -> None:
        """Find the records of the chosen list."""
        dataset, query = self._bench.datasets.dataset, self._query()
        self.words.setText(self._explain(query))
        if dataset is None:
            return
        job = self._bench.jobs.compute(
            lambda: find_records(dataset, query)[:_MOST], self._lane
        )
        job.done.connect(self._show)

    def _show(self, records: Records) -> None:
        self.grid.show_records(records)
        self.open.setEnabled(bool(len(records)))

    def _explain(self, query: RecordQuery) -> str:
        if query is _CONFIDENT:
            return self.tr(
                "Wrong answers that the network is surest of: wrong labels, images of "
                "two things, and real blind spots."
            )
        if query is _LOSSES:
            return self.tr(
                "Images whose label the network finds least probable. In a network "
                "that never saw these labels, many are mislabeled."
            )
        return self.tr("Images between two classes, or of none that it knows.")

    def _open(self) -> None:
        listed = RecordList(self.choice.currentText(), self.grid.order)
        self._bench.datasets.show_list(listed)
        self._bench.datasets.shown_wanted.emit()
