"""Brush that paints a mask on a canvas."""

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QMouseEvent, QPainter, QPen, QPixmap

from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import Bytes
from nnviz.gui.views.tokens import tokens_of
from nnviz.render.maps import masks

LONGEST = 768
"""Longest side of a mask, px: finer than painting by hand."""
SIZES = (0.01, 0.4)
"""Smallest and largest brush, as shares of the image's longest side."""
_STEPS = 40
"""Number of strokes that can be undone."""
_VEIL = 120
"""Opacity of the mask's color, of 255."""
_CURSOR = 128
"""Largest cursor that window systems take, px."""
_WHITE = 255


class MaskBrush(QObject):
    """Mask-painting tool; while it is active, the wheel still zooms the canvas.

    Attributes:
        mask: uint8 (h, w), 255 where it is painted; None without an image.
        size: the brush's width, as a share of the image's longest side.
        erasing: whether it erases.

    Signals:
        changed: a stroke has ended, or the mask was replaced.
        painted: a stroke was extended.
    """

    changed = Signal()
    painted = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.mask: Bytes | None = None
        self.size = 0.08
        self.erasing = False
        self._active = False
        self._before: list[Bytes] = []
        self._last: QPointF | None = None
        self._width = 0
        canvas.installEventFilter(self)

    @property
    def active(self) -> bool:
        """Whether the brush is active."""
        return self._active

    @property
    def share(self) -> float:
        """Painted share of the image, 0 to 1."""
        return float((self.mask > 0).mean()) if self.mask is not None else 0.0

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to undo."""
        return bool(self._before)

    def set_active(self, active: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Activate the brush, or return the mouse to the canvas."""
        self._active, self._last, self._width = active, None, 0
        self._show()
        if not active:
            self._canvas.unsetCursor()

    def set_size(self, size: float) -> None:
        """Set the brush's width, as a share of the image's longest side."""
        self.size = min(max(size, SIZES[0]), SIZES[1])
        self._shape_cursor()

    def begin(self, size: tuple[int, int] | None) -> None:
        """Start an empty mask for an image size; None for no mask."""
        self._before.clear()
        self.mask = None
        if size is not None:
            ratio = min(1.0, LONGEST / max(size))
            height, width = (max(1, round(side * ratio)) for side in size)
            self.mask = np.zeros((height, width), np.uint8)
        self._show()

    def set_mask(self, mask: Bytes) -> None:
        """Replace the mask, (h, w) of the image's shape; undoable."""
        self._remember()
        self.mask = mask
        self._tell()

    def clear(self) -> None:
        """Clear the mask; undoable."""
        if self.mask is not None and self.mask.any():
            self.set_mask(np.zeros_like(self.mask))

    def undo(self) -> None:
        """Undo the last stroke."""
        if self._before:
            self.mask = self._before.pop()
            self._tell()

    # --- strokes

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle strokes with the left button instead of the canvas."""
        if watched is not self._canvas or not self._active or self.mask is None:
            return False
        if not isinstance(event, QMouseEvent):
            return False
        left = Qt.MouseButton.LeftButton
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() is left:
                self._remember()
                self._stroke(event.position())
            case QEvent.Type.MouseMove if self._last is not None:
                self._stroke(event.position())
            case QEvent.Type.MouseMove:
                self._shape_cursor()
                return False
            case QEvent.Type.MouseButtonRelease if self._last is not None:
                self._last = None
                self._tell()
            case QEvent.Type.MouseButtonDblClick:
                pass
            case _:
                return False
        return True

    def _stroke(self, at: QPointF) -> None:
        """Draw a stroke from the last point to a point of the widget."""
        if self.mask is None:
            return
        here = self._place(at)
        before = here if self._last is None else self._place(self._last)
        thickness = max(1, round(self.size * max(self.mask.shape)))
        ink = 0 if self.erasing else _WHITE
        self.mask = masks.stroked(self.mask, (before, here), thickness, ink)
        self._last = at
        self._show()
        self.painted.emit()

    def _place(self, at: QPointF) -> tuple[int, int]:
        """Convert a point of the widget to x and y on the mask."""
        view = self._canvas.viewport()
        y, x = view.to_image(at.y(), at.x())
        height, width = self.mask.shape if self.mask is not None else (1, 1)
        return (
            round(x / view.picture[1] * width),
            round(y / view.picture[0] * height),
        )

    def _remember(self) -> None:
        if self.mask is not None:
            self._before = [*self._before[1 - _STEPS :], self.mask]

    def _tell(self) -> None:
        self._show()
        self.changed.emit()

    # --- display

    def _show(self) -> None:
        if self.mask is None or not (self._active or self.mask.any()):
            self._canvas.set_overlay(None)
            return
        accent = tokens_of(self._canvas.palette()).accent
        layer = np.empty((*self.mask.shape, 4), np.uint8)
        layer[..., :3] = accent.red(), accent.green(), accent.blue()
        np.multiply(self.mask, _VEIL / _WHITE, out=layer[..., 3], casting="unsafe")
        self._canvas.set_overlay(layer, smooth=True)
        self._shape_cursor()

    def _shape_cursor(self) -> None:
        """Set a cursor of the brush's size."""
        if not self._active:
            return
        view = self._canvas.viewport()
        width = round(min(max(self.size * max(view.picture) * view.zoom, 4), _CURSOR))
        if width != self._width:
            self._width = width
            self._canvas.setCursor(_ring(width))


def _ring(width: int) -> QCursor:
    """Return a ring cursor that is visible on light and dark."""
    pixmap = QPixmap(width + 4, width + 4)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(2, 2, width, width)
        for ink, pen in ((QColor(0, 0, 0, 160), 3), (QColor(255, 255, 255), 1)):
            painter.setPen(QPen(ink, pen))
            painter.drawEllipse(circle)
    return QCursor(pixmap)
