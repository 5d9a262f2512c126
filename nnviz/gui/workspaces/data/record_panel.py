"""Panel of the current record: image, label, prediction, actions."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from PySide6.QtCore import QCoreApplication, QSize
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.images import Image
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import breakable
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.neighborhood import Box
from nnviz.gui.services.images import shrunk
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import (
    CENTER,
    ENTROPY,
    HEIGHT,
    LABEL,
    LOSS,
    MARGIN_COLUMN,
    SPLIT,
    WIDTH,
    DataSet,
    title_of,
)
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, button, keep_size, label, toggle_button
from nnviz.gui.views.canvas.box_pen import BoxPen
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import Bytes
from nnviz.gui.workspaces.data.record_actions import (
    ROOMS,
    explain_selected,
    list_neighbors,
    open_in,
)
from nnviz.gui.workspaces.data.record_words import answer, file_name
from nnviz.render.text.words import number

_SIDE, _PREVIEW = 208, 400
"""Size of the image in the panel, and of the image read from its file, px."""


class RecordPanel(QWidget):
    """Details of the current record."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self._lane = Lane("record")
        self._path = ""
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Selected image"))
        keep_size(app.look, self, self._resize)
        self.pen = BoxPen(self.canvas)
        self.title = label(style="heading", wrap=True)
        self.words = label(wrap=True)
        self.numbers = label(style="muted", wrap=True)
        self.state = label(style="muted", wrap=True)
        self._make_buttons()
        self._make_rooms()
        self._lay_out()
        app.datasets.selection.current_changed.connect(lambda _: self._show())
        app.query_image.changed.connect(self._show)
        app.query_image.placed.connect(self._describe_query)
        self.pen.drawn.connect(self._tell)
        app.datasets.selection.changed.connect(self._tell)
        app.datasets.opened.connect(lambda _: self._show())
        self._show()

    def _make_buttons(self) -> None:
        app = self._app
        self.explain = button(
            self.tr("Explain these"), lambda: explain_selected(app), "primary"
        )
        self.neighbors = button(self.tr("By features"), self._list_neighbors)
        self.neighbors.setAccessibleName(self.tr("Nearest neighbors by features"))
        self.pixels = button(
            self.tr("By pixels"), partial(self._list_neighbors, pixels=True)
        )
        self.pixels.setAccessibleName(self.tr("Nearest neighbors by pixels"))
        self.box = toggle_button(
            app.look,
            "square-dashed",
            self.tr("Draw a box to search for that part only"),
        )
        self.box.toggled.connect(self.pen.set_active)

    def _make_rooms(self) -> None:
        app = self._app
        titles = {
            "inspect": self.tr("Inspect"),
            "explain": self.tr("Explain"),
            "imagine": self.tr("Imagine"),
            "style": self.tr("Style"),
            "attack": self.tr("Attack"),
        }
        self.rooms = [
            button(titles[room], partial(open_in, app, room)) for room in ROOMS
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
        section = label(self.tr("Nearest neighbors"), "section")
        column.addLayout(flow(section, None, self.box))
        column.addLayout(flow(self.neighbors, self.pixels))
        column.addLayout(flow(self.explain))
        column.addWidget(label(self.tr("Open in"), "section"))
        column.addLayout(flow(*self.rooms))
        column.addStretch(1)

    def _resize(self) -> None:
        self.canvas.setFixedHeight(self._app.look.px(_SIDE))

    def showEvent(self, event: QShowEvent) -> None:
        """Start comparing opened images with the set."""
        super().showEvent(event)
        self._app.query_image.watched = True

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop comparing opened images with the set."""
        super().hideEvent(event)
        self._app.query_image.watched = False

    def sizeHint(self) -> QSize:
        """Return the size of a narrow column."""
        return QSize(self._app.look.px(_SIDE), super().sizeHint().height())

    def _show(self) -> None:
        datasets = self._app.datasets
        dataset, record = datasets.dataset, datasets.selection.current
        there = dataset is not None and 0 <= record < dataset.count
        self.pen.clear()
        self._tell()
        image = self._app.query_image.image
        if image is not None:
            self._show_query(image)
            return
        if dataset is None or not there:
            self.canvas.set_message(self.tr("Select an image to see it here."))
            for each in (self.title, self.words, self.numbers):
                each.clear()
            return
        self.title.setText(breakable(file_name(dataset, record)))
        self.words.setText("\n".join(_words(dataset, record)))
        self.numbers.setText("\n".join(_numbers(dataset, record)))
        job = self._app.jobs.compute(
            lambda: np.array(dataset.index.thumbnails[record]), self._lane
        )
        job.done.connect(lambda pixels: self._preview(record, pixels))

    def _show_query(self, image: Image) -> None:
        """Show an image outside the set."""
        self._path = ""
        self.canvas.set_image(shrunk(image, _PREVIEW))
        self.title.setText(breakable(image.name))
        self.numbers.clear()
        self._describe_query()

    def _describe_query(self) -> None:
        query = self._app.query_image
        if query.image is None:
            return
        words = [self.tr("Not in this set.")]
        if query.place is not None:
            words.append(self.tr("A ring marks it on the map."))
            near = dict.fromkeys(filter(None, query.place.neighbors.labels))
            if near:
                words.append(self.tr("Near: {0}").format(", ".join(near)))
        self.words.setText("\n".join(words))

    def _list_neighbors(self, *, pixels: bool = False) -> None:
        list_neighbors(self._app, pixels=pixels, box=self._box())

    def _box(self) -> Box | tuple[()]:
        """Return the drawn box in px of the full image; () for none."""
        shown, size = self.canvas.image_size, self._size()
        if self.pen.box is None or shown is None or size is None:
            return ()
        down, along = size[0] / shown[0], size[1] / shown[1]
        left, top, right, bottom = self.pen.box
        return left * along, top * down, right * along, bottom * down

    def _size(self) -> tuple[int, int] | None:
        """Return height and width of the full image, px."""
        dataset, image = self._app.datasets.dataset, self._app.query_image.image
        if image is not None:
            return image.size
        record = self._app.datasets.selection.current
        if dataset is None or record < 0:
            return None
        sides = (dataset.number_of(name, record) for name in (HEIGHT, WIDTH))
        height, width = (round(side) for side in sides)
        return height, width

    def _preview(self, record: int, pixels: Bytes) -> None:
        """Show the thumbnail at once, then the file itself if it exists."""
        datasets = self._app.datasets
        if datasets.dataset is None or datasets.selection.current != record:
            return
        self.canvas.set_image(pixels)
        self._path = datasets.dataset.path(record)
        path = self._path
        self._app.images.make_thumbnail(
            path, lambda whole: self._sharpen(path, whole), _PREVIEW
        )

    def _sharpen(self, path: str, pixels: Bytes) -> None:
        if path == self._path and self._app.datasets.selection.current >= 0:
            self.canvas.set_image(pixels)

    def _tell(self) -> None:
        selection = self._app.datasets.selection
        count = selection.count
        self.state.setText(
            self.tr("{0:,} images are selected").format(count) if count > 1 else ""
        )
        outside = self._app.query_image.image is not None
        one, why = selection.current >= 0, self.tr("Select an image first")
        for each in (self.neighbors, self.pixels, self.box):
            allow(each, one or outside, why)
        part = self.pen.box is not None
        self.neighbors.setText(
            self.tr("Box by features") if part else self.tr("By features")
        )
        self.pixels.setText(self.tr("Box by pixels") if part else self.tr("By pixels"))
        able = bool(count) or one
        for each in (self.explain, *self.rooms):
            allow(each, able, why)


def _words(dataset: DataSet, record: int) -> Iterator[str]:
    label_, said = dataset.name_of(LABEL, record), answer(dataset, record)
    if label_:
        yield _tr("Class: {0}").format(label_)
    if said:
        yield _tr("Predicted: {0}").format(said)
    split = dataset.name_of(SPLIT, record)
    if split:
        yield _tr("Split: {0}").format(split)


def _numbers(dataset: DataSet, record: int) -> Iterator[str]:
    for column, name in (
        (LOSS, _tr("Loss")),
        (MARGIN_COLUMN, _tr("Margin")),
        (ENTROPY, _tr("Entropy")),
        (CENTER, _tr("Distance to class center")),
        *((each, title_of(each)) for each in dataset.given),
    ):
        value = dataset.number_of(column, record)
        # Without labels, a class may consist of this image alone.
        known = column != CENTER or bool(dataset.name_of(LABEL, record))
        if math.isfinite(value) and known:
            yield f"{name}: {number(value)}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecordPanel", text)
