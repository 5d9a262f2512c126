"""The current record: its image, what it is, what the network says, what to do."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import breakable
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import (
    CENTER,
    ENTROPY,
    LABEL,
    LOSS,
    MARGIN_COLUMN,
    SPLIT,
    DataSet,
)
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, label
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import Bytes
from nnviz.gui.workspaces.data.record_actions import (
    ROOMS,
    explain_selected,
    list_neighbors,
    open_in,
)
from nnviz.gui.workspaces.data.record_words import answer, file_name
from nnviz.render.words import number

_SIDE, _PREVIEW = 208, 400
"""Px of the image in the panel, and of what is read from its file."""


class RecordPanel(QWidget):
    """Details of the record that the keyboard is on."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._bench = bench
        self._lane = Lane("record")
        self._path = ""
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Selected image"))
        self.canvas.setFixedHeight(bench.look.px(_SIDE))
        self.title = label(style="heading", wrap=True)
        self.words = label(wrap=True)
        self.numbers = label(style="muted", wrap=True)
        self.state = label(style="muted", wrap=True)
        self._make_buttons()
        self._make_rooms()
        self._lay_out()
        bench.datasets.selection.current_changed.connect(lambda _: self._show())
        bench.datasets.selection.changed.connect(self._tell)
        bench.datasets.opened.connect(lambda _: self._show())
        bench.look.changed.connect(self._resize)
        self._show()

    def _make_buttons(self) -> None:
        bench = self._bench
        self.explain = button(
            self.tr("Explain these"), lambda: explain_selected(bench), "primary"
        )
        self.neighbors = button(self.tr("By features"), partial(list_neighbors, bench))
        self.neighbors.setAccessibleName(self.tr("Nearest neighbors by features"))
        self.pixels = button(
            self.tr("By pixels"), partial(list_neighbors, bench, pixels=True)
        )
        self.pixels.setAccessibleName(self.tr("Nearest neighbors by pixels"))

    def _make_rooms(self) -> None:
        bench = self._bench
        titles = {
            "inspect": self.tr("Inspect"),
            "explain": self.tr("Explain"),
            "imagine": self.tr("Imagine"),
            "style": self.tr("Style"),
            "attack": self.tr("Attack"),
        }
        self.rooms = [
            button(titles[room], partial(open_in, bench, room)) for room in ROOMS
        ]
        for each in self.rooms:
            each.setAccessibleName(self.tr("Open in {0}").format(each.text()))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.canvas)
        for each in (self.title, self.words, self.numbers):
            column.addWidget(each)
        column.addWidget(self.state)
        column.addWidget(label(self.tr("Nearest neighbors"), "section"))
        column.addLayout(flow(self.neighbors, self.pixels))
        column.addLayout(flow(self.explain))
        column.addWidget(label(self.tr("Open in"), "section"))
        column.addLayout(flow(*self.rooms))
        column.addStretch(1)

    def _resize(self) -> None:
        self.canvas.setFixedHeight(self._bench.look.px(_SIDE))

    def sizeHint(self) -> QSize:
        """Return a narrow column."""
        return QSize(self._bench.look.px(_SIDE), super().sizeHint().height())

    def _show(self) -> None:
        datasets = self._bench.datasets
        dataset, record = datasets.dataset, datasets.selection.current
        there = dataset is not None and 0 <= record < dataset.count
        self._tell()
        if dataset is None or not there:
            self.canvas.set_message(self.tr("Select an image to see it here."))
            for each in (self.title, self.words, self.numbers):
                each.clear()
            return
        self.title.setText(breakable(file_name(dataset, record)))
        self.words.setText("\n".join(_words(dataset, record)))
        self.numbers.setText("\n".join(_numbers(dataset, record)))
        job = self._bench.jobs.compute(
            lambda: np.array(dataset.index.thumbnails[record]), self._lane
        )
        job.done.connect(lambda pixels: self._preview(record, pixels))

    def _preview(self, record: int, pixels: Bytes) -> None:
        """Show the thumbnail at once, then the file itself, if it is there."""
        datasets = self._bench.datasets
        if datasets.dataset is None or datasets.selection.current != record:
            return
        self.canvas.set_picture(pixels)
        self._path = datasets.dataset.path(record)
        path = self._path
        self._bench.images.make_thumbnail(
            path, lambda whole: self._sharpen(path, whole), _PREVIEW
        )

    def _sharpen(self, path: str, pixels: Bytes) -> None:
        if path == self._path and self._bench.datasets.selection.current >= 0:
            self.canvas.set_picture(pixels)

    def _tell(self) -> None:
        selection = self._bench.datasets.selection
        count = selection.count
        self.state.setText(
            self.tr("{0:,} images are selected").format(count) if count > 1 else ""
        )
        one = selection.current >= 0
        for each in (self.neighbors, self.pixels):
            each.setEnabled(one)
        able = bool(count) or one
        for each in (self.explain, *self.rooms):
            each.setEnabled(able)


def _words(dataset: DataSet, record: int) -> Iterator[str]:
    label_, said = dataset.name_of(LABEL, record), answer(dataset, record)
    if label_:
        yield f"Class: {label_}"
    if said:
        yield f"Predicted: {said}"
    split = dataset.name_of(SPLIT, record)
    if split:
        yield f"Split: {split}"


def _numbers(dataset: DataSet, record: int) -> Iterator[str]:
    for column, name in (
        (LOSS, "Loss"),
        (MARGIN_COLUMN, "Margin"),
        (ENTROPY, "Entropy"),
        (CENTER, "Distance to class center"),
    ):
        value = dataset.number_of(column, record)
        # Without labels, a class may be this one image alone.
        known = column != CENTER or bool(dataset.name_of(LABEL, record))
        if math.isfinite(value) and known:
            yield f"{name}: {number(value)}"
