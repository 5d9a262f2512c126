"""View of a segmentation."""

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from nnviz.base.images import rgb8
from nnviz.base.results import Mask
from nnviz.gui.views.canvas import lines
from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.canvas.viewport import Bounds, Viewport
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.gui.views.widgets.keys import NONE, Key, Keys
from nnviz.gui.views.widgets.opacity import OpacitySlider
from nnviz.render.maps import masks, overlays
from nnviz.render.maps.classes import class_colors
from nnviz.render.palette import PANEL
from nnviz.render.text import paragraphs as text
from nnviz.render.text.words import percent

_KEYS_FROM = 480
"""Minimum width of the view with the list of classes, px."""
_LINE = QColor(255, 255, 255, 200)


class MaskView(ResultView):
    """View of a ``Mask`` with legend, opacity and outlines.

    Hovering over a row of the legend shows that class alone; a click makes this
    permanent.
    """

    result: Mask | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Segments"))
        self.canvas.set_drawing(self._draw)
        self.canvas.set_readout(self._read)
        self.canvas.hovered.connect(self.hovered)
        self.setFocusProxy(self.canvas)
        self.keys = Keys(self)
        self.keys.setAccessibleName(self.tr("Classes"))
        self.keys.pointed.connect(self._hover)
        self.keys.chosen.connect(self._choose)
        self.outlined = QCheckBox(self.tr("Outlines"), self)
        self.outlined.setChecked(True)
        self.outlined.toggled.connect(self.canvas.update)
        self.opacity = OpacitySlider(self.tr("Opacity of the segments"), self)
        self.opacity.set_share(masks.OPACITY)
        self.opacity.changed.connect(self._lay)
        self._summary = ElidedLabel(self, Qt.AlignmentFlag.AlignLeft)
        self._shown: list[int] = []
        self._chosen: int | None = None
        self._under: int | None = None
        self._lines: list[QLineF] = []
        self._arrange()

    def update_view(self) -> None:
        """Show the classes over the image, keeping zoom and selection."""
        mask = self.result
        if mask is None:
            return
        if self.image is not None:
            self.canvas.set_image(rgb8(self.image.pixels))
        else:
            size = overlays.extent_of(mask)
            self.canvas.set_image(text.sheet(*size, PANEL))
        shares = masks.shown_shares(mask)
        self._shown = list(shares)
        self._under = None
        if self._chosen not in shares:
            self._chosen = None
        self._lines = lines.lines_of(masks.edges(mask.classes))
        self._summary.setText(_summary(mask, len(shares)))
        colors = class_colors(mask.labels)
        keys = [Key(colors[k], mask.labels[k], percent(v)) for k, v in shares.items()]
        chosen = NONE if self._chosen is None else self._shown.index(self._chosen)
        self.keys.set_keys(keys, chosen)
        self.canvas.set_marks(Mark(self._bounds(mask), MarkStyle.INPUT))
        self._lay()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the list where there is no room."""
        super().resizeEvent(event)
        self.keys.setVisible(self.width() >= _KEYS_FROM)

    def _bounds(self, mask: Mask) -> Bounds:
        (top, bottom), (left, right) = overlays.covered(mask)
        height, width = self.canvas.image_size or (1, 1)
        return top * height, left * width, bottom * height, right * width

    def _lay(self) -> None:
        """Show the colors of all classes, or of one, over the image."""
        mask = self.result
        if mask is None:
            return
        only = self._chosen if self._under is None else self._under
        pixels = masks.layer(mask, self.opacity.share(), only=only)
        self.canvas.set_overlay(pixels, self._bounds(mask))

    def _hover(self, row: int) -> None:
        under = None if row == NONE else self._shown[row]
        if under != self._under:
            self._under = under
            self._lay()

    def _choose(self, row: int) -> None:
        self._chosen = None if row == NONE else self._shown[row]
        self._lay()
        self.target_chosen.emit("" if row == NONE else f"segment:{self._chosen}")

    def _read(self, y: float, x: float) -> str:
        mask = self.result
        if mask is None:
            return ""
        place = f"x {int(x)}  y {int(y)} px"
        top, left, bottom, right = self._bounds(mask)
        rows, columns = mask.classes.shape
        row = int((y - top) / (bottom - top) * rows // 1)
        column = int((x - left) / (right - left) * columns // 1)
        if not (0 <= row < rows and 0 <= column < columns):
            return self.tr("%s · outside the network's input") % place
        name = mask.labels[mask.classes[row, column]]
        sure = percent(float(mask.confidence[row, column]))
        return f"{place}  ·  {name}  ·  {sure}"

    def _draw(self, painter: QPainter, view: Viewport) -> None:
        mask = self.result
        if mask is None:
            return
        if not self._shown:
            words = _summary(mask, 0)
            middle = QPointF(self.canvas.width() / 2, SPACE)
            lines.draw_words(painter, middle, words, tokens_of(self.palette()))
        if self.outlined.isChecked():
            size = mask.classes.shape[0], mask.classes.shape[1]
            bounds = self._bounds(mask)
            lines.draw_lines(painter, view, bounds, size, self._lines, _LINE)

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE, SPACE, SPACE, SMALL_SPACE)
        bar.setSpacing(2 * SPACE)
        self._summary.setObjectName("muted")
        bar.addWidget(self._summary, 1)
        bar.addWidget(self.opacity)
        bar.addWidget(self.outlined)
        beside = QHBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.canvas, 1)
        beside.addWidget(self.keys, 0, Qt.AlignmentFlag(0))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(beside, 1)
        layout.addLayout(bar)


def _summary(mask: Mask, count: int) -> str:
    """Return the number of classes and the mask's size as text."""
    rows, columns = mask.classes.shape
    size = f"{rows} × {columns} px"
    if not count:
        return f"{masks.summary(mask)}  ·  {size}"
    return f"{count} {'class' if count == 1 else 'classes'}  ·  {size}"
