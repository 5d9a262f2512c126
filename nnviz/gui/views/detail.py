"""One tile of a mosaic, large, on top of the photograph, with its figures."""

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from nnviz.base.images import Image
from nnviz.base.results import Heatmap, Mosaic
from nnviz.gui.views.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.heatmap import bounds_on, lies_over
from nnviz.gui.views.legend import Legend
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE
from nnviz.render import colormaps, overlays
from nnviz.render.colormaps import Colours, Scale
from nnviz.render.pictures import rgb8
from nnviz.render.words import number

_COLOUR_AXES = 3


class TileDetail(QWidget):
    """Shows a tile over the photograph where it lies, or alone.

    Signals:
        hovered: what is under the cursor, in words.
    """

    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Selected tile"))
        self.canvas.hovered.connect(self.hovered)
        self.title = QLabel(self)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.figures = QLabel(self)
        self.figures.setObjectName("muted")
        self.figures.setWordWrap(True)
        self.legend = Legend(self)
        for label in (self.title, self.figures):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        layout.setSpacing(SMALL_SPACE)
        layout.addWidget(self.title)
        layout.addWidget(self.canvas)
        layout.addWidget(self.figures)
        layout.addWidget(self.legend)
        layout.addStretch()

    def set_room(self, width: int, height: int) -> None:
        """Give the picture a square, or what there is of it."""
        lines = 5 * self.fontMetrics().height() + 4 * SPACE
        side = min(width - 2 * SPACE, height - lines)
        self.canvas.setFixedHeight(max(self.canvas.minimumSizeHint().height(), side))

    def show_tile(self, mosaic: Mosaic, tile: int, image: Image | None) -> None:
        """Show a tile by the network's own index, on a scale of its own."""
        values = mosaic.tiles[tile]
        caption = mosaic.caption(tile)
        self.title.setText(f"{mosaic.noun} {caption}")
        self.figures.setText(_figures(mosaic, tile))
        scale = colormaps.scale_of(values, signed=mosaic.signed)
        if values.ndim == _COLOUR_AXES:
            self.legend.set_scale(None, mosaic.unit, _stretch(scale))
            self._show_alone(_stretched(values, scale))
            return
        self.legend.set_scale(scale, mosaic.unit)
        heat = Heatmap(
            values=values,
            signed=mosaic.signed,
            unit=mosaic.unit,
            frame=mosaic.frame,
            placement=mosaic.placement,
        )
        if image is not None and lies_over(heat, image):
            self._show_over(heat, scale, image)
        elif scale.flat:
            self.canvas.set_message(scale.problem)
        else:
            name = colormaps.default_map(signed=scale.signed)
            self._show_alone(colormaps.apply(values, name, scale.low, scale.high))

    def _show_alone(self, pixels: Colours) -> None:
        self.canvas.set_overlay(None)
        self.canvas.set_marks()
        self.canvas.set_picture(pixels)

    def _show_over(self, heat: Heatmap, scale: Scale, image: Image) -> None:
        box = bounds_on(heat, image)
        self.canvas.set_picture(rgb8(image.pixels))
        self.canvas.set_overlay(
            None if scale.flat else overlays.layer(heat, scale), box
        )
        self.canvas.set_marks(Mark(box, MarkStyle.INPUT))


def _stretched(values: Colours, scale: Scale) -> Colours:
    return colormaps.levels(np.nan_to_num(values), scale.low, scale.high)


def _stretch(scale: Scale) -> str:
    """Say how numbers became colours."""
    if scale.signed:
        return f"±{number(scale.high)}, zero is middle grey"
    return f"{number(scale.low)} to {number(scale.high)}, dark to bright"


def _figures(mosaic: Mosaic, tile: int) -> str:
    """Return rank, size, smallest, mean and largest value in one line."""
    values = mosaic.tiles[tile]
    finite = values[np.isfinite(values)]
    rows, columns = values.shape[:2]
    places = np.flatnonzero(mosaic.order == tile)
    parts = [f"{rows} × {columns}"]  # noqa: RUF001
    if finite.size:
        parts += [
            f"min {number(float(finite.min()))}",
            f"mean {number(float(finite.mean()))}",
            f"max {number(float(finite.max()))}",
        ]
    if places.size:
        parts.append(f"place {int(places[0]) + 1} of {len(mosaic.order)}")
    return "  ·  ".join(parts)
