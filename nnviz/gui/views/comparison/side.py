"""Tile of a comparison: canvas, captions, and the value under the cursor."""

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.images import Image
from nnviz.base.results import ColorImage, Heatmap
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.viewport import ViewState
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.render.boards import scale_locks as boards
from nnviz.render.boards.scale_locks import Tile
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.maps import overlays
from nnviz.render.palette import PAPER, SCREEN, Ink
from nnviz.render.text.words import number

Share = tuple[float, float]
"""A position on the photo, as fractions of its height and width."""


def ink_of(widget: QWidget) -> Ink:
    """Return the board colors that suit a widget's theme."""
    return SCREEN if tokens_of(widget.palette()).dark else PAPER


def name_of(tile: Tile) -> str:
    """Return the tile's row and column as text."""
    return " ".join(each for each in (tile.title_row, tile.title_column) if each)


def value_at(tile: Tile, place: Share) -> str:
    """Return a tile's value at a position as text; "" outside.

    Args:
        tile: a map, or an image.
        place: position as fractions of the image's (or the map's own) height and width.
    """
    result = tile.result
    if isinstance(result, ColorImage):
        pixels = result.pixels
        row, column = int(place[0] * pixels.shape[0]), int(place[1] * pixels.shape[1])
        return "  ".join(number(float(each)) for each in pixels[row, column])
    cell = cell_at(result, tile.image, place)
    if cell is None:
        return ""
    return f"{number(float(result.values[cell]))} {result.unit}"


def pixel_at(image: Image | None, place: Share) -> str:
    """Return an image's pixel at a position as text; "" without an image.

    Args:
        image: image below a tile's map.
        place: position as fractions of its height and width.
    """
    if image is None:
        return ""
    height, width = image.size
    y, x = (
        min(int(place[0] * height), height - 1),
        min(int(place[1] * width), width - 1),
    )
    color = "  ".join(number(float(part)) for part in image.pixels[y, x])
    return f"x {x}  y {y} px  ·  {color}"


def cell_at(heat: Heatmap, image: Image | None, place: Share) -> tuple[int, int] | None:
    """Return the row and column of a map at a position of its image."""
    spans = overlays.covered(heat) if image is not None else ((0, 1), (0, 1))
    row, column = (
        int(np.floor((share - span[0]) / (span[1] - span[0]) * cells))
        for share, span, cells in zip(place, spans, heat.values.shape, strict=True)
    )
    rows, columns = heat.values.shape
    return (row, column) if 0 <= row < rows and 0 <= column < columns else None


class Side(QWidget):
    """View of one tile, linked with others by zoom and pointing.

    Signals:
        pointed: position of the cursor as fractions of height and width; None outside.
        chosen: the tile was clicked.
    """

    pointed = Signal(object)
    chosen = Signal()

    def __init__(
        self, state: ViewState, parent: QWidget | None = None, *, named: bool = False
    ) -> None:
        """Create an empty tile view.

        Args:
            state: zoom and center, shared with others.
            parent: as for all widgets.
            named: whether to write the tile's name before its value.
        """
        super().__init__(parent)
        self.tile: Tile | None = None
        self._picture: Colors | None = None
        self._named = named
        self._range = ""
        self.canvas = Canvas(self, state)
        self.canvas.pointed.connect(self._point)
        self.canvas.clicked.connect(lambda *_: self.chosen.emit())
        self.setFocusProxy(self.canvas)
        self.words = ElidedLabel(self, Qt.AlignmentFlag.AlignHCenter)
        self.words.setObjectName("muted")
        self.words.setContentsMargins(SPACE, SMALL_SPACE, SPACE, SMALL_SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.words)

    def show_tile(self, tile: Tile, scale: Scale | None) -> None:
        """Paint a tile and show it, keeping the zoom."""
        self.show_painted(tile, scale, image_of(tile, scale, ink_of(self)))

    def show_painted(self, tile: Tile, scale: Scale | None, picture: Colors) -> None:
        """Show a painted tile, uint8 (H, W, 3), keeping the zoom."""
        if tile is self.tile and picture is self._picture:
            return
        self.tile, self._picture = tile, picture
        self._range = boards.raw_range(tile, unit=self._named)
        self.canvas.setAccessibleName(name_of(tile))
        colors = boards.color_range(scale) if scale is not None else ""
        whole = boards.raw_range(tile)
        lines = [each for each in (whole, colors) if each]
        self.words.setToolTip(literal("\n".join(lines)))
        self.canvas.set_image(picture)
        self.show_value(None)

    def show_value(self, place: Share | None) -> None:
        """Show the value at the position pointed to, in this tile or another."""
        if self.tile is None:
            return
        size = self.canvas.image_size
        marked = None if place is None or size is None else place
        self.canvas.set_position(
            (marked[0] * size[0], marked[1] * size[1]) if marked and size else None
        )
        value = value_at(self.tile, place) if place is not None else ""
        words = [name_of(self.tile) if self._named else "", value or self._range]
        self.words.setText("  ·  ".join(each for each in words if each))

    def _point(self, y: float, x: float) -> None:
        size = self.canvas.image_size
        if np.isnan(y) or size is None:
            self.pointed.emit(None)
        else:
            self.pointed.emit((y / size[0], x / size[1]))


def image_of(tile: Tile, scale: Scale | None, ink: Ink) -> Colors:
    """Paint a tile into contiguous memory."""
    return np.ascontiguousarray(boards.flat_image(tile, scale, ink))
