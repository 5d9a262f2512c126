"""View of curves and histograms.

pyqtgraph lays out names and labels as HTML, so they are escaped.
"""

import html
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.results import Curves
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.tokens import SPACE, tokens_of
from nnviz.render.text.words import number

_BAR_ALPHA = 150
_LEGEND_ALPHA = 200
_PLACES = ((1, 0), (1, 1), (0, 0), (0, 1), (1, 0.5), (0, 0.5))
"""Places of the legend, shares of the plot from its left and top, the usual first.

Losses fall, which leaves room at the top right.
"""
_LEGEND_WIDTH, _LEGEND_HEIGHT = 0.5, 0.35
"""Parts of the plot that a legend takes at most."""
_LEGEND_GAP = 10
"""Distance of the legend from an edge, px."""
_TINY = 1e-12
_FEW, _DOT = 12, 7
"""Largest number of points that are marked, and the size of the dots, px."""

_Shape = tuple[tuple[str, ...], str, str, str, bool]


class CurvesView(ResultView):
    """View of ``Curves``.  The first one imports pyqtgraph, which takes 0.6 s."""

    result: Curves | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        import pyqtgraph  # noqa: PLC0415 - see above

        self._pg = pyqtgraph
        self._shape: _Shape | None = None
        """Of the result that the lines were made for."""
        self._legend_at: tuple[float, float] | None = None
        self._lines: dict[str, Any] = {}
        self._plot: Any = pyqtgraph.PlotWidget(self, enableMenu=False)
        self._plot.setAccessibleName(self.tr("Plot"))
        self._plot.getPlotItem().hideButtons()
        self._plot.scene().sigMouseMoved.connect(self._moved)
        self.setFocusProxy(self._plot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        layout.addWidget(self._plot)
        for side in ("bottom", "left"):
            # Only while an axis has no label: later it would keep the current scale.
            self._plot.getAxis(side).enableAutoSIPrefix(False)
        self._theme()

    def update_view(self) -> None:
        """Plot the series, in the lines that are there if only values have changed."""
        curves = self.result
        if curves is None:
            return
        if _shape(curves) != self._shape:
            self._shape = _shape(curves)
            self._build(curves)
        else:
            x = np.asarray(curves.x, np.float64)
            for name, values in curves.series.items():
                self._lines[name].setData(x, np.asarray(values, np.float64))
        self._fit(curves)

    def _build(self, curves: Curves) -> None:
        """Make legend, labels and lines."""
        item = self._plot.getPlotItem()
        self._clear()
        if item.legend is not None:
            item.legend.scene().removeItem(item.legend)
            item.legend = None
        if len(curves.series) > 1:
            tokens = tokens_of(self.palette())
            ground = QColor(tokens.backdrop)
            ground.setAlpha(_LEGEND_ALPHA)
            item.addLegend(labelTextColor=tokens.text, brush=ground)
            self._legend_at = None
        self._lines = {
            name: self._draw(index, name, np.asarray(values, np.float64))
            for index, (name, values) in enumerate(curves.series.items())
        }
        item.setLabel("bottom", html.escape(curves.x_label))
        item.setLabel("left", html.escape(curves.y_label))

    def _fit(self, curves: Curves) -> None:
        """Show all values, and the whole of a limited axis; free them of the legend."""
        item = self._plot.getPlotItem()
        if item.legend is not None:
            self._place_legend(item.legend, _free_place(curves))
        item.autoRange()
        if curves.limits is not None:
            item.setYRange(*curves.limits)
        elif curves.style == "bars":
            item.setYRange(0, max(float(each.max()) for each in curves.series.values()))

    def _place_legend(self, legend: Any, place: tuple[float, float]) -> None:
        if place != self._legend_at:
            self._legend_at = place
            across, down = (_LEGEND_GAP * (1 - 2 * share) for share in place)
            legend.anchor(place, place, offset=(across, down))

    def _clear(self) -> None:
        """Remove the series, freeing them after Qt's next paint: earlier would crash.

        Qt may hold them until then.
        """
        removed = list(self._plot.getPlotItem().items)
        self._plot.clear()
        QTimer.singleShot(0, removed.clear)

    def follow_theme(self) -> None:
        """Plot in another theme's colors."""
        self._theme()
        self._shape = None
        self.update_view()

    def _draw(self, index: int, name: str, values: Any) -> Any:
        """Add a line or bars; return the item."""
        assert self.result is not None  # noqa: S101  for mypy
        color = tokens_of(self.palette()).series(index)
        x = np.asarray(self.result.x, np.float64)
        if self.result.style == "lines":
            few = len(x) <= _FEW
            return self._plot.plot(
                x,
                values,
                pen=self._pg.mkPen(color, width=2),
                name=html.escape(name),
                symbol="o" if few else None,
                symbolSize=_DOT,
                symbolBrush=color,
                symbolPen=None,
            )
        fill = self._pg.mkColor(color)
        fill.setAlpha(_BAR_ALPHA)
        return self._plot.plot(
            x,
            values,
            stepMode="center",
            fillLevel=0,
            brush=fill,
            pen=color,
            name=html.escape(name),
        )

    def _theme(self) -> None:
        tokens = tokens_of(self.palette())
        self._plot.setBackground(tokens.backdrop)
        for side in ("bottom", "left"):
            axis = self._plot.getAxis(side)
            axis.setPen(tokens.line)
            axis.setTextPen(tokens.quiet)
        self._plot.showGrid(x=True, y=True, alpha=0.15)

    def _moved(self, at: QPointF) -> None:
        curves = self.result
        box = self._plot.getPlotItem().vb
        if (
            curves is None
            or not len(curves.x)
            or not box.sceneBoundingRect().contains(at)
        ):
            self.hovered.emit("")
            return
        x = box.mapSceneToView(at).x()
        count = len(next(iter(curves.series.values())))
        if curves.style == "bars":
            index = int(np.searchsorted(curves.x, x)) - 1
        else:
            index = int(np.abs(np.asarray(curves.x) - x).argmin())
        if not 0 <= index < count:
            self.hovered.emit("")
            return
        values = "  ".join(
            f"{name} {number(float(series[index]))}"
            for name, series in curves.series.items()
        )
        self.hovered.emit(f"{curves.x_label} {number(x)}  ·  {values}")


def _free_place(curves: Curves) -> tuple[float, float]:
    """Return the place, one of ``_PLACES``, in which a legend covers fewest values."""
    values = np.stack([np.asarray(y, np.float64) for y in curves.series.values()])
    finite = values[np.isfinite(values)]
    if not finite.size:
        return _PLACES[0]
    x = np.asarray(curves.x, np.float64)[: values.shape[1]]
    low, high = curves.limits or (finite.min(), finite.max())
    across = (x - x.min()) / max(float(np.ptp(x)), _TINY)
    down = (high - values) / max(high - low, _TINY)

    def covered(place: tuple[float, float]) -> int:
        left, top = place[0] * (1 - _LEGEND_WIDTH), place[1] * (1 - _LEGEND_HEIGHT)
        beside = (left <= across) & (across <= left + _LEGEND_WIDTH)
        level = (top <= down) & (down <= top + _LEGEND_HEIGHT)
        return int((beside & level).sum())

    return min(_PLACES, key=covered)


def _shape(curves: Curves) -> _Shape:
    """Return what lines, legend and labels depend on, the values aside."""
    few = len(curves.x) <= _FEW
    return tuple(curves.series), curves.style, curves.x_label, curves.y_label, few
