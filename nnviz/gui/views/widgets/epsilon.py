"""Slider for the size of an attack's noise, with a mark where the answer flips."""

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

from nnviz.gui.layout.wheel_guard import WheelGuard
from nnviz.gui.views.tokens import tokens_of

STEPS = 1000
_MARK = 5.0
"""Half the width of the mark, px."""


class EpsilonSlider(QSlider):
    """Slider from none to all of the noise.

    Signals:
        moved: the requested fraction of the noise, 0 to 1.
    """

    moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._mark: float | None = None
        WheelGuard(self)
        self.setRange(0, STEPS)
        self.setSingleStep(STEPS // 100)
        self.setPageStep(STEPS // 10)
        self.setValue(STEPS)
        self.setAccessibleName(self.tr("Epsilon"))
        self.valueChanged.connect(lambda value: self.moved.emit(value / STEPS))

    @property
    def mark(self) -> float | None:
        """The share of the noise at which the answer flips."""
        return self._mark

    def set_mark(self, share: float | None) -> None:
        """Mark the share of the noise at which the answer flips; None for no mark."""
        self._mark = share
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size with room for the mark below the groove."""
        whole = super().sizeHint()
        return QSize(whole.width(), whole.height() + round(2 * _MARK))

    def minimumSizeHint(self) -> QSize:
        """Return a minimum that never cuts off the mark."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the slider, and the mark below the groove."""
        super().paintEvent(event)
        if self._mark is None:
            return
        x = self._place(self._mark)
        bottom = self.height() - 1.0
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens_of(self.palette()).warning)
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(x, bottom - 2 * _MARK + 2),
                        QPointF(x - _MARK, bottom),
                        QPointF(x + _MARK, bottom),
                    ]
                )
            )

    def _place(self, share: float) -> float:
        """Return x of the handle's center for a share, px."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider,
            option,
            QStyle.SubControl.SC_SliderHandle,
            self,
        )
        free = self.width() - handle.width()
        return handle.width() / 2 + share * free
