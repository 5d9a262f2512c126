"""A map of numbers, over the photograph or alone."""

from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.frames import Frame
from nnviz.base.images import Image
from nnviz.base.results import Heatmap
from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.canvas.lines import draw_words
from nnviz.gui.views.canvas.viewport import Bounds, Viewport
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.tokens import SPACE, tokens_of
from nnviz.gui.views.widgets.legend import Legend
from nnviz.gui.views.widgets.legend_bar import LegendBar
from nnviz.gui.views.widgets.opacity import OpacitySlider
from nnviz.render import colormaps, overlays, sheets
from nnviz.render.colormaps import Scale
from nnviz.render.pictures import rgb8
from nnviz.render.words import number


class HeatmapView(ResultView):
    """Shows a ``Heatmap`` with its legend, opacity, smoothing and range."""

    result: Heatmap | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Map"))
        self.canvas.set_readout(self._read)
        self.canvas.set_drawing(self._say)
        self.canvas.hovered.connect(self.hovered)
        self.setFocusProxy(self.canvas)
        self.legend = Legend(self)
        self.opacity = OpacitySlider(self.tr("Opacity of the map"), self)
        self.smooth = QCheckBox(self.tr("Smooth"), self)
        self.clip = clip_box(self)
        self._words = ""
        self._set_up_controls()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(LegendBar(self.legend, self.opacity, self.clip, self.smooth))

    def update_view(self) -> None:
        """Paint the map over the photograph, or alone; or say why there is none."""
        heat = self.result
        if heat is None:
            return
        whole = colormaps.scale_of(heat.values, signed=heat.signed)
        scale = whole
        if self.clip.isChecked():
            scale = sheets.robust_scale(heat.values, whole)
        over = lies_over(heat, self.image)
        self.legend.set_scale(scale, heat.unit, self._remark(heat), whole)
        self.opacity.setVisible(over)
        self._words = self._problem(heat, scale) if scale.flat else ""
        if over and self.image is not None:
            self._paint_over(heat, scale, self.image)
        elif scale.flat:
            self.canvas.set_message(self._words)
        else:
            self._paint_alone(heat, scale)

    def changeEvent(self, event: QEvent) -> None:
        """Take the colours of another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.update_view()

    def _paint_over(self, heat: Heatmap, scale: Scale, image: Image) -> None:
        self.canvas.set_picture(rgb8(image.pixels))
        box = bounds_on(heat, image)
        layer = None
        if not scale.flat:
            name = tokens_of(self.palette()).colormap(signed=heat.signed)
            layer = overlays.layer(heat, scale, name, self.opacity.share())
        self.canvas.set_overlay(layer, box, smooth=self.smooth.isChecked())
        self.canvas.set_marks(Mark(box, MarkStyle.INPUT))

    def _paint_alone(self, heat: Heatmap, scale: Scale) -> None:
        name = tokens_of(self.palette()).colormap(signed=heat.signed)
        pixels = colormaps.apply(heat.values, name, scale.low, scale.high)
        self.canvas.set_marks()
        self.canvas.set_picture(pixels)
        self.canvas.set_overlay(
            pixels if self.smooth.isChecked() else None, smooth=True
        )

    def _say(self, painter: QPainter, view: Viewport) -> None:
        """Say over the photograph why there is no map on it."""
        del view
        if self._words:
            middle = QPointF(self.canvas.width() / 2, SPACE)
            words = self._words.replace("\n", "  ·  ")
            draw_words(painter, middle, words, tokens_of(self.palette()))

    def _problem(self, heat: Heatmap, scale: Scale) -> str:
        rows, columns = heat.values.shape
        return self.tr("%s: nothing to paint.\n%s × %s values") % (
            scale.problem[:1].upper() + scale.problem[1:],
            rows,
            columns,
        )

    def _remark(self, heat: Heatmap) -> str:
        rows, columns = heat.values.shape
        shown = self.tr("interpolated") if self.smooth.isChecked() else ""
        size = f"{rows} × {columns}"
        return f"{size} {shown}".strip()

    def _read(self, y: float, x: float) -> str:
        heat = self.result
        if heat is None:
            return ""
        if lies_over(heat, self.image) and self.image is not None:
            return _read_over(heat, self.image, y, x)
        return f"row {int(y)}, column {int(x)} · {_worded(heat, int(y), int(x))}"

    def _set_up_controls(self) -> None:
        self.opacity.set_share(overlays.OPACITY)
        self.smooth.setToolTip(
            self.tr("Interpolate between the map's values; off shows them as squares")
        )
        self.opacity.changed.connect(self.update_view)
        self.smooth.toggled.connect(self.update_view)
        self.clip.toggled.connect(self.update_view)


def clip_box(parent: QWidget) -> QCheckBox:
    """Return the switch that keeps a few outliers from darkening all the rest."""
    box = QCheckBox(parent.tr("Clip outliers"), parent)
    box.setChecked(True)
    share = f"{sheets.CLIP:g} %"
    box.setToolTip(
        parent.tr(
            "Let the colors span %s of the values where a few outliers would use up "
            "most of the range. The legend says so. Off shows the whole range."
        )
        % share
    )
    return box


def lies_over(heat: Heatmap, image: Image | None) -> bool:
    """Tell whether the map belongs on this photograph."""
    if image is None or heat.frame is None:
        return False
    return heat.frame is Frame.PHOTO or heat.placement is not None


def bounds_on(heat: Heatmap, image: Image) -> Bounds:
    """Return where the map lies on the photograph, px."""
    rows, columns = overlays.covered(heat)
    height, width = image.size
    return rows[0] * height, columns[0] * width, rows[1] * height, columns[1] * width


def _read_over(heat: Heatmap, image: Image, y: float, x: float) -> str:
    colour = "  ".join(number(float(part)) for part in image.pixels[int(y), int(x)])
    place = f"x {int(x)}  y {int(y)} px  ·  {colour}"
    top, left, bottom, right = bounds_on(heat, image)
    rows, columns = heat.values.shape
    row = int((y - top) / (bottom - top) * rows // 1)
    column = int((x - left) / (right - left) * columns // 1)
    if 0 <= row < rows and 0 <= column < columns:
        return f"{place}  ·  {_worded(heat, row, column)}"
    return f"{place}  ·  outside the network's input"


def _worded(heat: Heatmap, row: int, column: int) -> str:
    return f"{heat.unit} {number(float(heat.values[row, column]))}"
