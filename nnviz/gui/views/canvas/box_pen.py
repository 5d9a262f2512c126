"""Tool that draws a box on a canvas."""

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, px of the image."""
LEAST_SIDE = 3.0
"""Sides below which a drag counts as a click, px of the image."""


class BoxPen(QObject):
    """Box-drawing tool; while it is active, the wheel still zooms the canvas.

    Attributes:
        box: the box in the image; None for none.
    """

    drawn = Signal()
    """A box was completed or removed."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.box: Box | None = None
        self._active = False
        self._start: tuple[float, float] | None = None
        canvas.installEventFilter(self)

    def set_active(self, active: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Activate the tool, or deactivate it and remove the box."""
        self._active = active
        if active:
            self._canvas.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self._canvas.unsetCursor()
            self.clear()

    def clear(self) -> None:
        """Remove the box."""
        self._start = None
        if self.box is not None:
            self._show(None)
            self.drawn.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle drags with the left button instead of the canvas."""
        if watched is not self._canvas or not self._active:
            return False
        if not isinstance(event, QMouseEvent) or self._canvas.image_size is None:
            return False
        match event.type():
            case QEvent.Type.MouseButtonPress if (
                event.button() is Qt.MouseButton.LeftButton
            ):
                self._start = self._place(event.position())
            case QEvent.Type.MouseMove if self._start is not None:
                self._show(between(self._start, self._place(event.position())))
            case QEvent.Type.MouseButtonRelease if self._start is not None:
                self._finish(self._place(event.position()))
            case QEvent.Type.MouseButtonDblClick:
                pass
            case _:
                return False
        return True

    def _finish(self, end: tuple[float, float]) -> None:
        box = between(self._start or end, end)
        self._start = None
        small = min(box[2] - box[0], box[3] - box[1]) < LEAST_SIDE
        self._show(None if small else box)
        self.drawn.emit()

    def _place(self, at: QPointF) -> tuple[float, float]:
        """Convert a point of the widget to x and y in the image, clipped to it."""
        height, width = self._canvas.image_size or (1, 1)
        y, x = self._canvas.viewport().to_image(at.y(), at.x())
        return min(max(x, 0.0), width), min(max(y, 0.0), height)

    def _show(self, box: Box | None) -> None:
        self.box = box
        if box is None:
            self._canvas.set_marks()
            return
        left, top, right, bottom = box
        self._canvas.set_marks(Mark((top, left, bottom, right), MarkStyle.SELECTED))


def between(start: tuple[float, float], end: tuple[float, float]) -> Box:
    """Return the box between two points, (x, y) each."""
    return (
        min(start[0], end[0]),
        min(start[1], end[1]),
        max(start[0], end[0]),
        max(start[1], end[1]),
    )
