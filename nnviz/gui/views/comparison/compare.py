"""Comparison of two results: side by side, swiped, blinking, or their difference."""

import enum

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.results import Heatmap
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.deferred_refresh import DeferredRefresh
from nnviz.gui.layout.flow import Flow, flow
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import Layer, layer_of
from nnviz.gui.views.canvas.lines import draw_grip, draw_words
from nnviz.gui.views.canvas.viewport import Viewport, ViewState
from nnviz.gui.views.comparison.side import (
    Share,
    Side,
    image_of,
    ink_of,
    name_of,
    pixel_at,
    value_at,
)
from nnviz.gui.views.results.heatmap import HeatmapView
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.gui.views.widgets.legend import Legend
from nnviz.render import differences
from nnviz.render.boards import scale_locks as boards
from nnviz.render.boards.board_image import agreement_words
from nnviz.render.boards.scale_locks import Lock, Tile
from nnviz.render.normalized import Norm, normalized

_BLINK_MS = 600


class Mode(enum.Enum):
    """The mode of the comparison."""

    SIDES = "sides"
    SWIPE = "swipe"
    BLINK = "blink"
    DIFFERENCE = "difference"


class CompareView(QWidget):
    """View of two results with one zoom; the readout shows the values of both.

    Signals:
        hovered: the values of both under the cursor, in words; empty when it leaves.
    """

    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._given: tuple[Tile, Tile] | None = None
        self._pair: tuple[Tile, Tile] | None = None
        self._themed = DeferredRefresh(self, self._fill)
        self._mode = Mode.SIDES
        self.state = ViewState(self)
        self.sides = (
            Side(self.state, self, named=True),
            Side(self.state, self, named=True),
        )
        self.over = Canvas(self, self.state)
        self.over.setAccessibleName(self.tr("Both results"))
        self.over.set_drawing(self._draw_second)
        self.over.pointed.connect(self._point_over)
        self.difference = HeatmapView(self)
        self.difference.hovered.connect(self.hovered)
        self.legend = Legend(self)
        self.locked = QCheckBox(self.tr("One scale"), self)
        self.locked.setChecked(True)
        self.locked.setToolTip(
            self.tr(
                "On: colors are comparable between the two. Off: each uses its "
                "own range."
            )
        )
        self.locked.toggled.connect(self._fill)
        self.norm = self._make_norm()
        self.agreement = ElidedLabel(self, Qt.AlignmentFlag.AlignLeft)
        self.agreement.setObjectName("muted")
        self.agreement.setToolTip(
            self.tr(
                "Spearman's rank correlation of the two maps, and the overlap of "
                "their strongest tenths"
            )
        )
        self._second: Layer | None = None
        self._split = 0.5
        self._showing_second = False
        self._timer = QTimer(self, interval=_BLINK_MS)
        self._timer.timeout.connect(self._blink)
        self._modes = QButtonGroup(self)
        self._arrange()
        for side in self.sides:
            side.pointed.connect(self._point)

    @property
    def mode(self) -> Mode:
        """The mode of the comparison."""
        return self._mode

    def set_pair(self, first: Tile, second: Tile) -> None:
        """Show two results, keeping mode and zoom."""
        self._given = (first, second)
        maps = [each.result for each in self._given if isinstance(each.result, Heatmap)]
        both = len(maps) == len(self._given)
        self.agreement.setText(agreement_words(*maps) if both else "")
        self.norm.setEnabled(bool(maps))
        self._normalize()

    def set_norm(self, norm: Norm) -> None:
        """Choose the normalization of the maps' values."""
        self.norm.setCurrentIndex(self.norm.findData(norm.value))
        self._normalize()

    def _normalize(self) -> None:
        """Normalize the values and show them."""
        if self._given is not None:
            norm = Norm(self.norm.currentData())
            first, second = (normalized(each, norm) for each in self._given)
            self._pair = (first, second)
        self._fill()

    def set_mode(self, mode: Mode) -> None:
        """Choose the mode."""
        self._mode = mode
        for each in self._modes.buttons():
            if each.property("mode") == mode.value:
                each.setChecked(True)
        self._fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show the other result on Space, in blink mode."""
        if event.key() == Qt.Key.Key_Space and self._mode is Mode.BLINK:
            self._timer.stop()
            self._blink()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Repaint in another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._pair is not None:
            self._themed.ask()

    def _fill(self) -> None:
        """Update the page of the current mode."""
        self._timer.stop()
        if self._pair is None:
            return
        lock = Lock.BOARD if self.locked.isChecked() else Lock.TILE
        scales = boards.scales(self._pair, lock)
        self._tell_scale(lock)
        if self._mode is Mode.DIFFERENCE:
            self.difference.show_result(
                differences.difference(*self._pair), self._pair[0].image
            )
        elif self._mode is Mode.SIDES:
            for n, side in enumerate(self.sides):
                side.show_tile(self._pair[n], scales.get(n))
        else:
            ink = ink_of(self)
            pictures = [
                image_of(tile, scales.get(n), ink) for n, tile in enumerate(self._pair)
            ]
            self._showing_second = False
            self._second = layer_of(pictures[1])
            self.over.set_image(pictures[0])
            if self._mode is Mode.BLINK:
                self._timer.start()
        self._pages.setCurrentIndex(_PAGES[self._mode])
        self.legend.setVisible(self._mode is not Mode.DIFFERENCE)

    def _tell_scale(self, lock: Lock) -> None:
        """Show the color range, where both share one."""
        pair = self._pair or ()
        units = [each.result.unit for each in pair if isinstance(each.result, Heatmap)]
        unit = ", ".join(dict.fromkeys(units))
        scales = boards.scales(pair, lock)
        if scales and lock is Lock.BOARD:
            whole = boards.scales(pair, lock, clip=False)
            first = next(iter(scales))
            self.legend.set_scale(scales[first], unit, "", whole[first])
        else:
            remark = self.tr("separate scales") if scales else ""
            self.legend.set_scale(None, unit, remark)

    # --- both on one canvas

    def _blink(self) -> None:
        self._showing_second = not self._showing_second
        self.over.update()

    def _draw_second(self, painter: QPainter, view: Viewport) -> None:
        """Paint the second result over the first: all of it, or beyond the divider."""
        if self._second is None:
            return
        height, width = self.over.image_size or (1, 1)
        whole = 0.0, 0.0, float(height), float(width)
        ratio = self.over.devicePixelRatioF()
        if self._mode is Mode.BLINK:
            if self._showing_second:
                self._second.paint(painter, view, whole, ratio)
            self._write_name(painter, int(self._showing_second), self.over.width() / 2)
            return
        y, x = view.to_widget(0, self._split * width)
        bottom, right = view.to_widget(height, width)
        painter.save()
        painter.setClipRect(
            QRectF(x, y, right - x, bottom - y), Qt.ClipOperation.IntersectClip
        )
        self._second.paint(painter, view, whole, ratio)
        painter.restore()
        draw_grip(painter, x, max(y, 0.0), min(bottom, float(self.over.height())))
        self._write_name(painter, 0, self.over.width() * 0.25)
        self._write_name(painter, 1, self.over.width() * 0.75)

    def _write_name(self, painter: QPainter, n: int, x: float) -> None:
        """Draw the name of the visible result."""
        if self._pair is not None:
            tokens = tokens_of(self.palette())
            draw_words(painter, QPointF(x, SPACE), name_of(self._pair[n]), tokens)

    def _point_over(self, y: float, x: float) -> None:
        size = self.over.image_size
        if np.isnan(y) or size is None:
            self._point(None)
            return
        if self._mode is Mode.SWIPE:
            self._split = x / size[1]
            self.over.update()
        self._point((y / size[0], x / size[1]))

    def _point(self, place: Share | None) -> None:
        """Read both results at a position."""
        if self._pair is None:
            return
        for side in self.sides:
            side.show_value(place)
        if place is None:
            self.hovered.emit("")
            return
        pixels = [pixel_at(tile.image, place) for tile in self._pair]
        words = [
            f"{name_of(tile)}: {value_at(tile, place) or self.tr('outside')}"
            for tile in self._pair
        ]
        first, second = (each.image for each in self._pair)
        if first is second or (first and second and first.sha256 == second.sha256):
            said = [pixels[0], *words]
        else:
            said = [pixels[0], words[0], pixels[1], words[1]]
        self.hovered.emit("  ·  ".join(filter(None, said)))

    def _arrange(self) -> None:
        beside = QWidget(self)
        pair = QHBoxLayout(beside)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(1)
        for side in self.sides:
            pair.addWidget(side)
        self._pages = PageStack()
        for page in (beside, self.over, self.difference):
            self._pages.addWidget(page)
        foot = flow(self.legend, self.norm, self.locked, spacing=2 * SPACE)
        foot.setContentsMargins(SPACE, SPACE, SPACE, SMALL_SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head())
        layout.addWidget(self._pages, 1)
        layout.addLayout(foot)
        self.setFocusProxy(self._pages)

    def _make_norm(self) -> QComboBox:
        """Build the choice of normalizations."""
        choice = ComboBox(self)
        choice.setAccessibleName(self.tr("What is compared"))
        for norm, name in (
            (Norm.RAW, self.tr("Raw values")),
            (Norm.PERCENTILE, self.tr("By percentile")),
            (Norm.RANK, self.tr("By rank")),
        ):
            choice.addItem(name, norm.value)
        choice.setToolTip(
            self.tr(
                "Maps in different units are compared by rank (the fraction of the "
                "map that is weaker), or in multiples of each map's 99th percentile."
            )
        )
        choice.activated.connect(lambda _: self._normalize())
        return choice

    def _head(self) -> Flow:
        head = flow(spacing=SMALL_SPACE)
        head.setContentsMargins(SPACE, SMALL_SPACE, SPACE, SMALL_SPACE)
        names = {
            Mode.SIDES: self.tr("Side by side"),
            Mode.SWIPE: self.tr("Swipe"),
            Mode.BLINK: self.tr("Blink"),
            Mode.DIFFERENCE: self.tr("Difference"),
        }
        for mode, name in names.items():
            segment = QPushButton(name, self)
            segment.setObjectName("segment")
            segment.setCheckable(True)
            segment.setChecked(mode is self._mode)
            segment.setProperty("mode", mode.value)
            segment.clicked.connect(lambda _=False, mode=mode: self.set_mode(mode))
            self._modes.addButton(segment)
            head.addWidget(segment)
        head.addWidget(self.agreement)
        return head


_PAGES = {Mode.SIDES: 0, Mode.SWIPE: 1, Mode.BLINK: 1, Mode.DIFFERENCE: 2}
