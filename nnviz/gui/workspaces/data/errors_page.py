"""Errors page: confusion matrix, calibration, confident mistakes, suspect labels."""

import math

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.dataset.error_figures import ErrorFigures, measure_errors
from nnviz.base.results import Table
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import CONFIDENCE, LABEL, PREDICTED, DataSet
from nnviz.gui.state.record_query import ANY, RecordQuery, find_records
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, label, named
from nnviz.gui.views.dataset.confusion_matrix import ConfusionMatrix
from nnviz.gui.views.dataset.reliability_diagram import ReliabilityDiagram
from nnviz.gui.views.results.table import TableView
from nnviz.gui.workspaces.data.suspects import SuspectLists
from nnviz.render.text.words import percent

_SUSPECTS = 3
"""Page that also exists for sets without labels."""
_CONFUSED = 60
"""Number of class pairs in the table of confusions."""


class Errors(QWidget):
    """Scores of the answers, and the images behind each of them."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._lane = Lane("errors")
        self._figures: ErrorFigures | None = None
        self._measured: tuple[DataSet, int, str] | None = None
        self.summary = label(style="heading", wrap=True)
        self.matrix, self.pairs = ConfusionMatrix(), _table(self.tr("Confusions"))
        self.classes = _table(self.tr("Accuracy per class"))
        self.diagram = ReliabilityDiagram()
        self.calibration = label(style="muted", wrap=True)
        self.lists = SuspectLists(app)
        self._tabs = QButtonGroup(self)
        self._pages = PageStack()
        self._lay_out()
        self._connect()
        self._measure()

    # --- layout

    def _lay_out(self) -> None:
        tabs = flow(spacing=GRID)
        pages = (
            (self.tr("Confusion"), self._beside(self.matrix, self.pairs)),
            (self.tr("Classes"), self.classes),
            (self.tr("Calibration"), self._make_calibration()),
            (self.tr("Suspects"), self.lists),
        )
        for n, (title, page) in enumerate(pages):
            tabs.addWidget(self._make_tab(n, title))
            self._pages.addWidget(page)
        self._tabs.idClicked.connect(self._pages.setCurrentIndex)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.summary)
        column.addLayout(tabs)
        column.addWidget(self._pages, 1)

    def _make_tab(self, place: int, title: str) -> QPushButton:
        tab = named(QPushButton(title), "segment")
        tab.setCheckable(True)
        tab.setAutoExclusive(True)
        tab.setChecked(place == 0)
        self._tabs.addButton(tab, place)
        return tab

    @staticmethod
    def _beside(left: QWidget, right: QWidget) -> QWidget:
        both = QWidget()
        line = QHBoxLayout(both)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * GRID)
        line.addWidget(left, 3)
        line.addWidget(right, 2)
        return both

    def _make_calibration(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.calibration)
        column.addWidget(self.diagram, 1)
        return page

    def _connect(self) -> None:
        datasets = self._app.datasets
        datasets.opened.connect(lambda _: self._measure())
        datasets.grown.connect(lambda _: self._measure())
        datasets.ordered.connect(lambda _: self._measure())
        self.matrix.cell_chosen.connect(self._open_cell)
        self.pairs.grid.activated.connect(self._open_pair)
        self.classes.grid.activated.connect(self._open_class)
        self.diagram.bin_chosen.connect(
            lambda low, high: datasets.show_filtered(
                RecordQuery(confidence=(low, high))
            )
        )

    # --- figures

    def _measure(self) -> None:
        """Compute the errors for the filtered split and paths."""
        dataset, query = self._app.datasets.dataset, self._app.datasets.query
        if dataset is None:
            self._figures = self._measured = None
            return
        asked = dataset, query.split, query.text
        if asked == self._measured:
            return
        self._measured = asked
        part = RecordQuery(split=query.split, text=query.text)
        job = self._app.jobs.compute(lambda: _measure(dataset, part), self._lane)
        job.done.connect(self._show)
        job.failed.connect(lambda error: self._app.messages.fail("dataset", error))

    def _show(self, figures: ErrorFigures) -> None:
        dataset = self._app.datasets.dataset
        if dataset is None:
            return
        self._figures = figures
        self._offer(labeled=bool(figures.total))
        names = tuple(dataset.names_of(LABEL)[n] for n in figures.classes)
        self.summary.setText(self._summary(dataset, figures))
        self.matrix.show_counts(figures.counts, names)
        self.pairs.show_result(self._pair_table(dataset, figures), None)
        self.classes.show_result(self._class_table(names, figures), None)
        self.diagram.show_reliability(figures.reliability)
        self.calibration.setText(self._calibration(figures))

    def _offer(self, *, labeled: bool) -> None:
        """Show the tabs that need labels only where there are labels."""
        for tab in self._tabs.buttons()[:_SUSPECTS]:
            tab.setVisible(labeled)
        if not labeled and self._tabs.checkedId() != _SUSPECTS:
            self._tabs.button(_SUSPECTS).click()

    def _summary(self, dataset: DataSet, figures: ErrorFigures) -> str:
        if not figures.total:
            return self.tr(
                "No image of this set has a label that the network knows. Name "
                "folders after its classes, or open a CSV file with labels."
            )
        parts = [
            self.tr("Accuracy {0}").format(percent(figures.accuracy)),
            self.tr("mean of classes {0}").format(percent(figures.mean_per_class)),
        ]
        found = figures.reliability
        if found is not None and math.isfinite(found.error):
            error = percent(found.error)
            parts.append(self.tr("calibration error {0}").format(error))
        count = self.tr("{0:,} labeled images").format(figures.total)
        split = self._app.datasets.query.split
        names = dataset.index.split_names
        if 0 <= split < len(names):
            count += self.tr(" of split {0}").format(names[split])
        return " · ".join([*parts, count])

    def _calibration(self, figures: ErrorFigures) -> str:
        found = figures.reliability
        if found is None or not math.isfinite(found.error):
            return ""
        return self.tr(
            "Expected calibration error {0}: how far accuracy is from confidence, "
            "weighted by the number of images in each bar. The orange line is the "
            "mean confidence: a bar below it means overconfidence. Click a bar to "
            "see its images."
        ).format(percent(found.error))

    def _pair_table(self, dataset: DataSet, figures: ErrorFigures) -> Table:
        names = dataset.names_of(LABEL)
        columns = self.tr("Class"), self.tr("Classified as"), self.tr("Images")
        rows = tuple(
            (names[row], names[column], float(count))
            for row, column, count in figures.confused(_CONFUSED)
        )
        return Table(columns=columns, rows=rows)

    def _class_table(self, names: tuple[str, ...], figures: ErrorFigures) -> Table:
        columns = self.tr("Class"), self.tr("Images"), self.tr("Accuracy, %")
        sums = figures.counts.sum(axis=1)
        rows = tuple(
            (name, float(count), round(100 * float(share), 1))
            for name, count, share in zip(names, sums, figures.by_class, strict=True)
            if count
        )
        return Table(columns=columns, rows=rows)

    # --- opening images

    def _open_cell(self, row: int, column: int) -> None:
        if self._figures is not None:
            classes = self._figures.classes
            self._open(label=int(classes[row]), predicted=int(classes[column]))

    def _open_pair(self, index: QModelIndex) -> None:
        first, second = (self._name(index, column) for column in (0, 1))
        self._open(label=self._number(first), predicted=self._number(second))

    def _open_class(self, index: QModelIndex) -> None:
        name = self._name(index, 0)
        self._open(label=self._number(name))

    def _open(self, label: int, predicted: int = ANY) -> None:
        kept = self._app.datasets.query
        query = RecordQuery(label, predicted, kept.split, text=kept.text)
        self._app.datasets.show_filtered(query)

    @staticmethod
    def _name(index: QModelIndex, column: int) -> str:
        return str(index.sibling(index.row(), column).data(Qt.ItemDataRole.DisplayRole))

    def _number(self, name: str) -> int:
        dataset = self._app.datasets.dataset
        return dataset.names_of(LABEL).index(name) if dataset is not None else -1


def _measure(dataset: DataSet, query: RecordQuery) -> ErrorFigures:
    """Compute the errors of some records; runs in a file thread."""
    records, columns = find_records(dataset, query), dataset.columns
    confidence = columns.get(CONFIDENCE)
    return measure_errors(
        columns[LABEL][records],
        columns[PREDICTED][records],
        dataset.index.facts.outputs,
        confidence[records] if confidence is not None else None,
    )


def _table(name: str) -> TableView:
    table = TableView()
    table.grid.setAccessibleName(name)
    return table
