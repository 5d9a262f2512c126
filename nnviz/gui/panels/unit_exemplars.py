"""The selected unit's strongest patches: the third part of its portrait."""

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.views.canvas.layers import Bytes, image_of
from nnviz.render.dataset.exemplar_sheet import seen_patch
from nnviz.render.words import percent

_GAP = 2


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
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side, left = self.height(), 0
        for patch in self._patches:
            if left and left + side > self.width():
                return
            target = self.rect()
            target.setRect(left, 0, side, side)
            painter.drawImage(target, image_of(patch))
            left += side + _GAP
