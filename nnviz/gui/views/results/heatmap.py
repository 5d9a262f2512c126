"""View of a heatmap, over the image or alone."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.frames import Frame
from nnviz.base.images import Image, rgb8
from nnviz.base.results import Heatmap
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.canvas.lines import draw_words
from nnviz.gui.views.canvas.viewport import Bounds, Viewport
from nnviz.gui.views.results.base import PAINTED_WIDTH, Painting, ResultView
from nnviz.gui.views.tokens import SPACE, tokens_of
from nnviz.gui.views.widgets.legend import Legend, LegendBar
from nnviz.gui.views.widgets.map_controls import MapControls
from nnviz.render import colormaps, report, sheets
from nnviz.render.colormaps import Scale
from nnviz.render.maps import heatmaps, overlays
from nnviz.render.maps.heatmaps import Ground, MapLook
from nnviz.render.text.words import number


class HeatmapView(ResultView):
    """View of a ``Heatmap`` with its legend and controls of its look."""

    result: Heatmap | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Map"))
        self.canvas.set_readout(self._read)
        self.canvas.set_drawing(self._say)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.clicked.connect(self._choose_position)
        self.setFocusProxy(self.canvas)
        self.legend = Legend(self)
        self.controls = MapControls(self)
        self.smooth = QCheckBox(self.tr("Interpolate"), self)
        self._words = ""
        self._usual = heatmaps.PLAIN
        self._looks: dict[MapLook, MapLook] = {}
        """The user's variant of each default look, kept for later maps."""
        self._below = Backdrop()
        self._set_up_controls()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        line = (self.controls.opacity, self.controls.clip, self.smooth)
        layout.addWidget(LegendBar(self.legend, *line))
        layout.addWidget(self.controls)

    @property
    def look(self) -> MapLook:
        """The look of the map."""
        return self._looks.get(self._usual, self._usual)

    def figure_look(self) -> MapLook:
        """Return the map's look."""
        return self.look

    def show_result(
        self,
        result: Any,
        image: Image | None,
        stale: bool = False,  # noqa: FBT001, FBT002 - part of the contract
    ) -> None:
        """Show a map in its default look, or in the user's."""
        self._usual = heatmaps.usual_look(result)
        super().show_result(result, image, stale)

    def painting(self) -> Painting:
        """Return a function that paints the map for export, in its current look."""
        if self.result is None:
            return super().painting()
        width = max(self.width(), PAINTED_WIDTH)
        return partial(report.paint_map, self.result, self.image, width, look=self.look)

    def update_view(self) -> None:
        """Paint the map over the image or alone, or show why there is none."""
        heat = self.result
        if heat is None:
            return
        look, over = self.look, lies_over(heat, self.image)
        self.controls.show_look(look, sparse=self._usual.gray, over=over)
        whole = heatmaps.scale_of(heat, replace(look, percentile=100))
        scale = heatmaps.scale_of(heat, look)
        name = self._colormap(heat)
        remark = self._remark(heat)
        self.legend.set_scale(scale, heat.unit, remark, whole, colormap=name)
        over = over and look.ground is Ground.IMAGE
        self._words = self._problem(heat, scale) if scale.flat else ""
        if over and self.image is not None:
            self._paint_over(heat, scale, self.image)
        elif scale.flat:
            self.canvas.set_message(self._words)
        else:
            self._paint_alone(heat, scale)

    def follow_theme(self) -> None:
        """Paint the map in another theme's colors."""
        self.update_view()

    def _paint_over(self, heat: Heatmap, scale: Scale, image: Image) -> None:
        self.canvas.set_image(self._below.of(image, gray=self.look.gray))
        box = bounds_on(heat, image)
        layer = None
        if not scale.flat:
            drawn = heatmaps.drawn(heat, scale, self.look)
            layer = overlays.layer(
                drawn, scale, self._colormap(heat), self.look.opacity
            )
        self.canvas.set_overlay(layer, box, smooth=self.smooth.isChecked())
        self.canvas.set_marks(Mark(box, MarkStyle.INPUT))

    def _paint_alone(self, heat: Heatmap, scale: Scale) -> None:
        drawn = heatmaps.drawn(heat, scale, self.look)
        name = self._colormap(heat)
        pixels = colormaps.apply(drawn.values, name, scale.low, scale.high)
        self.canvas.set_marks()
        self.canvas.set_image(pixels)
        self.canvas.set_overlay(
            pixels if self.smooth.isChecked() else None, smooth=True
        )

    def _colormap(self, heat: Heatmap) -> str:
        """Return the color map that suits the background."""
        if self.look.ground is Ground.IMAGE:
            return tokens_of(self.palette()).colormap(signed=heat.signed)
        return heatmaps.colormap_of(self.look, signed=heat.signed)

    def _say(self, painter: QPainter, view: Viewport) -> None:
        """Draw the reason why no map is shown over the image."""
        del view
        if self._words:
            middle = QPointF(self.canvas.width() / 2, SPACE)
            words = self._words.replace("\n", "  ·  ")
            draw_words(painter, middle, words, tokens_of(self.palette()))

    def _problem(self, heat: Heatmap, scale: Scale) -> str:
        rows, columns = heat.values.shape
        return self.tr("%s: nothing to display.\n%s × %s values") % (
            scale.problem[:1].upper() + scale.problem[1:],
            rows,
            columns,
        )

    def _remark(self, heat: Heatmap) -> str:
        rows, columns = heat.values.shape
        shown = self.tr("interpolated") if self.smooth.isChecked() else ""
        size = f"{rows} × {columns} {shown}".strip()
        return " · ".join(part for part in (self.look.words, size) if part)

    def _choose_position(self, y: float, x: float) -> None:
        """Emit the clicked position of the photo, if the map lies over one."""
        if self.result is not None and lies_over(self.result, self.image):
            self.position_chosen.emit(y, x)

    def _read(self, y: float, x: float) -> str:
        heat = self.result
        if heat is None:
            return ""
        if lies_over(heat, self.image) and self.image is not None:
            return _read_over(heat, self.image, y, x)
        place = self.tr("row {0}, column {1}").format(int(y), int(x))
        return f"{place} · {_worded(heat, int(y), int(x))}"

    def _set_up_controls(self) -> None:
        self.smooth.setToolTip(
            self.tr("Interpolate between the map's values; off shows them as squares")
        )
        self.controls.changed.connect(self._take_look)
        self.smooth.toggled.connect(self.update_view)

    def _take_look(self) -> None:
        self._looks[self._usual] = self.controls.look
        self.update_view()


class Backdrop:
    """The image below a map, gray if the look asks for it; cached for one image."""

    def __init__(self) -> None:
        self._made: tuple[Image, bool, NDArray[np.uint8]] | None = None

    def of(self, image: Image, *, gray: bool) -> NDArray[np.uint8]:
        """Return an image as uint8 (H, W, 3)."""
        if self._made is None or self._made[0] is not image or self._made[1] != gray:
            pixels = rgb8(image.pixels)
            self._made = image, gray, heatmaps.dimmed(pixels) if gray else pixels
        return self._made[2]


def clip_box(parent: QWidget) -> QCheckBox:
    """Build the check box that clips outliers from the color range."""
    box = QCheckBox(parent.tr("Clip outliers"), parent)
    box.setChecked(True)
    share = f"{sheets.CLIP:g} %"
    words = parent.tr(
        "Let the colors span %s of the values when a few outliers would take up "
        "most of the range; the legend says so. Off: the whole range."
    )
    box.setToolTip(literal(words % share))
    return box


def lies_over(heat: Heatmap, image: Image | None) -> bool:
    """Return whether the map lies over this image."""
    if image is None or heat.frame is None:
        return False
    return heat.frame is Frame.PHOTO or heat.placement is not None


def bounds_on(heat: Heatmap, image: Image) -> Bounds:
    """Return the rectangle of the map on the image, px."""
    rows, columns = overlays.covered(heat)
    height, width = image.size
    return rows[0] * height, columns[0] * width, rows[1] * height, columns[1] * width


def _read_over(heat: Heatmap, image: Image, y: float, x: float) -> str:
    color = "  ".join(number(float(part)) for part in image.pixels[int(y), int(x)])
    place = f"x {int(x)}  y {int(y)} px  ·  {color}"
    top, left, bottom, right = bounds_on(heat, image)
    rows, columns = heat.values.shape
    row = int((y - top) / (bottom - top) * rows // 1)
    column = int((x - left) / (right - left) * columns // 1)
    if 0 <= row < rows and 0 <= column < columns:
        return f"{place}  ·  {_worded(heat, row, column)}"
    outside = QCoreApplication.translate("HeatmapView", "outside the network's input")
    return f"{place}  ·  {outside}"


def _worded(heat: Heatmap, row: int, column: int) -> str:
    return f"{heat.unit} {number(float(heat.values[row, column]))}"
