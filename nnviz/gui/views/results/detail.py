"""Detail view of a mosaic's tile, enlarged over the image, with its statistics."""

import numpy as np
from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from nnviz.base.images import Image, rgb8
from nnviz.base.results import Heatmap, Mosaic
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.results.heatmap import bounds_on, lies_over
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.gui.views.widgets.legend import Legend
from nnviz.render import colormaps, sheets
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.maps import overlays
from nnviz.render.text.words import number

_COLOR_AXES = 3


class TileDetail(QWidget):
    """Enlarged tile, over the part of the image where it lies, or alone.

    Signals:
        hovered: text about the position under the cursor.
    """

    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Selected tile"))
        self.canvas.hovered.connect(self.hovered)
        self.title = _words(self, "title")
        self.place = _words(self, "muted")
        self.figures = _words(self, "muted")
        self.figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.figures.setAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self._texts: tuple[str, ...] = ("",)
        self.legend = Legend(self, lines=1)
        head = QHBoxLayout()
        head.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        head.setSpacing(SPACE)
        head.addWidget(self.title)
        head.addWidget(self.place)
        head.addWidget(self.figures, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(SPACE, SPACE, SPACE, SMALL_SPACE)
        foot.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(foot)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the statistics to the available room."""
        super().resizeEvent(event)
        self._fit_figures()

    def _fit_figures(self) -> None:
        metrics = self.figures.fontMetrics()
        words = (self.title, self.place)
        room = self.width() - 4 * SPACE - sum(each.sizeHint().width() for each in words)
        fitting = [t for t in self._texts if metrics.horizontalAdvance(t) <= room]
        self.figures.setText(fitting[0] if fitting else "")
        self.figures.setToolTip(literal(self._texts[0]))

    def show_tile(
        self, mosaic: Mosaic, tile: int, image: Image | None, *, clip: bool
    ) -> None:
        """Show a tile by its index in the network, on its own scale.

        Args:
            mosaic: mosaic of the tile.
            tile: index of the tile in the network.
            image: the image, if any.
            clip: whether to clip outliers.
        """
        values = mosaic.tiles[tile]
        self.title.setText(mosaic.name(tile))
        self.place.setText(_place(mosaic, tile))
        self._texts = _figures(values)
        self._fit_figures()
        whole = colormaps.scale_of(values, signed=mosaic.signed)
        scale = sheets.robust_scale(values, whole) if clip else whole
        remark = self.tr("its own range") if mosaic.shared_scale else ""
        colors = values.ndim == _COLOR_AXES
        self.legend.set_scale(scale, mosaic.unit, remark, whole, colors=colors)
        if colors:
            self._show_alone(_stretched(values, scale))
            return
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
            name = tokens_of(self.palette()).colormap(signed=scale.signed)
            self._show_alone(colormaps.apply(values, name, scale.low, scale.high))

    def _show_alone(self, pixels: Colors) -> None:
        self.canvas.set_overlay(None)
        self.canvas.set_marks()
        self.canvas.margin = SPACE
        self.canvas.set_image(pixels)

    def _show_over(self, heat: Heatmap, scale: Scale, image: Image) -> None:
        box = bounds_on(heat, image)
        name = tokens_of(self.palette()).colormap(signed=scale.signed)
        self.canvas.margin = 0
        self.canvas.set_image(rgb8(image.pixels))
        self.canvas.set_overlay(
            None if scale.flat else overlays.layer(heat, scale, name), box
        )
        self.canvas.set_marks(Mark(box, MarkStyle.INPUT))


def _words(parent: QWidget, style: str = "") -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setObjectName(style)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _stretched(values: Colors, scale: Scale) -> Colors:
    return colormaps.levels(np.nan_to_num(values), scale.low, scale.high)


def _place(mosaic: Mosaic, tile: int) -> str:
    places = np.flatnonzero(mosaic.order == tile)
    if not places.size:
        return ""
    words = QCoreApplication.translate("Detail", "{0} of {1}")
    return words.format(int(places[0]) + 1, len(mosaic.order))


def _figures(values: Colors) -> tuple[str, ...]:
    """Return lines of size, minimum, mean and maximum, the longest line first."""
    finite = values[np.isfinite(values)]
    rows, columns = values.shape[:2]
    size = f"{rows} × {columns}"
    if not finite.size:
        return (size,)
    low, mean, high = (
        number(float(each)) for each in (finite.min(), finite.mean(), finite.max())
    )
    middle = QCoreApplication.translate("Detail", "mean {0}").format(mean)
    ends = f"min {low}", f"max {high}"
    return (
        "  ·  ".join((size, ends[0], middle, ends[1])),
        "  ·  ".join(ends),
        size,
    )
