"""Pane of the image, with the part that the network sees."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.images import Image
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.panels.empty_state import IMAGE_SOURCES, EmptyState
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.selection import Selection
from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle

_COLORS = 3


class PhotoPane(QWidget):
    """Pane of the selected image; a click selects a position."""

    hovered = Signal(str)
    wanted = Signal(str)
    """Name of a command to run."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._framed = True
        self.canvas = Canvas()
        self.canvas.setAccessibleName(self.tr("Image"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.empty = EmptyState(IMAGE_SOURCES)
        self.empty.say(self._invitation())
        self.empty.wanted.connect(self.wanted)
        self._pages = PageStack()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.canvas)
        column.addWidget(self._pages)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.clicked.connect(lambda y, x: app.selection.set_position((y, x)))
        app.images.opening.connect(self._wait)
        app.images.failed.connect(lambda *_: self._show(app.selection.image))
        app.selection.image_changed.connect(self._show)
        app.selection.model_changed.connect(lambda _: self._frame())
        app.selection.position_changed.connect(self.canvas.set_position)

    def _invitation(self) -> str:
        return self.tr("Drop images, folders, weights or saved results here")

    def _wait(self, path: str) -> None:
        """Show the name of an image that is being opened, if none is shown."""
        if self._app.selection.image is None:
            name = Path(path).name
            self.canvas.set_message(self.tr("Opening {0}").format(name))
            self._pages.setCurrentWidget(self.canvas)

    def _show(self, image: Image | None) -> None:
        self._pages.setCurrentWidget(self.empty if image is None else self.canvas)
        if image is None:
            return
        self.canvas.set_image(seen(image))
        self.canvas.setAccessibleDescription(image.name)
        self.canvas.fit()
        self._frame()

    def set_framed(self, *, framed: bool) -> None:
        """Show or hide the outline of what the network sees."""
        self._framed = framed
        self._frame()

    def _frame(self) -> None:
        """Update the outline of what the network sees."""
        chosen = self._app.selection
        self.canvas.set_marks(*(input_marks(chosen) if self._framed else ()))


def input_marks(chosen: Selection) -> tuple[Mark, ...]:
    """Return the outline of the part of the image that the network sees."""
    if chosen.image is None or chosen.model is None:
        return ()
    placement = chosen.model.preprocess.placement(chosen.image.size)
    return (Mark(placement.input_in_photo(), MarkStyle.INPUT),)


def seen(image: Image) -> NDArray[np.uint8]:
    """Convert an image of any depth and channels to uint8 (H, W) or (H, W, 3)."""
    pixels: NDArray[Any] = image.pixels
    if image.channels == 1:
        pixels = pixels[..., 0]
    elif image.channels != _COLORS:
        pixels = pixels[..., [0, 1, min(2, image.channels - 1)]]
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    scaled: NDArray[np.uint8] = (pixels.clip(0, 1) * 255).round().astype(np.uint8)
    return scaled
