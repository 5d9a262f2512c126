"""Column beside an image, which leaves most of the width to the image."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtWidgets import QWidget

from nnviz.gui.layout.bounded import Bounded

_LEAST = QSize(120, 60)


class SideColumn(Bounded):
    """Column of fixed width, at most a share of its parent's; its panel scrolls.

    Args:
        panel: the widget to show.
        usual: returns the width where there is room, px.
        share: maximum fraction of the parent's width.
    """

    _beside: QWidget | None = None

    def __init__(
        self, panel: QWidget, usual: Callable[[], int], share: float = 0.4
    ) -> None:
        self._usual, self._share = usual, share
        super().__init__(panel, _LEAST)

    def event(self, event: QEvent) -> bool:
        """Watch the width of a new parent."""
        if event.type() is QEvent.Type.ParentChange:
            if self._beside is not None:
                self._beside.removeEventFilter(self)
            self._beside = self.parentWidget()
            if self._beside is not None:
                self._beside.installEventFilter(self)
            self.fit()
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the parent's width."""
        if watched is self._beside:
            if event.type() is QEvent.Type.Resize:
                self.fit()
            return False
        return super().eventFilter(watched, event)

    def fit(self) -> None:
        """Follow the parent's width and the text size."""
        whole = self._beside.width() if self._beside is not None else 0
        room = round(self._share * whole)
        self.setFixedWidth(max(_LEAST.width(), min(self._usual(), room)))
