"""The chosen unit's portrait: small, wherever layers are looked at."""

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, icon_button, label
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import Bytes, image_of
from nnviz.render.dataset.exemplar_sheet import seen_patch
from nnviz.render.words import percent

_SIDE, _MOST = 84, 112
_GAP = 2


class PortraitPanel(QWidget):
    """Shows what the chosen unit looks for, and asks for those of the whole layer."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._bench = bench
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Synthetic image of the selected unit"))
        self._resize()
        self.title = label(style="heading", wrap=True)
        self.state = label(style="muted", wrap=True)
        self.imagine = icon_button(
            bench.look,
            "sparkles",
            self.tr("Render it large, as a recording"),
            self._imagine,
        )
        self.layer = icon_button(
            bench.look,
            "grid-3x3",
            self.tr("Synthetic images of this layer (Ctrl+Shift+P)"),
            self._toggle_layer,
        )
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.state)
        self.exemplars = ExemplarStrip(bench)
        words.addWidget(self.exemplars)
        words.addStretch(1)
        words.addLayout(flow(self.imagine, self.layer, None))
        whole = QHBoxLayout(self)
        whole.setContentsMargins(MARGIN, GRID, 2 * GRID, GRID)
        whole.setSpacing(2 * GRID)
        whole.addWidget(self.canvas, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(words, 1)
        bench.portraits.changed.connect(self._show)
        bench.selection.layer_changed.connect(lambda _: self._show())
        bench.look.changed.connect(self._resize)
        self._show()

    def _resize(self) -> None:
        side = min(_MOST, self._bench.look.px(_SIDE))
        self.canvas.setFixedSize(QSize(side, side))

    def _show(self) -> None:
        portraits, selection = self._bench.portraits, self._bench.selection
        sitter, pixels = portraits.sitter, portraits.pixels
        if pixels is not None:
            self.canvas.set_picture(pixels)
        else:
            self.canvas.set_message("…" if portraits.working else "")
        named_unit = sitter is not None
        self.title.setText(
            self.tr("{0} · channel {1}").format(sitter.layer, sitter.unit)
            if sitter is not None
            else selection.layer
        )
        self.state.setText(self._words())
        self.imagine.setEnabled(named_unit)
        self.layer.setEnabled(bool(selection.layer))
        stops = portraits.making_layer
        self.layer.setIcon(self._bench.look.icon("square" if stops else "grid-3x3"))
        self.layer.setToolTip(
            self.tr("Stop (Esc)")
            if stops
            else self.tr("Synthetic images of this layer (Ctrl+Shift+P)")
        )

    def _words(self) -> str:
        portraits = self._bench.portraits
        if portraits.making_layer:
            return self.tr("{0} of {1} synthetic images").format(*portraits.progress)
        if portraits.trouble:
            return portraits.trouble
        if portraits.working:
            return self.tr("Rendering…")
        if portraits.pixels is not None:
            return self.tr("what it responds to")
        return self.tr("Choose a channel to see what it responds to.")

    def _toggle_layer(self) -> None:
        portraits = self._bench.portraits
        if portraits.making_layer:
            portraits.stop()
        else:
            portraits.make_layer()

    def _imagine(self) -> None:
        sitter = self._bench.portraits.sitter
        if sitter is not None:
            self._bench.imagine(sitter)


class ExemplarStrip(QWidget):
    """Patches side by side, as many as fit; hidden while there are none."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self._patches: list[Bytes] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Images that excite the selected unit most"))
        bench.exemplars.unit_found.connect(self._show)
        self._show(bench.exemplars.unit)

    def sizeHint(self) -> QSize:
        """Return the height of a patch; the width is what there is."""
        return QSize(0, self._bench.look.px(40))

    def minimumSizeHint(self) -> QSize:
        """Return no width: it never widens its panel."""
        return self.sizeHint()

    def _show(self, found: Exemplars | None) -> None:
        self._patches = []
        if found is not None and found.patches.size:
            count = found.records.shape[1]
            self._patches = [
                np.ascontiguousarray(seen_patch(found, 0, place))
                for place in range(count)
            ]
            words = self.tr("From the data set: answers on {0} of {1:,} images").format(
                percent(float(found.answering[0])), found.images
            )
            self.setToolTip(words)
            self.setAccessibleDescription(words)
        self.setVisible(bool(self._patches))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as many patches as fit."""
        del event
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            side, left = self.height(), 0
            for patch in self._patches:
                if left and left + side > self.width():
                    return
                target = self.rect()
                target.setRect(left, 0, side, side)
                painter.drawImage(target, image_of(patch))
                left += side + _GAP
