"""The canvas on which all images, maps and mosaics are shown."""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QLineF,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QGestureEvent,
    QPinchGesture,
    QSizePolicy,
    QWidget,
)

from nnviz.gui.views.canvas.layers import Bytes, Layer, layer_of
from nnviz.gui.views.canvas.viewport import Bounds, Viewport, ViewState, visible_pixels
from nnviz.gui.views.tokens import SPACE, Tokens, tokens_of

_NOTCH = 120
"""Qt's angle for one notch of a wheel, in eighths of a degree."""
_ZOOM_PER_NOTCH = 1.2
_PAN_PER_KEY = 0.1
_GRID_FROM = 14.0
"""Widget px per image px from which the pixel grid is drawn."""
_CHECKER = 12
_DARK_HALO, _LIGHT_HALO = "#90000000", "#c0ffffff"
_MIDDLE = 128
_ALPHA_CHANNELS = 4

_STEPS = {
    Qt.Key.Key_Left: (0, 1),
    Qt.Key.Key_Right: (0, -1),
    Qt.Key.Key_Up: (1, 0),
    Qt.Key.Key_Down: (-1, 0),
}
_FACTORS = {
    Qt.Key.Key_Plus: _ZOOM_PER_NOTCH,
    Qt.Key.Key_Equal: _ZOOM_PER_NOTCH,
    Qt.Key.Key_Minus: 1 / _ZOOM_PER_NOTCH,
}
_TAB_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class MarkStyle(enum.Enum):
    """The style of a mark on the image."""

    HOVER = enum.auto()
    SELECTED = enum.auto()
    INPUT = enum.auto()
    """The part that the network sees; the rest is dimmed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle marked on the image, in image coordinates."""

    bounds: Bounds
    style: MarkStyle


@dataclass(frozen=True, slots=True)
class _Overlay:
    layer: Layer
    bounds: Bounds
    opacity: float
    smooth: bool


Readout = Callable[[float, float], str]
"""Maps image coordinates (y, x) to a text about that position."""
Drawing = Callable[[QPainter, Viewport], None]
"""Draws on top of the image, in widget coordinates: lines stay sharp at any zoom."""


class Canvas(QWidget):
    """Zooming and panning view of an image with an overlay, marks and a readout.

    Wheel zooms at the cursor, dragging pans, a double click fits; ``+ - 0`` and the
    arrow keys do the same.  Pixels are averaged when shrunk and shown as squares when
    magnified more than twofold.

    Attributes:
        pans_by_key: whether the arrow keys pan; else they go to the parent.
        margin: free space on each side of a fitted image, px.
        smooth: whether the image is interpolated, however much it is enlarged.

    Signals:
        hovered: text about the position under the cursor; empty when it leaves.
        pointed: image coordinates (y, x) under the cursor; NaN when it leaves.
        clicked: image coordinates (y, x) of a click without a drag.
    """

    hovered = Signal(str)
    pointed = Signal(float, float)
    clicked = Signal(float, float)

    def __init__(
        self, parent: QWidget | None = None, state: ViewState | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state or ViewState(self)
        self._state.changed.connect(self.update)
        self._base: Layer | None = None
        self._overlay: _Overlay | None = None
        self._marks: tuple[Mark, ...] = ()
        self._position: tuple[float, float] | None = None
        self._message = ""
        self._readout: Readout | None = None
        self._drawing: Drawing | None = None
        self._pressed: QPointF | None = None
        self._dragged = False
        self._ring = False
        self._refining = QTimer(self)
        self._refining.setSingleShot(True)
        self._refining.timeout.connect(self._refine)
        self.pans_by_key = True
        self.margin = 0
        self.smooth = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAccessibleName(self.tr("Canvas"))

    # --- contents

    @property
    def state(self) -> ViewState:
        """Magnification and center; canvases that share it are linked."""
        return self._state

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width of the image, px."""
        return self._base.size if self._base else None

    def set_image(self, pixels: Bytes | None, table: Bytes | None = None) -> None:
        """Show an image, keeping the zoom.

        Args:
            pixels: uint8 (H, W), (H, W, 3) or (H, W, 4); a large one is not copied, so
                do not write to it afterwards.  None shows nothing.
            table: uint8 (N, 3): the colors of an (H, W) array of indices.
        """
        if pixels is None:
            self._base = None
        elif self._base is None or not self._base.shows(pixels, table):
            self._base = layer_of(pixels, table)
        self._message = ""
        self.update()

    def set_overlay(
        self,
        pixels: Bytes | None,
        bounds: Bounds | None = None,
        opacity: float = 1.0,
        *,
        smooth: bool = False,
    ) -> None:
        """Show an overlay over part of the image.

        Args:
            pixels: as in ``set_image``; None removes the overlay.
            bounds: top, left, bottom, right in image coordinates; None covers all.
            opacity: 0-1.
            smooth: whether to interpolate when magnified; else its pixels are shown as
                squares.
        """
        before, self._overlay = self._overlay, None
        if pixels is not None:
            height, width = self.image_size or (1, 1)
            box = bounds or (0.0, 0.0, float(height), float(width))
            self._overlay = _Overlay(Layer(pixels), box, opacity, smooth)
        for each in (before, self._overlay):
            if each is not None:  # the rest of the widget is not repainted
                self.update(_area(self.viewport().box_to_widget(each.bounds)))

    def set_marks(self, *marks: Mark) -> None:
        """Outline parts of the image."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def set_position(self, position: tuple[float, float] | None) -> None:
        """Mark a position (y, x), image coordinates."""
        self._position = position
        self.update()

    def set_message(self, text: str) -> None:
        """Show a message in place of the image."""
        self._base = self._overlay = None
        self._message = text
        self.update()

    def set_readout(self, readout: Readout | None) -> None:
        """Set a function that adds text to the readout."""
        self._readout = readout

    def set_drawing(self, drawing: Drawing | None) -> None:
        """Set a function that draws on the image, below the marks."""
        self._drawing = drawing
        self.update()

    def fit(self) -> None:
        """Show the whole image."""
        self._state.fit()

    def zoom_by(self, factor: float) -> None:
        """Zoom about the center."""
        self._zoom(factor, QPointF(self.rect().center()))

    def viewport(self) -> Viewport:
        """Return the current mapping between image and widget."""
        return Viewport(
            self.image_size or (1, 1),
            (float(self.height()), float(self.width())),
            self._state.magnification,
            self._state.center,
            self.margin,
        )

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:
        """Return the least usable size."""
        return QSize(96, 96)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint backdrop, image, overlay, grid and marks."""
        with QPainter(self) as painter:
            tokens = tokens_of(self.palette())
            painter.setClipRect(event.rect())
            if not self._covers(event.rect()):
                painter.fillRect(event.rect(), tokens.backdrop)
            if self._base is None:
                self._paint_message(painter, tokens)
            else:
                self._paint_picture(painter, self._base, tokens)
            if self._ring and self.hasFocus():
                painter.setPen(QPen(tokens.accent, 2))
                painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _covers(self, area: QRect) -> bool:
        """Return whether the image hides the backdrop in an area."""
        if self._base is None or self._base.pixels.shape[2:] == (_ALPHA_CHANNELS,):
            return False
        height, width = self._base.size
        box = self.viewport().box_to_widget((0.0, 0.0, float(height), float(width)))
        return _rect(box).contains(QRectF(area))

    def _paint_picture(self, painter: QPainter, base: Layer, tokens: Tokens) -> None:
        view = self.viewport()
        ratio = self.devicePixelRatioF()
        whole = (0.0, 0.0, float(base.size[0]), float(base.size[1]))
        if base.pixels.shape[2:] == (_ALPHA_CHANNELS,):
            _paint_checkers(painter, _rect(view.box_to_widget(whole)), tokens)
        base.paint(painter, view, whole, ratio, smooth=self.smooth)
        if base.wanting and not self._refining.isActive():
            self._refining.start()
        if self._overlay:
            over = self._overlay
            painter.setOpacity(over.opacity)
            over.layer.paint(painter, view, over.bounds, ratio, smooth=over.smooth)
            painter.setOpacity(1)
        if view.zoom >= _GRID_FROM:
            _paint_grid(painter, view, tokens)
        if self._drawing:
            painter.save()
            self._drawing(painter, view)
            painter.restore()
        for mark in self._marks:
            _paint_mark(painter, view, mark, tokens)
        if self._position:
            _paint_cross(painter, view, self._position, tokens)

    def _paint_message(self, painter: QPainter, tokens: Tokens) -> None:
        painter.setPen(tokens.quiet)
        painter.drawText(
            self.rect().adjusted(2 * SPACE, 0, -2 * SPACE, 0),
            Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
            self._message,
        )

    # --- mouse, wheel, gestures

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        self._zoom(_ZOOM_PER_NOTCH ** (turned / _NOTCH), event.position())
        self._point(event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a drag or a click."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed = event.position()
            self._dragged = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan while dragging; otherwise update the readout."""
        if self._pressed is not None:
            moved = event.position() - self._pressed
            far = moved.manhattanLength() >= QApplication.startDragDistance()
            if self._dragged or far:
                self._dragged = True
                self._pressed = event.position()
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self._move(self.viewport().panned(moved.y(), moved.x()))
        self._point(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or emit the position of a click."""
        if event.button() is not Qt.MouseButton.LeftButton or self._pressed is None:
            return
        self._pressed = None
        if self._dragged:
            self.unsetCursor()
            return
        view = self.viewport()
        y, x = view.to_image(event.position().y(), event.position().x())
        if self._base is not None and view.contains(y, x):
            self.clicked.emit(y, x)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole image."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """Clear the readout."""
        super().leaveEvent(event)
        self.hovered.emit("")
        self.pointed.emit(float("nan"), float("nan"))

    def event(self, event: QEvent) -> bool:
        """Zoom with a pinch gesture; everything else as usual."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
                self._zoom(1 + event.value(), event.position())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                middle = self.mapFromGlobal(pinch.centerPoint().toPoint())
                self._zoom(pinch.scaleFactor(), QPointF(middle))
                return True
        return super().event(event)

    # --- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with ``+ - 0``, pan with the arrows."""
        key = Qt.Key(event.key())
        middle = QPointF(self.width() / 2, self.height() / 2)
        if key in _FACTORS:
            self._zoom(_FACTORS[key], middle)
        elif key is Qt.Key.Key_0:
            self.fit()
        elif key in _STEPS and self.pans_by_key:
            dy, dx = _STEPS[key]
            step = _PAN_PER_KEY * min(self.width(), self.height())
            self._move(self.viewport().panned(dy * step, dx * step))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus frame if the focus came by keyboard."""
        self._ring = event.reason() in _TAB_REASONS
        super().focusInEvent(event)

    # --- helpers

    def _refine(self) -> None:
        """Downscale a large image for a few milliseconds, between other events."""
        if self._base is not None and self._base.refine():
            self._refining.start()
        else:
            self.update()

    def _zoom(self, factor: float, at: QPointF) -> None:
        self._move(self.viewport().zoomed(factor, at.y(), at.x()))

    def _move(self, view: Viewport) -> None:
        if self._base is not None:
            self._state.set(view.magnification, view.center)

    def _point(self, at: QPointF) -> None:
        if self._base is None:
            return
        view = self.viewport()
        y, x = view.to_image(at.y(), at.x())
        if not view.contains(y, x):
            self.hovered.emit("")
            self.pointed.emit(float("nan"), float("nan"))
            return
        self.pointed.emit(y, x)
        extra = self._readout(y, x) if self._readout else self._color(int(y), int(x))
        self.hovered.emit(extra)

    def _color(self, row: int, column: int) -> str:
        if self._base is None:
            return ""
        color = "  ".join(str(part) for part in self._base.value(row, column))
        return f"x {column}  y {row} px  ·  {color} /255"


def _rect(bounds: Bounds) -> QRectF:
    top, left, bottom, right = bounds
    return QRectF(left, top, right - left, bottom - top)


def _paint_checkers(painter: QPainter, area: QRectF, tokens: Tokens) -> None:
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    painter.fillRect(area, tokens.surface)
    shown = area.intersected(QRectF(painter.viewport())).toAlignedRect()
    for y in range(shown.top(), shown.bottom() + 1, _CHECKER):
        shift = ((y - shown.top()) // _CHECKER % 2) * _CHECKER
        for x in range(shown.left() + shift, shown.right() + 1, 2 * _CHECKER):
            painter.fillRect(x, y, _CHECKER, _CHECKER, tokens.line)
    painter.restore()


def _paint_grid(painter: QPainter, view: Viewport, tokens: Tokens) -> None:
    """Draw hairlines between the visible pixels."""
    whole = (0.0, 0.0, float(view.picture[0]), float(view.picture[1]))
    part = visible_pixels(view.picture, view.box_to_widget(whole), view.widget)
    if part is None:
        return
    top, left, bottom, right = part
    color = QColor(tokens.backdrop)
    color.setAlpha(90)
    painter.setPen(QPen(color, 0))
    lines = []
    for row in range(top, bottom + 1):
        (y, start), (_, stop) = view.to_widget(row, left), view.to_widget(row, right)
        lines.append(QLineF(start, y, stop, y))
    for column in range(left, right + 1):
        (start, x), (stop, _) = (
            view.to_widget(top, column),
            view.to_widget(bottom, column),
        )
        lines.append(QLineF(x, start, x, stop))
    painter.drawLines(lines)


def _paint_mark(painter: QPainter, view: Viewport, mark: Mark, tokens: Tokens) -> None:
    box = _rect(view.box_to_widget(mark.bounds))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match mark.style:
        case MarkStyle.INPUT:
            _dim_outside(painter, view, box)
            _stroke(painter, box, QColor(255, 255, 255, 170), 1)
        case MarkStyle.HOVER:
            _stroke(painter, box, QColor(255, 255, 255, 230), 1)
        case MarkStyle.SELECTED:
            _stroke(painter, box, tokens.accent, 2)


def _area(box: Bounds) -> QRect:
    """Return the widget rectangle that a box touches, 1 px larger all around."""
    return _rect(box).toAlignedRect().adjusted(-1, -1, 1, 1)


def _dim_outside(painter: QPainter, view: Viewport, box: QRectF) -> None:
    whole = (0.0, 0.0, float(view.picture[0]), float(view.picture[1]))
    painter.save()
    painter.setClipRect(
        _rect(view.box_to_widget(whole)), Qt.ClipOperation.IntersectClip
    )
    dim = QColor(0, 0, 0, 90)
    area = _rect(view.box_to_widget(whole))
    painter.fillRect(QRectF(area.topLeft(), QPointF(area.right(), box.top())), dim)
    painter.fillRect(
        QRectF(QPointF(area.left(), box.bottom()), area.bottomRight()), dim
    )
    middle_top, middle_bottom = (
        max(box.top(), area.top()),
        min(box.bottom(), area.bottom()),
    )
    height = middle_bottom - middle_top
    painter.fillRect(
        QRectF(area.left(), middle_top, box.left() - area.left(), height), dim
    )
    painter.fillRect(
        QRectF(box.right(), middle_top, area.right() - box.right(), height), dim
    )
    painter.restore()


def _stroke(painter: QPainter, box: QRectF, color: QColor, width: int) -> None:
    """Draw a frame with a contrasting halo."""
    halo = QColor(_DARK_HALO if color.lightness() > _MIDDLE else _LIGHT_HALO)
    painter.setPen(QPen(halo, width + 2))
    painter.drawRect(box)
    painter.setPen(QPen(color, width))
    painter.drawRect(box)


def _paint_cross(
    painter: QPainter, view: Viewport, position: tuple[float, float], tokens: Tokens
) -> None:
    y, x = view.to_widget(*position)
    arms = [
        QLineF(x - SPACE, y, x - 3, y),
        QLineF(x + 3, y, x + SPACE, y),
        QLineF(x, y - SPACE, x, y - 3),
        QLineF(x, y + 3, x, y + SPACE),
    ]
    for color, width in ((QColor(0, 0, 0, 160), 4), (tokens.accent, 2)):
        painter.setPen(QPen(color, width))
        painter.drawLines(arms)
