"""Page of the occluder: a patch under the mouse, the answers, the map beside it."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from nnviz.base.explanations.occluder import Occluded
from nnviz.base.explanations.trust import TrustCheck
from nnviz.base.results import Heatmap
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.bars import Bars
from nnviz.gui.panels.occluder_tools import FillBox, PatchSlider, export_trace
from nnviz.gui.panels.photo import input_marks, seen
from nnviz.gui.panels.trust.chip import figure_titles
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.services.trust import TrustState
from nnviz.gui.state.display import DisplayState
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    button,
    label,
    named,
    row,
    side_column,
    toggle_button,
)
from nnviz.gui.views.canvas.brush import MaskBrush
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.results.heatmap import HeatmapView
from nnviz.gui.views.widgets.score_trace import ScoreTrace
from nnviz.gui.workspaces.explain.occluder import Occluder

_ROWS = 6
_SIDE_WIDTH = 300
_PERCENT = 100
_AGREEMENT = ("pointing", "energy", "iou")
_WHITE, _GRAY, _OPACITY = 255, 128, 215


class OccluderPane(QWidget):
    """Page on which parts of the image are hidden by hand."""

    def __init__(
        self, app: AppContext, occluder: Occluder, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._app, self._occluder = app, occluder
        self.canvas = named(Canvas(), name=self.tr("Image to hide parts of"))
        self.hovered, self.answered = self.canvas.hovered, occluder.answered
        self.brush = MaskBrush(self.canvas)
        self.map = HeatmapView()
        self.map.hide()
        self.bars = Bars(_ROWS)
        self.bars.setAccessibleName(self.tr("Prediction with the part hidden"))
        self._score = label(style="heading", wrap=True)
        self._facts = label(style="muted", wrap=True)
        self._rate = label(style="muted")
        self.trace = ScoreTrace(self.tr("Score while you move"))
        self._at: tuple[float, float] | None = None
        self._make_tools()
        self._lay_out()
        self._connect()
        self._open()

    def hidden(self) -> NDArray[np.uint8]:
        """Return the mask of everything hidden: what is painted, and the patch."""
        painted = self.brush.mask
        if painted is None:
            return np.zeros((1, 1), np.uint8)
        found = painted.copy()
        if self._at is not None and not self.paint.isChecked():
            top, left, side = self._patch(found.shape)
            found[max(0, top) : top + side, max(0, left) : left + side] = _WHITE
        # With nothing marked, hide nothing rather than everything.
        return _WHITE - found if self.keep.isChecked() and found.any() else found

    def _patch(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Return the patch's first row and column on the mask, and its side."""
        y, x = self._at if self._at is not None else (0.0, 0.0)
        side = max(1, round(self.patch.side * min(shape)))
        return (
            round(y * shape[0] - side / 2),
            round(x * shape[1] - side / 2),
            side,
        )

    def _make_tools(self) -> None:
        look = self._app.look
        self.paint = toggle_button(look, "brush", self.tr("Paint what is hidden"))
        self.erase = toggle_button(look, "eraser", self.tr("Erase"))
        self.keep = toggle_button(
            look, "eye", self.tr("Keep only what is marked, hide all else")
        )
        self.fill = FillBox()
        self.patch = PatchSlider()
        self.clear = button(self.tr("Clear"), self._clear)
        self.compare = button(self.tr("Compare map with mark"), self._compare)
        self.compare.setToolTip(
            self.tr(
                "Does the map lie on the painted object: pointing game, energy, IoU"
            )
        )
        self._agreement = label(style="muted", wrap=True)
        self.export = button(self.tr("Export trace…"), self._export)

    def _lay_out(self) -> None:
        side = named(QWidget(), "page")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(side)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(2 * GRID)
        for each in (self._score, self._facts, self.bars, self.trace, self._rate):
            column.addWidget(each)
        column.addWidget(self._agreement)
        column.addStretch(1)
        column.addLayout(flow(self.compare, self.clear, self.export, None))
        tools = flow(
            self.paint, self.erase, self.keep, self.patch, label(self.tr("Fill"))
        )
        tools.addWidget(self.fill)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        pictures = QSplitter(Qt.Orientation.Horizontal)
        pictures.setChildrenCollapsible(False)
        pictures.addWidget(self.canvas)
        pictures.addWidget(self.map)
        pictures.setSizes([500, 500])
        middle.addWidget(pictures, 1)
        bar = named(QWidget(), "header")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar.setLayout(tools)
        middle.addWidget(bar)
        whole = row(spacing=0)
        whole.addLayout(middle, 1)
        whole.addWidget(side_column(self._app.look, side, _SIDE_WIDTH))
        self.setLayout(whole)

    def _connect(self) -> None:
        app = self._app
        self.canvas.pointed.connect(self._point)
        app.trust.changed.connect(self._tell_agreement)
        self.paint.toggled.connect(self._choose_tool)
        self.erase.toggled.connect(self._choose_tool)
        self.keep.toggled.connect(self._ask)
        self.fill.activated.connect(self._choose_fill)
        self.patch.changed.connect(self._choose_size)
        self.brush.changed.connect(self._ask)
        self.brush.painted.connect(self._ask)
        self._occluder.answered.connect(self._show)
        self._occluder.rate_changed.connect(self._tell_rate)
        here = app.choice, "explain"
        chosen = app.selection
        connect_while_in(*here, chosen.image_changed, lambda _: self._open())
        connect_while_in(*here, chosen.model_changed, lambda _: self._open())
        connect_while_in(*here, chosen.target_changed, lambda _: self._ask())
        app.display.changed.connect(self._show_map)
        self._show_map(app.display.state)

    def _open(self) -> None:
        """Show the open image."""
        image = self._app.selection.image
        self._at = None
        self._occluder.trace.clear()
        self.trace.clear()
        if image is None:
            self.canvas.set_message(self.tr("Open an image, then move over it"))
            self.brush.begin(None)
            return
        self.canvas.set_image(seen(image))
        self.canvas.set_marks(*input_marks(self._app.selection))
        self.canvas.fit()
        self.brush.begin(image.size)
        self._choose_size()

    def _choose_tool(self) -> None:
        painting = self.paint.isChecked() or self.erase.isChecked()
        self.brush.erasing = self.erase.isChecked()
        self.brush.set_active(painting)
        self._ask()

    def _choose_size(self) -> None:
        """Set the size of the patch and the brush."""
        size = self.canvas.image_size
        if size is not None:
            self.brush.set_size(self.patch.side * min(size) / max(size))
        self._ask()

    def _choose_fill(self) -> None:
        self._occluder.fill = self.fill.fill
        self._ask()

    def _clear(self) -> None:
        """Clear the mask and restart the trace."""
        self._at = None
        self._occluder.trace.clear()
        self.trace.clear()
        self.brush.clear()
        self._ask()

    def _point(self, y: float, x: float) -> None:
        """Move the patch to the mouse."""
        size = self.canvas.image_size
        if size is None or self.brush.active:
            return
        left = math.isnan(y)
        self._at = None if left else (y / size[0], x / size[1])
        self._ask()

    def _ask(self) -> None:
        mask = self.hidden()
        if not self.brush.active:
            self._veil(mask)
        self._occluder.ask(mask)

    def _veil(self, mask: NDArray[np.uint8]) -> None:
        """Show the hidden part, repainting only there."""
        size = self.canvas.image_size
        rows, columns = _span(mask, 1), _span(mask, 0)
        if size is None or rows is None or columns is None:
            self.canvas.set_overlay(None)
            return
        down, across = size[0] / mask.shape[0], size[1] / mask.shape[1]
        part = mask[rows[0] : rows[1], columns[0] : columns[1]]
        layer = np.full((*part.shape, 4), _GRAY, np.uint8)
        layer[..., 3] = np.where(part > 0, _OPACITY, 0)
        self.canvas.set_overlay(
            layer,
            (rows[0] * down, columns[0] * across, rows[1] * down, columns[1] * across),
        )

    def _show(self, found: Occluded) -> None:
        self._score.setText(
            self.tr("{0}: {1}, whole image {2}").format(
                found.words, f"{found.score:.3g}", f"{found.before:.3g}"
            )
        )
        how = self.tr("incremental pass") if found.incremental else self.tr("full pass")
        share = f"{_PERCENT * found.share:.0f}"
        self._facts.setText(self.tr("{0} % hidden · {1}").format(share, how))
        self.bars.show_ranking(found.ranking)
        self.trace.add(found.score, found.before)

    def _tell_rate(self, rate: float) -> None:
        self._rate.setText(self.tr("{0} predictions per second").format(round(rate)))

    def _show_map(self, state: DisplayState) -> None:
        """Show the current map beside the image, if there is one."""
        content = state.content
        main = content.report.main if content is not None else None
        there = isinstance(main, Heatmap) and content is not None
        self.map.setVisible(there)
        if there and content is not None:
            self.map.show_result(main, content.image)

    def _compare(self) -> None:
        """Compare the map with the painted mask, as with a mask of the object."""
        mask = self.brush.mask
        if mask is None or not mask.any():
            self._agreement.setText(self.tr("Paint the object first."))
        elif self._app.trust.state.run is None:
            self._agreement.setText(
                self.tr("Run a method that computes a map over the image.")
            )
        else:
            self._app.trust.measure(TrustCheck.OBJECT, mask)

    def _tell_agreement(self, state: TrustState) -> None:
        """Show how well the map agrees with the painted mask."""
        rows = state.found.rows if state.found is not None else ()
        lines, titles = [], figure_titles()
        for name in _AGREEMENT:
            scores = [row.score(name) for row in rows]
            means = [each.estimate.mean for each in scores if each is not None]
            if means:
                words = self.tr("{0}: {1} (random {2}, edges {3})")
                numbers = (f"{mean:.2f}" for mean in means)
                lines.append(words.format(titles[name], *numbers))
        self._agreement.setText(state.error or "\n".join(lines))

    def _export(self) -> None:
        export_trace(self._occluder.trace, self._app, self)


def _span(mask: NDArray[np.uint8], across: int) -> tuple[int, int] | None:
    """Return the first hidden row or column, and the one after the last.

    Args:
        mask: (h, w).
        across: the axis to reduce: 1 for rows, 0 for columns.
    """
    places = np.flatnonzero(mask.max(axis=across))
    return (int(places[0]), int(places[-1]) + 1) if len(places) else None
