"""Comparison of an image before and after: alone, side by side, or swiped."""

import enum
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import Bytes, Layer, layer_of
from nnviz.gui.views.canvas.lines import draw_grip, draw_words
from nnviz.gui.views.canvas.viewport import Viewport, ViewState
from nnviz.gui.views.tokens import SPACE, tokens_of

_REACH = 10.0
"""Distance within which a press grabs the divider, px."""
_MIDDLE = 0.5
_STEP, _LEAP = 0.02, 0.1
"""Steps of an arrow key, in fractions of the width; with Shift."""


class Showing(enum.StrEnum):
    """The layout of a before-and-after comparison."""

    AFTER = "after"
    SIDES = "sides"
    SWIPE = "swipe"


class SwipeCanvas(Canvas):
    """Two images stacked, separated by a divider: the first left, the second right.

    The divider is moved by dragging, by the arrow keys (further with Shift) and by Home
    and End; a double click on it, or Return, centers it.

    Attributes:
        split: position of the divider, as a fraction of the image's width.
        names: of the two images.
        titled: whether to write the second name also where there is no divider.

    Signals:
        split_changed: position of the divider, as a fraction of the image's width.
    """

    split_changed = Signal(float)

    def __init__(
        self, parent: QWidget | None = None, state: ViewState | None = None
    ) -> None:
        super().__init__(parent, state)
        self.split = _MIDDLE
        self.names = ("", "")
        self.titled = False
        self._second: Layer | None = None
        self._moving = False
        self.smooth = True
        self.set_drawing(self._draw)

    def set_pair(self, first: Bytes, second: Bytes | None) -> None:
        """Show two images of one shape, of any sizes; without a second, no divider.

        Args:
            first: as in ``set_image``.
            second: likewise.
        """
        self._second = None if second is None else layer_of(second)
        self.pans_by_key = second is None
        self.set_image(first)

    def set_split(self, split: float) -> None:
        """Move the divider to a share of the image's width."""
        split = min(max(split, 0.0), 1.0)
        if split != self.split:
            self.split = split
            self.update()
            self.split_changed.emit(split)

    # --- mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin dragging the divider; elsewhere, behave as the base canvas."""
        left = event.button() is Qt.MouseButton.LeftButton
        self._moving = left and self._is_near(event.position())
        if not self._moving:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the divider; near it, change the cursor."""
        if self._moving:
            at = event.position()
            _, x = self.viewport().to_image(at.y(), at.x())
            self.set_split(x / (self.image_size or (1, 1))[1])
            return
        super().mouseMoveEvent(event)
        if not event.buttons():
            near = self._is_near(event.position())
            cursor = Qt.CursorShape.SplitHCursor
            self.setCursor(cursor) if near else self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stop dragging the divider."""
        if self._moving:
            self._moving = False
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Center the divider on a double click; away from it, fit the image."""
        if self._is_near(event.position()):
            self.set_split(_MIDDLE)
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the divider by key, where there is one."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = _LEAP if shift else _STEP
        places: dict[int, float] = {
            Qt.Key.Key_Left: self.split - step,
            Qt.Key.Key_Right: self.split + step,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: 1.0,
            Qt.Key.Key_Return: _MIDDLE,
        }
        place = places.get(event.key()) if self._second is not None else None
        if place is None:
            super().keyPressEvent(event)
        else:
            self.set_split(place)

    def _is_near(self, at: QPointF) -> bool:
        if self._second is None or self.image_size is None:
            return False
        return abs(self._divider(self.viewport()) - at.x()) <= _REACH

    def _divider(self, view: Viewport) -> float:
        """Return x of the divider, widget px."""
        return view.to_widget(0, self.split * view.picture[1])[1]

    # --- painting

    def _draw(self, painter: QPainter, view: Viewport) -> None:
        if self._second is None:
            if self.titled:
                _write_name(self, painter, view, self.names[1])
            return
        whole = 0.0, 0.0, float(view.picture[0]), float(view.picture[1])
        top, left, bottom, right = view.box_to_widget(whole)
        x = self._divider(view)
        painter.save()
        painter.setClipRect(
            QRectF(x, top, right - x, bottom - top), Qt.ClipOperation.IntersectClip
        )
        ratio = self.devicePixelRatioF()
        self._second.paint(painter, view, whole, ratio, smooth=True)
        painter.restore()
        draw_grip(painter, x, max(top, 0.0), min(bottom, float(self.height())))
        ends = max(left, 0.0), x, min(right, float(self.width()))
        for name, (begin, end) in zip(self.names, pairwise(ends), strict=True):
            room = self.fontMetrics().horizontalAdvance(name) + 6 * SPACE
            if end - begin >= room:
                _write_name(self, painter, view, name, (begin + end) / 2)


class BeforeAfter(QWidget):
    """View of an image before and after, with one zoom.

    Signals:
        hovered: text about the position under the cursor.
    """

    hovered = Signal(str)

    def __init__(self, names: tuple[str, str], parent: QWidget | None = None) -> None:
        """Create an empty view.

        Args:
            names: of the images before and after.
            parent: as for all widgets.
        """
        super().__init__(parent)
        self._names = names
        self._pair: tuple[Bytes, Bytes] | None = None
        self._showing = Showing.AFTER
        self.state = ViewState(self)
        self.before = Canvas(self, self.state)
        self.after = SwipeCanvas(self, self.state)
        self.after.names = names
        self.before.setAccessibleName(names[0])
        self.before.set_drawing(self._name_before)
        self.before.hovered.connect(self.hovered)
        self.after.hovered.connect(self.hovered)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(1)
        self._box.addWidget(self.before, 1)
        self._box.addWidget(self.after, 1)
        self.setFocusProxy(self.after)
        self.set_showing(Showing.AFTER)

    @property
    def showing(self) -> Showing:
        """The layout of the two images."""
        return self._showing

    def set_showing(self, showing: Showing) -> None:
        """Change the layout, keeping the zoom."""
        self._showing = showing
        self.before.setVisible(showing is Showing.SIDES)
        self.after.titled = showing is Showing.SIDES
        swiped = showing is Showing.SWIPE
        self.after.setAccessibleName(
            self.tr("{0} and {1}; arrow keys move the divider").format(*self._names)
            if swiped
            else self._names[1]
        )
        self._fill()

    def set_pair(self, before: Bytes, after: Bytes) -> None:
        """Show two images of one shape, keeping layout and zoom.

        Args:
            before: uint8 (H, W, 3), or as for ``Canvas.set_image``.
            after: likewise; it may be smaller.
        """
        turned = self._pair is None or self._pair[0].shape != before.shape
        self._pair = before, after
        if turned:
            self._turn()
        self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Split along the side that makes both images larger."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        if self._pair is None:
            return
        height, width = self._pair[0].shape[:2]
        beside = min(self.height() / height, self.width() / 2 / width)
        below = min(self.height() / 2 / height, self.width() / width)
        ways = QBoxLayout.Direction
        self._box.setDirection(
            ways.LeftToRight if beside >= below else ways.TopToBottom
        )

    def _fill(self) -> None:
        if self._pair is None:
            return
        before, after = self._pair
        if self._showing is Showing.SWIPE:
            self.after.set_pair(before, after)
        else:
            self.after.set_pair(after, None)
        if self._showing is Showing.SIDES:
            self.before.set_image(before)

    def _name_before(self, painter: QPainter, view: Viewport) -> None:
        _write_name(self.before, painter, view, self._names[0])


def _write_name(
    canvas: Canvas,
    painter: QPainter,
    view: Viewport,
    name: str,
    x: float | None = None,
) -> None:
    """Draw an image's name at its visible upper edge.

    Args:
        canvas: canvas of the image.
        painter: of the canvas.
        view: of the canvas.
        name: the name to write.
        x: center of the text, px; None for the canvas's center.
    """
    top = max(view.to_widget(0, 0)[0], 0.0) + SPACE
    at = QPointF(canvas.width() / 2 if x is None else x, top)
    draw_words(painter, at, name, tokens_of(canvas.palette()))
