"""The line below an image: its legend, and controls at the legend's end or below."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from nnviz.gui.layout.flow import Flow
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE
from nnviz.gui.views.widgets.legend import Legend

_LEAST_LEGEND = 200
"""Px that the legend's first line keeps for itself; else the controls go below."""


class LegendBar(QWidget):
    """Lets controls lie on the legend's first line; the second has the whole width."""

    def __init__(self, legend: Legend, *controls: QWidget) -> None:
        super().__init__()
        self._legend = legend
        self._line = Flow(2 * SPACE)
        for widget in controls:
            self._line.addWidget(widget)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(SPACE, SPACE, SPACE, SMALL_SPACE)
        self._grid.setSpacing(SMALL_SPACE)
        self._grid.addWidget(legend, 0, 0)
        corner = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
        self._grid.addLayout(self._line, 0, 0, corner)
        self._below = False
        legend.lower()

    def minimumSizeHint(self) -> QSize:
        """Return what the controls need where they stand alone in their line."""
        margins = self._grid.contentsMargins()
        width = max(
            self._line.minimumSize().width(), self._legend.minimumSizeHint().width()
        )
        height = self._grid.minimumSize().height()
        return QSize(width + margins.left() + margins.right(), height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the controls below the legend where both have no room."""
        super().resizeEvent(event)
        self.rearrange()

    def event(self, event: QEvent) -> bool:
        """Make room again when controls come, go, or become larger."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.rearrange()
        return super().event(event)

    def rearrange(self) -> None:
        """Keep the legend's first line off the controls that lie on it."""
        needed = self._line.sizeHint().width() + 2 * SPACE
        below = self.width() - 2 * SPACE < needed + _LEAST_LEGEND
        self._legend.reserve(0 if below else needed)
        if below != self._below:
            self._below = below
            self._grid.removeItem(self._line)
            place = Qt.AlignmentFlag.AlignTop
            side = Qt.AlignmentFlag.AlignLeft if below else Qt.AlignmentFlag.AlignRight
            self._grid.addLayout(self._line, int(below), 0, place | side)
