"""Feature visualization of the selected unit, small, beside the layers."""

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, icon_button, label
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import Bytes, image_of
from nnviz.render.dataset.exemplar_sheet import seen_patch
from nnviz.render.text.words import percent

_SIDE, _LEAST, _MOST = 84, 48, 112
_GAP = 2


class PortraitPanel(QWidget):
    """Panel with the selected unit's synthetic image, and those of its layer."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Synthetic image of the selected unit"))
        self._resize()
        self.title = label(style="heading", wrap=True)
        self.state = label(style="muted", wrap=True)
        self.imagine = icon_button(
            app.look,
            "sparkles",
            self.tr("Render it large, as a recording"),
            self._imagine,
        )
        self.layer = icon_button(
            app.look,
            "grid-3x3",
            self.tr("Synthetic images of this layer (Ctrl+Shift+P)"),
            self._toggle_layer,
        )
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.state)
        self.exemplars = ExemplarStrip(app)
        words.addWidget(self.exemplars)
        words.addStretch(1)
        words.addLayout(flow(self.imagine, self.layer, None))
        whole = QHBoxLayout(self)
        whole.setContentsMargins(MARGIN, GRID, 2 * GRID, GRID)
        whole.setSpacing(2 * GRID)
        whole.addWidget(self.canvas, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(words, 1)
        app.unit_images.changed.connect(self._show)
        app.selection.layer_changed.connect(lambda _: self._show())
        app.look.changed.connect(self._resize)
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave most of the width to the text."""
        super().resizeEvent(event)
        self._resize()

    def _resize(self) -> None:
        side = min(_MOST, self._app.look.px(_SIDE), max(_LEAST, self.width() // 3))
        self.canvas.setFixedSize(QSize(side, side))

    def _show(self) -> None:
        portraits, selection = self._app.unit_images, self._app.selection
        unit_key, pixels = portraits.unit_key, portraits.pixels
        if pixels is not None:
            self.canvas.set_image(pixels)
        else:
            self.canvas.set_message("…" if portraits.working else "")
        named_unit = unit_key is not None
        self.title.setText(
            self.tr("{0} · channel {1}").format(unit_key.layer, unit_key.unit)
            if unit_key is not None
            else selection.layer
        )
        self.state.setText(self._words())
        allow(self.imagine, named_unit, self.tr("Choose a channel first"))
        allow(self.layer, bool(selection.layer), self.tr("Choose a layer first"))
        stops = portraits.making_layer
        self.layer.setIcon(self._app.look.icon("square" if stops else "grid-3x3"))
        self.layer.setToolTip(
            self.tr("Stop (Esc)")
            if stops
            else self.tr("Synthetic images of this layer (Ctrl+Shift+P)")
        )

    def _words(self) -> str:
        portraits = self._app.unit_images
        if portraits.making_layer:
            return self.tr("{0} of {1} synthetic images").format(*portraits.progress)
        if portraits.trouble:
            return portraits.trouble
        if portraits.working:
            return self.tr("Rendering…")
        if portraits.pixels is not None:
            return self.tr("what the channel responds to")
        return self.tr("Choose a channel to see what it responds to.")

    def _toggle_layer(self) -> None:
        portraits = self._app.unit_images
        if portraits.making_layer:
            portraits.stop()
        else:
            portraits.make_layer()

    def _imagine(self) -> None:
        unit_key = self._app.unit_images.unit_key
        if unit_key is not None:
            self._app.imagine(unit_key)


class ExemplarStrip(QWidget):
    """Strip of patches, as many as fit; hidden while there are none."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._patches: list[Bytes] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Images that excite the selected unit most"))
        app.exemplars.unit_found.connect(self._show)
        self._show(app.exemplars.unit)

    def sizeHint(self) -> QSize:
        """Return a patch's height; the width is whatever is available."""
        return QSize(0, self._app.look.px(40))

    def minimumSizeHint(self) -> QSize:
        """Return no minimum width, so as never to widen the panel."""
        return self.sizeHint()

    def _show(self, found: Exemplars | None) -> None:
        self._patches = []
        if found is not None and found.patches.size:
            count = found.records.shape[1]
            self._patches = [
                np.ascontiguousarray(seen_patch(found, 0, index))
                for index in range(count)
            ]
            words = self.tr("From the data set: active on {0} of {1:,} images").format(
                percent(float(found.answering[0])), found.images
            )
            self.setToolTip(literal(words))
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
