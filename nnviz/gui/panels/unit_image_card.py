"""Card with a unit's synthetic image, beside the cursor over its map."""

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QCursor, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from nnviz.base.images import Colors
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import label
from nnviz.gui.views.canvas.layers import image_of
from nnviz.gui.views.results.report import ReportView
from nnviz.render.fitting import fitted, show

_REST_MS = 250
_SIDE = 144


class PortraitCard(QFrame):
    """Card with a unit's synthetic image, if cached; hovering computes none.

    Args:
        app: services, with the unit images.
        view: view whose maps the cursor rests on; the card lies over it.
    """

    def __init__(self, app: AppContext, view: ReportView) -> None:
        super().__init__(view)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._app, self._view = app, view
        self._wanted = ("", -1)
        self._picture = QLabel()
        self._words = label(style="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self._words)
        column.addWidget(self._picture)
        self._resting = QTimer(self, singleShot=True, interval=_REST_MS)
        self._resting.timeout.connect(self._look_up)
        view.unit_pointed.connect(self._point)
        app.unit_images.looked_up.connect(self._show)
        self.hide()

    def _point(self, layer: str, unit: int) -> None:
        self._wanted = layer, unit
        self.hide()
        if layer:
            self._resting.start()
        else:
            self._resting.stop()

    def _look_up(self) -> None:
        self._app.unit_images.look_up(*self._wanted)

    def _show(self, layer: str, unit: int, pixels: Colors) -> None:
        if (layer, unit) != self._wanted:
            return
        side = self._app.look.px(_SIDE)
        shown = show(pixels, fitted(pixels.shape[:2], (side, side)))
        self._picture.setPixmap(QPixmap.fromImage(image_of(shown)))
        self._words.setText(self.tr("channel {0} responds most to").format(unit))
        self.adjustSize()
        self.move(self._place())
        self.show()
        self.raise_()

    def _place(self) -> QPoint:
        """Return a position beside the cursor, within the view."""
        at = self._view.mapFromGlobal(QCursor.pos()) + QPoint(2 * GRID, 2 * GRID)
        room = self._view.size() - self.size()
        if at.y() > room.height():
            at.setY(at.y() - self.height() - 4 * GRID)
        return QPoint(max(0, min(at.x(), room.width())), max(0, at.y()))
