"""Scrub bar over the steps of a recording: curve, kept frames, parameter changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, Tokens, mixed, tokens_of

_HEIGHT = 64
_MARK = 5.0
_KEYS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_PageUp: -10,
}
_FAR = 1 << 30


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps shown on the bar.

    Attributes:
        total: total number of steps, planned ones included.
        curve: measurement of each step so far; NaN where missing.
        frames: steps with a frame.
        marks: changes as text, by step.
        measure: name of the measurement.
    """

    total: int = 0
    curve: Sequence[float] = ()
    frames: Sequence[int] = ()
    marks: Mapping[int, str] = field(default_factory=dict)
    measure: str = ""


class ScrubBar(QWidget):
    """Scrub bar: press, drag or use the arrow keys to go to a step.

    Signals:
        sought: a step that the user selected.
        walked: number of kept frames to move by, forward or back; beyond all frames for
            Home and End.
    """

    sought = Signal(int)
    walked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps = Steps()
        self._head = -1
        self.setAccessibleName(self.tr("Timeline"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a low and wide size."""
        return QSize(480, _HEIGHT)

    def show_steps(self, steps: Steps, head: int) -> None:
        """Show steps, with the playhead at one of them; -1 for none."""
        if steps != self._steps or head != self._head:
            self._steps, self._head = steps, head
            self.update()

    # --- geometry

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(SPACE, SPACE, -SPACE, -SPACE)

    def _x(self, step: float) -> float:
        left, stride = self._line()
        return left + step * stride

    def _line(self) -> tuple[float, float]:
        """Return x of the first step, and the distance of two, widget px."""
        area = self._area()
        return area.left(), area.width() / max(1, self._last())

    def _last(self) -> int:
        return max(self._steps.total, len(self._steps.curve)) - 1

    def step_at(self, x: float) -> int:
        """Return the step nearest to x, widget px."""
        area = self._area()
        share = (x - area.left()) / max(1.0, area.width())
        return max(0, min(len(self._steps.curve) - 1, round(share * self._last())))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint track, curve, marks and playhead."""
        del event
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            tokens = tokens_of(self.palette())
            painter.fillRect(self.rect(), tokens.surface)
            area = self._area()
            painter.fillRect(area, tokens.backdrop)
            if self._steps.curve:
                done = QRectF(area)
                done.setRight(self._x(len(self._steps.curve) - 1))
                painter.fillRect(done, mixed(tokens.surface, tokens.accent, 0.12))
            self._paint_frames(painter, tokens, area)
            self._paint_curve(painter, tokens, area)
            for step in self._steps.marks:
                self._paint_mark(painter, tokens.warning, area, step)
            if self._head >= 0:
                self._paint_head(painter, tokens, area)
            if self.hasFocus():
                painter.setPen(QPen(tokens.accent, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(area.adjusted(-2, -2, 2, 2))

    def _paint_frames(self, painter: QPainter, tokens: Tokens, area: QRectF) -> None:
        """Paint a tick for each kept frame, at most one per column."""
        left, stride = self._line()
        columns = sorted({round(left + step * stride) for step in self._steps.frames})
        painter.setPen(QPen(tokens.quiet, 1))
        bottom = area.bottom()
        painter.drawLines([QLineF(x, bottom - 3, x, bottom) for x in columns])

    def _paint_curve(self, painter: QPainter, tokens: Tokens, area: QRectF) -> None:
        points = _columns(self._steps.curve, int(area.width()) * 2)
        finite = [value for _, value in points if np.isfinite(value)]
        if not finite:
            return
        low, high = min(finite), max(finite)
        height = area.height() - 3 * SMALL_SPACE
        left, stride = self._line()
        line = QPolygonF()
        for step, value in points:
            if np.isfinite(value):
                share = (value - low) / (high - low) if high > low else 0.5
                y = area.bottom() - 2 * SMALL_SPACE - share * height
                line.append(QPointF(left + step * stride, y))
        painter.setPen(QPen(tokens.accent, 1.5))
        painter.drawPolyline(line)

    def _paint_mark(
        self, painter: QPainter, color: QColor, area: QRectF, step: int
    ) -> None:
        x, top = self._x(step), area.top()
        painter.setPen(QPen(color, 1))
        painter.drawLine(QLineF(x, top, x, area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPolygon(
            [QPointF(x - _MARK, top), QPointF(x + _MARK, top), QPointF(x, top + _MARK)]
        )

    def _paint_head(self, painter: QPainter, tokens: Tokens, area: QRectF) -> None:
        x = self._x(self._head)
        painter.setPen(QPen(tokens.text, 2))
        painter.drawLine(QLineF(x, area.top() - SMALL_SPACE, x, area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.text)
        painter.drawEllipse(QPointF(x, area.top() - SMALL_SPACE / 2), 4.0, 4.0)

    # --- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Seek to the pressed step."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Seek while the button is held."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek(event)

    def _seek(self, event: QMouseEvent) -> None:
        if self._steps.curve:
            self.sought.emit(self.step_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move between kept frames by key."""
        key = Qt.Key(event.key())
        if key in _KEYS:
            self.walked.emit(_KEYS[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.walked.emit(_FAR if key == Qt.Key.Key_End else -_FAR)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Show the step under the mouse as a tool tip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(
                event.globalPos(), literal(self._words(event.pos().x())), self
            )
            return True
        return super().event(event)

    def _words(self, x: float) -> str:
        if not self._steps.curve:
            return ""
        step = self.step_at(x)
        words = [self.tr("step {0}").format(step + 1)]
        if self._steps.measure and np.isfinite(self._steps.curve[step]):
            words.append(f"{self._steps.measure} {self._steps.curve[step]:.4g}")
        near = [at for at in self._steps.marks if abs(self._x(at) - x) <= _MARK]
        words += [self._steps.marks[at] for at in near]
        return "\n".join(words)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the keyboard focus."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the keyboard focus."""
        super().focusOutEvent(event)
        self.update()


def _columns(curve: Sequence[float], most: int) -> list[tuple[int, float]]:
    """Reduce a curve to a number of points, keeping peaks and dips."""
    if len(curve) <= most:
        return list(enumerate(curve))
    points: list[tuple[int, float]] = []
    for part in np.array_split(np.arange(len(curve)), most // 2):
        values = np.array([curve[step] for step in part])
        if np.isfinite(values).any():
            ends = {int(np.nanargmin(values)), int(np.nanargmax(values))}
            points += [(int(part[at]), float(values[at])) for at in sorted(ends)]
    return points
