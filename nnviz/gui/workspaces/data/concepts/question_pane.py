"""Base pane of a query on the data set: fields, Run and Stop, progress."""

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Progress
from nnviz.base.requests import Request
from nnviz.base.results import Table
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.datasets import TOPIC
from nnviz.gui.services.jobs import JobHandle, Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import allow, button, label

T = TypeVar("T")
SELECTED = -2
"""Stands in place of a class: the selected images."""
_LETTERS = 10
_PERCENT = 100


class QuestionPane(QWidget):
    """Base of panes that run one query at a time on the open data set.

    Args:
        app: services of the window.
        lane: name of the queue of its requests.
        explanation: explanation of the query, until there is an answer.
        run: text of the button that starts the query.
    """

    def __init__(self, app: AppContext, lane: str, explanation: str, run: str) -> None:
        super().__init__()
        self.app = app
        self._lane = Lane(lane)
        self._explanation = explanation
        self._job: JobHandle[Any] | None = None
        self.layer = ComboBox.narrow(self.tr("Layer"), _LETTERS)
        self.begin = button(run, self.ask, "primary")
        self.stop = button(self.tr("Stop"), self._stop)
        self.heading = label(style="heading", wrap=True)
        self.words = label(style="muted", wrap=True)

    def connect_data(self) -> None:
        """Connect to the open data set and its selection."""
        datasets = self.app.datasets
        datasets.opened.connect(self._open)
        datasets.grown.connect(self.offer)
        datasets.selection.changed.connect(self.tell_selection)
        self._open(datasets.dataset)

    def lay_out(self, *fields: QWidget | None, below: QWidget) -> None:
        """Lay out fields and buttons above the text and the answer."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(flow(*fields, self.begin, self.stop, spacing=GRID))
        column.addWidget(self.heading)
        column.addWidget(self.words)
        column.addWidget(below, 1)

    @property
    def index(self) -> str:
        """Folder of the open index; "" for none."""
        dataset = self.app.datasets.dataset
        return str(dataset.index.folder) if dataset is not None else ""

    def selected(self) -> tuple[int, ...]:
        """Return the record numbers of the selection."""
        return tuple(self.app.datasets.selection.records().tolist())

    # --- overridden by panes

    def ask(self) -> None:
        """Run the query with the fields' values."""
        raise NotImplementedError

    def offer(self, dataset: DataSet | None) -> None:
        """Update the choices to those of a data set."""
        layers = [each.name for each in dataset.index.layers] if dataset else []
        there = [self.layer.itemText(n) for n in range(self.layer.count())]
        if there != layers[::-1]:
            self.layer.clear()
            self.layer.addItems(layers[::-1])
        self.tell_selection()

    def forget(self) -> None:
        """Clear the answer, which was about another data set."""

    def tell_selection(self) -> None:
        """Show the number of selected images, and whether it suffices."""

    def name_selected(self, choice: ComboBox) -> None:
        """Update the number of selected images in a choice."""
        words = self.tr("Selected ({0:,})").format(self.app.datasets.selection.count)
        choice.setItemText(choice.findData(SELECTED), words)

    def say(self, heading: str) -> None:
        """Show a heading above the answer; "" hides it."""
        self.heading.setText(heading)
        self.heading.setVisible(bool(heading))

    def lack(self, dataset: DataSet | None) -> str:
        """Return what is missing without a data set, or without features."""
        if dataset is None:
            return self.tr("Open a data set first")
        return self.tr("The index holds no features: build it again.")

    # --- requests

    def submit(
        self, request: Request[T], title: str, take: Callable[[T], object]
    ) -> None:
        """Submit a request; ``take`` gets its answer."""
        job = self.app.jobs.submit(request, self._lane, title)
        self._job = job
        allow(self.begin, False, self.tr("Another computation is running"))
        self.stop.setVisible(True)
        self.words.setText(f"{title}…")
        job.progressed.connect(self._tell_progress)
        job.done.connect(lambda found: self._end(lambda: take(found)))
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda _: self._end(self._say_stopped))

    def _tell_progress(self, progress: Progress) -> None:
        share = progress.fraction
        done = f" · {share:.0%}" if share is not None else ""
        self.words.setText(f"{progress.what}{done}")

    def _end(self, act: Callable[[], object]) -> None:
        self._job = None
        self.stop.setVisible(False)
        self.words.clear()
        allow(self.begin, True, "")
        self.tell_selection()
        act()

    def _fail(self, error: ErrorRecord) -> None:
        self._end(lambda: self.words.setText(error.text))
        self.app.messages.fail(TOPIC, error)

    def _say_stopped(self) -> None:
        self.words.setText(self.tr("Stopped."))

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _open(self, dataset: DataSet | None) -> None:
        """Reset the pane for another data set, or none."""
        self._stop()
        self._job = None
        self.stop.setVisible(False)
        self.say("")
        self.words.setText(self._explanation)
        allow(self.begin, dataset is not None, self.lack(dataset))
        self.forget()
        self.offer(dataset)


def table_of(
    columns: tuple[str, ...], rows: tuple[tuple[str | float, ...], ...]
) -> Table:
    """Build a table, without columns if it has no rows."""
    return Table(columns=columns if rows else (), rows=rows)


def above(answer: QWidget, *buttons: QWidget) -> QWidget:
    """Stack a widget above a row of buttons."""
    both = QWidget()
    column = QVBoxLayout(both)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID)
    column.addWidget(answer, 1)
    column.addLayout(flow(*buttons))
    return both


def beside(left: QWidget, right: QWidget, shares: tuple[int, int] = (2, 3)) -> QWidget:
    """Place two widgets side by side, with shares of the width."""
    both = QWidget()
    line = QHBoxLayout(both)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(2 * GRID)
    for widget, share in zip((left, right), shares, strict=True):
        line.addWidget(widget, share)
    return both
