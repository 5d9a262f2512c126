"""Lines and labels over an image, in widget coordinates."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from nnviz.gui.views.canvas.viewport import Bounds, Viewport
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, Tokens
from nnviz.render.maps.classes import ink_on
from nnviz.render.palette import Color

_DOT = 3.0
"""Radius of a keypoint, px."""
_HALO = 110
"""Opacity, of 255, of the dark edge of an opaque line."""
_GRIP = 14.0
"""Across what a divider is taken by, px."""
# Put together once: Qt's flags are slow in Python, and each label is painted often.
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def lines_of(segments: NDArray[np.float32]) -> list[QLineF]:
    """Convert segments (M, 4), x1, y1, x2, y2, to Qt lines."""
    return [QLineF(*each) for each in segments.tolist()]


def draw_lines(
    painter: QPainter,
    view: Viewport,
    bounds: Bounds,
    size: tuple[int, int],
    lines: Sequence[QLineF],
    color: QColor,
) -> None:
    """Draw lines given in px of a map.

    Args:
        painter: of the widget.
        view: map from image to widget.
        bounds: rectangle of the map on the image.
        size: rows and columns of the map.
        lines: the lines to draw.
        color: of the lines.
    """
    top, left, bottom, right = view.box_to_widget(bounds)
    painter.save()
    painter.translate(left, top)
    painter.scale((right - left) / size[1], (bottom - top) / size[0])
    pen = QPen(color, 1)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.drawLines(lines)
    painter.restore()


def draw_frame(painter: QPainter, box: QRectF, color: QColor, width: float) -> None:
    """Draw a frame with a dark edge, visible on any background."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen()
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    for ink, thick in ((_halo(color), width + 2), (color, width)):
        pen.setColor(ink)
        pen.setWidthF(thick)
        painter.setPen(pen)
        painter.drawRect(box)


def draw_skeleton(
    painter: QPainter,
    places: Sequence[QPointF | None],
    joints: Sequence[tuple[int, int]],
    color: QColor,
) -> None:
    """Draw keypoints (None for a missing one) and the lines between them."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for ink, width in ((_halo(color), 4), (color, 2)):
        painter.setPen(QPen(ink, width))
        for first, second in joints:
            start, end = places[first], places[second]
            if start is not None and end is not None:
                painter.drawLine(start, end)
    painter.setPen(QPen(_halo(color), 1))
    painter.setBrush(QColor(255, 255, 255, color.alpha()))
    for place in places:
        if place is not None:
            painter.drawEllipse(place, _DOT, _DOT)
    painter.restore()


def _halo(color: QColor) -> QColor:
    """Return the color of a line's dark edge, with the line's alpha."""
    return QColor(0, 0, 0, _HALO * color.alpha() // 255)


class Lettering:
    """Draws labels with a bold and a plain part in one font."""

    def __init__(self, font: QFont) -> None:
        self._plain = font
        self._bold = QFont(font)
        self._bold.setWeight(QFont.Weight.DemiBold)
        self._plain_metrics = QFontMetricsF(self._plain)
        self._bold_metrics = QFontMetricsF(self._bold)

    def size(self, words: tuple[str, str]) -> tuple[float, float]:
        """Return a label's width and height, px."""
        width = self._bold_metrics.horizontalAdvance(words[0])
        width += self._plain_metrics.horizontalAdvance(words[1])
        return width + SPACE + SMALL_SPACE, self._plain_metrics.height() + 2

    def write(
        self,
        painter: QPainter,
        position: QRectF,
        words: tuple[str, str],
        color: Color,
    ) -> None:
        """Draw a label on a colored background."""
        painter.fillRect(position, QColor(*color))
        painter.setPen(QColor(*ink_on(color)))
        area = position.adjusted(SMALL_SPACE + 1, 0, -SMALL_SPACE - 1, 0)
        painter.setFont(self._plain)
        painter.drawText(area, _RIGHT, words[1])
        painter.setFont(self._bold)
        painter.drawText(area, _LEFT, words[0])


def draw_words(painter: QPainter, at: QPointF, words: str, tokens: Tokens) -> None:
    """Draw text on a small plate, given its top center."""
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(words) + 3 * SPACE
    plate = QRectF(at.x() - width / 2, at.y(), width, metrics.height() + SPACE)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(tokens.line)
    painter.setBrush(tokens.surface)
    painter.drawRoundedRect(plate, SMALL_SPACE, SMALL_SPACE)
    painter.setPen(tokens.text)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)


def draw_grip(painter: QPainter, x: float, top: float, bottom: float) -> None:
    """Draw the divider of a swipe, with a grip in its middle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for ink, width in ((QColor(0, 0, 0, 130), 3), (QColor(255, 255, 255), 1)):
        painter.setPen(QPen(ink, width))
        painter.drawLine(QLineF(x, top, x, bottom))
    painter.setBrush(QColor(255, 255, 255))
    painter.setPen(QPen(QColor(0, 0, 0, 130), 1))
    middle = QPointF(x, (top + bottom) / 2)
    painter.drawEllipse(middle, _GRIP / 2, _GRIP / 2)
