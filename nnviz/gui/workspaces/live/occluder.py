"""Occluder of live frames: a patch under the mouse hides part of each."""

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from nnviz.base.live import Cover, Shown
from nnviz.base.results import Ranking
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.occluder_tools import FillBox, PatchSlider, export_trace
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.occlusion_trace import OcclusionTrace
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, label, named
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.widgets.score_trace import ScoreTrace

_GRAY = (128, 128, 128)
_NOWHERE = (math.nan, math.nan)


class LiveOccluder(QWidget):
    """Bar below the frames; while it is open, the patch follows the mouse.

    Its ``trace``, a separate widget next to the frames, shows the score of the class
    that was most likely when nothing was last hidden.

    Args:
        app: the window's services.
        canvas: shows the frames.
        parent: Qt parent.
    """

    def __init__(
        self, app: AppContext, canvas: Canvas, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app, self._canvas = app, canvas
        self._at: tuple[float, float] | None = None
        self._name, self._whole = "", 0.0
        self.log = OcclusionTrace()
        self.fill, self.patch = FillBox(), PatchSlider()
        self.words = label(style="muted")
        self.trace = ScoreTrace(self.tr("Score while you move"))
        fill = label(self.tr("Fill"))
        self.trace.hide()
        export = button(self.tr("Export trace…"), self._export)
        clear = button(self.tr("Clear"), self._clear)
        parts = (self.patch, fill, self.fill, self.words, None, clear, export)
        line = flow(*parts, spacing=GRID)
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        canvas.pointed.connect(self._point)
        self.patch.changed.connect(self._hide_part)
        self.fill.activated.connect(self._hide_part)
        app.live.shown.connect(self._take)
        app.live.status_changed.connect(lambda _: self._forget())

    def showEvent(self, event: QShowEvent) -> None:
        """Start hiding the patch."""
        super().showEvent(event)
        self.trace.show()
        self._forget()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop hiding the patch."""
        self._at = None
        self.trace.hide()
        self._app.live.set_cover(None)
        super().hideEvent(event)

    def _point(self, y: float, x: float) -> None:
        size = self._canvas.image_size
        if size is None or not self.isVisible():
            return
        self._at = None if math.isnan(y) else (y / size[0], x / size[1])
        self._hide_part()

    def _hide_part(self) -> None:
        """Hide the patch in each frame from the next on."""
        cover = None
        if self._at is not None:
            y, x = self._at
            side, fill = self.patch.side, self.fill.fill
            cover = Cover(y=y, x=x, side=side, fill=fill, mean=self._mean_color())
        self._app.live.set_cover(cover)

    def _mean_color(self) -> tuple[int, int, int]:
        """Return the color that the network's normalization maps to zero."""
        model = self._app.selection.model
        color = model.preprocess.mean_color if model is not None else ()
        red, green, blue = color if len(color) == len(_GRAY) else _GRAY
        return red, green, blue

    def _take(self, shown: Shown) -> None:
        """Add the score of a frame to the trace."""
        ranking = shown.run.report.first(Ranking) if shown.run is not None else None
        if not self.isVisible() or ranking is None or not len(ranking.values):
            return
        if self._at is None:
            self._name, self._whole = ranking.labels[0], float(ranking.values[0])
        if not self._name:
            return
        listed = self._name in ranking.labels
        # A class that is not listed has at most the value of the last listed one.
        place = ranking.labels.index(self._name) if listed else -1
        score = float(ranking.values[place])
        self.trace.add(score, self._whole)
        area = self.patch.side**2 if self._at is not None else 0.0
        self.log.add(self._at or _NOWHERE, score if listed else math.nan, area)
        told = (
            self.tr("{0}: {1}, whole image {2}")
            if listed
            else self.tr("{0}: below {1}, whole image {2}")
        )
        self.words.setText(
            told.format(self._name, f"{score:.3g}", f"{self._whole:.3g}")
        )

    def _forget(self) -> None:
        self._name = ""
        self._clear()

    def _clear(self) -> None:
        self.log.clear()
        self.trace.clear()
        self.words.setText(self.tr("Move the mouse over a frame to hide that part"))

    def _export(self) -> None:
        export_trace(self.log, self._app, self)
