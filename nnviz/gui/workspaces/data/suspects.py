"""Lists of records worth a look: confident mistakes, suspect labels, duplicates."""

import math
from collections.abc import Iterable

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.dataset.mistakes import Disagreement, Mistakes
from nnviz.base.dataset.requests import CompareIndexes, FindMistakes
from nnviz.base.errors import ErrorRecord
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.datasets import TOPIC
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import CONFIDENCE, DataSet
from nnviz.gui.state.record_query import RecordList, RecordQuery, Records, find_records
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import allow, button, label
from nnviz.gui.workspaces.data.record_grid import RecordGrid
from nnviz.gui.workspaces.data.second_network_box import SecondNetworkBox
from nnviz.render.text.words import percent

_MOST = 2000
"""Maximum number of records in a list."""
CONFIDENT, UNSURE = "confident", "unsure"
LABELS, DUPLICATES = "labels", "duplicates"
DISAGREEMENT = "disagreement"
_QUERIES = {
    CONFIDENT: RecordQuery(right=False, sort=CONFIDENCE, descending=True),
    UNSURE: RecordQuery(sort=CONFIDENCE),
}
"""Lists that follow from the columns; the engine computes the others."""


class SuspectLists(QWidget):
    """One list at a time, as thumbnails with an explanation."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._lane, self._search_lane = Lane("suspects"), Lane("mistakes")
        self._found: Mistakes | None = None
        self._searched = ""
        self.choice = self._make_choice()
        self.words = label(style="muted", wrap=True)
        self.grid = RecordGrid(app, self)
        self.grid.setAccessibleName(self.tr("Images of the list"))
        self.open = button(self.tr("Show on the wall"), self._open)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.second = SecondNetworkBox(app)
        column.addLayout(flow(self.choice, self.second, self.open))
        column.addWidget(self.words)
        column.addWidget(self.grid, 1)
        self.choice.activated.connect(lambda _: self._fill())
        app.second_network.changed.connect(self._compare_again)
        app.datasets.opened.connect(self._forget)
        app.datasets.grown.connect(self._forget)
        self._forget(app.datasets.dataset)

    def _make_choice(self) -> ComboBox:
        choice = ComboBox()
        choice.setAccessibleName(self.tr("List"))
        for title, key in (
            (self.tr("Most confident mistakes"), CONFIDENT),
            (self.tr("Likely wrong labels"), LABELS),
            (self.tr("Near duplicates"), DUPLICATES),
            (self.tr("Least certain predictions"), UNSURE),
            (self.tr("Two networks disagree"), DISAGREEMENT),
        ):
            choice.addItem(title, key)
        return choice

    def _forget(self, dataset: DataSet | None) -> None:
        """Clear the results, which another or a grown set invalidates."""
        self._found, self._searched = None, ""
        known = dataset is not None and bool((dataset.correct >= 0).any())
        if dataset is not None and not known:
            self._leave_out_mistakes()
        self._fill()

    def _leave_out_mistakes(self) -> None:
        """Select the unsure answers where no labels make mistakes known."""
        if self.choice.currentData() == CONFIDENT:
            self.choice.setCurrentIndex(self.choice.findData(UNSURE))

    def _fill(self) -> None:
        """Find the records of the chosen list."""
        dataset, key = self._app.datasets.dataset, self.choice.currentData()
        self.words.setText(self._explain(key))
        self.second.setVisible(key == DISAGREEMENT)
        if dataset is None:
            return
        if key == DISAGREEMENT:
            self._app.second_network.look()
            self._compare(dataset)
            return
        if key in _QUERIES:
            query = _QUERIES[key]
            job = self._app.jobs.compute(
                lambda: find_records(dataset, query)[:_MOST], self._lane
            )
            job.done.connect(self._show)
        elif self._found is not None:
            self._show_found(key, self._found)
        else:
            self._search(dataset)

    def _compare_again(self) -> None:
        dataset = self._app.datasets.dataset
        if dataset is not None and self.choice.currentData() == DISAGREEMENT:
            self._compare(dataset)

    def _compare(self, dataset: DataSet) -> None:
        """Find the images on which the second network answers differently."""
        other = self._app.second_network.folder
        self._show(np.zeros(0, np.int64))
        if not other:
            self.words.setText(self.tr("Choose a second network."))
            return
        folder = str(dataset.index.folder)
        request = CompareIndexes(first=folder, second=other, count=_MOST)
        job = self._app.jobs.submit(request, self._search_lane)
        job.done.connect(self._show_disagreement)
        job.failed.connect(self._fail)

    def _show_disagreement(self, found: Disagreement) -> None:
        if self.choice.currentData() != DISAGREEMENT:
            return
        self._show(np.asarray(found.records, np.int64))
        first, second = found.models
        words = self.tr("The networks agree on {0} of {1:,} images.")
        parts = [words.format(percent(found.agreeing), found.images)]
        if math.isfinite(found.accuracies[0]):
            only = self.tr("Only {0} is right on {1:,}, only {2} on {3:,}.")
            parts.append(only.format(first, found.only[0], second, found.only[1]))
        parts.append(self.tr("Those on which both are most confident come first."))
        self.words.setText(" ".join(parts))

    def _search(self, dataset: DataSet) -> None:
        """Search for suspect labels and duplicates, once for each set."""
        self._show(np.zeros(0, np.int64))
        self.words.setText(self.tr("Searching all images…"))
        folder = str(dataset.index.folder)
        if self._searched == folder:
            return
        self._searched = folder
        request = FindMistakes(index=folder, count=_MOST)
        title = self.tr("Likely wrong labels and near duplicates")
        job = self._app.jobs.submit(request, self._search_lane, title)
        job.done.connect(self._take)
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda _: self._fail(None))

    def _take(self, found: Mistakes) -> None:
        self._found = found
        self._fill()

    def _fail(self, error: ErrorRecord | None) -> None:
        self._searched = ""
        self.words.setText(
            self.tr("Stopped: choose the list again to search for them.")
        )
        if error is not None:
            self._app.messages.fail(TOPIC, error)

    def _show_found(self, key: str, found: Mistakes) -> None:
        if key == LABELS:
            records: Iterable[int] = (each.record for each in found.suspects)
        else:
            records = (
                r for each in found.duplicates for r in (each.first, each.second)
            )
        # An image that is similar to two others is shown once.
        kept = list(dict.fromkeys(records))
        self._show(np.array(kept, np.int64))
        leaks = sum(each.leak for each in found.duplicates)
        words = [self._explain(key) if kept else self.tr("None were found.")]
        if key == DUPLICATES and leaks:
            sentence = self.tr("{0:,} pairs lie in different splits: data leakage.")
            words.append(sentence.format(leaks))
        if key == DUPLICATES and found.duplicates_note:
            words.append(f"({found.duplicates_note})")
        self.words.setText(" ".join(words))

    def _show(self, records: Records) -> None:
        self.grid.show_records(records)
        allow(self.open, bool(len(records)), self.tr("There are no such images"))

    def _explain(self, key: str) -> str:
        return {
            CONFIDENT: self.tr(
                "Wrong predictions with the highest confidence: wrong labels, "
                "images of two things, and real blind spots."
            ),
            LABELS: self.tr(
                "Images that seem to belong to another class, the most suspicious "
                "first. Check each one before you change its label."
            ),
            DUPLICATES: self.tr("Pairs of images that show the same, side by side."),
            DISAGREEMENT: self.tr(
                "Images for which the other network predicts another class."
            ),
            UNSURE: self.tr(
                "Images between two classes, or of a class that the network does "
                "not know."
            ),
        }[key]

    def _open(self) -> None:
        listed = RecordList(self.choice.currentText(), self.grid.order)
        self._app.datasets.show_list(listed)
        self._app.datasets.shown_wanted.emit()
