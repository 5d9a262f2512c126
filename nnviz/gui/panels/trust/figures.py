"""Scores of the shown map: table, curves, and further checks on request."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QProgressBar, QVBoxLayout, QWidget

from nnviz.base.explanations.scores import (
    REFERENCES,
    MethodScores,
    Score,
    figure_called,
)
from nnviz.base.explanations.trust import Trust, TrustCheck, words_of
from nnviz.base.results import Curves
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.trust.chip import figure_titles, verdict_words
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.trust import TrustState
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, label, named, scrolled
from nnviz.gui.views.widgets.curve_plot import CurvePlot


class TrustPanel(QWidget):
    """Panel of the map's trust scores."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._trust = app.trust
        self._words = label(style="muted", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(2 * GRID - 2)
        self._grid.setVerticalSpacing(GRID)
        self._grid.setColumnStretch(0, 1)
        self.plots = {
            "deletion": CurvePlot(
                self.tr("Deletion: with a good map the curve falls early")
            ),
            "insertion": CurvePlot(
                self.tr("Insertion: with a good map the curve rises early")
            ),
        }
        self._notes = label(style="muted", wrap=True)
        self._bar = named(QProgressBar(), name=self.tr("Progress of the check"))
        self._bar.setTextVisible(False)
        self.buttons = self._check_buttons()
        self.automatic = QCheckBox(self.tr("Check every map automatically"))
        self.automatic.setChecked(app.trust.automatic)
        self.automatic.toggled.connect(app.trust.set_automatic)
        self._lay_out()
        app.trust.changed.connect(self._show)
        self._show(app.trust.state)

    def _check_buttons(self) -> dict[TrustCheck, QWidget]:
        checks = (
            (
                TrustCheck.RANDOMIZATION,
                self.tr("Randomize the network"),
                self.tr(
                    "Compares the map with those of copies of the network whose "
                    "upper half has random weights. A map that hardly changes "
                    "reflects the image, not the network."
                ),
            ),
            (
                TrustCheck.ROAD,
                "ROAD",
                self.tr(
                    "Remove and debias (ROAD): removed pixels are filled in from "
                    "their neighbors."
                ),
            ),
            (
                TrustCheck.INFIDELITY,
                self.tr("Infidelity"),
                self.tr("Does the map predict the effect of hiding random squares?"),
            ),
            (
                TrustCheck.SENSITIVITY,
                self.tr("Max-sensitivity"),
                self.tr(
                    "Runs the method on ten copies of the image with noise too small "
                    "to see."
                ),
            ),
        )
        return {each[0]: self._button(*each) for each in checks}

    def _button(self, check: TrustCheck, words: str, hint: str) -> QWidget:
        made = button(words, partial(self._trust.measure, check))
        made.setToolTip(literal(hint))
        return made

    def _lay_out(self) -> None:
        inner = named(QWidget(), "page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self._words)
        column.addLayout(self._grid)
        column.addWidget(self._bar)
        for plot in self.plots.values():
            column.addWidget(plot)
        column.addWidget(label(self.tr("More checks"), "section"))
        column.addLayout(flow(*self.buttons.values(), None))
        column.addWidget(self.automatic)
        column.addWidget(self._notes)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(inner))

    def _show(self, state: TrustState) -> None:
        self._words.setText(self._said(state))
        running = state.progress is not None
        self._bar.setVisible(running)
        if state.progress is not None:
            self._bar.setRange(0, int(state.progress.total))
            self._bar.setValue(int(state.progress.done))
            self._bar.setToolTip(literal(state.progress.what))
        for each in self.buttons.values():
            each.setEnabled(state.run is not None)
        self._fill(state.found)

    def _said(self, state: TrustState) -> str:
        if state.run is None:
            return self.tr("Run a method that computes a map over the image.")
        if state.error:
            return state.error
        if state.found is None and not self._trust.automatic:
            return self.tr("Not checked. Choose a check below.")
        if state.found is None:
            return self.tr("This map is checked as soon as the network is idle.")
        return self.tr(
            "Each figure is compared with those of a random map and an edge map of "
            "this image. Pass: better than both. Caution: better than one. Fail: "
            "better than neither."
        )

    def _fill(self, found: Trust | None) -> None:
        for name, plot in self.plots.items():
            curves = found.curves.get(name) if found is not None else None
            plot.show_curves(self._renamed(curves) if curves is not None else None)
            plot.setVisible(curves is not None)
        self._notes.setText(" ".join(found.notes) if found is not None else "")
        _clear(self._grid)
        if found is None:
            return
        heads = ("", self.tr("this map"), self.tr("random"), self.tr("edges"), "")
        for index, words in enumerate(heads):
            self._put(0, index, words, "section")
        for row, score in enumerate(found.scores, 1):
            self._fill_row(row, score, found.rows[1:])

    def _renamed(self, curves: Curves) -> Curves:
        """Return the curves with readable names, the map's own first."""
        names = self.tr("this map"), self.tr("random map"), self.tr("edge map")
        series = dict(zip(names, curves.series.values(), strict=True))
        return replace(curves, series=series)

    def _fill_row(
        self, row: int, score: Score, others: tuple[MethodScores, ...]
    ) -> None:
        figure = figure_called(score.figure)
        words = self._put(row, 0, figure_titles()[score.figure], "heading")
        better = self.tr("high") if figure.higher_is_better else self.tr("low")
        meaning = self.tr(figure.help)
        words.setToolTip(literal(self.tr("{0}; {1} is good").format(meaning, better)))
        self._put(row, 1, words_of(score))
        by_name = {each.method: each for each in others}
        for column, name in enumerate(REFERENCES, 2):
            reference = by_name[name].score(score.figure)
            self._put(row, column, _mean(reference), "muted")
        if score.verdict is not None:
            verdict = self._put(row, 4, verdict_words(score.verdict), "verdict")
            verdict.setProperty("verdict", str(score.verdict))
            verdict.style().polish(verdict)

    def _put(self, row: int, column: int, words: str, style: str = "") -> QWidget:
        made = label(words, style)
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        self._grid.addWidget(made, row, column, side)
        return made


def _mean(score: Score | None) -> str:
    return "" if score is None else f"{score.estimate.mean:.2f}"


def _clear(grid: QGridLayout) -> None:
    """Remove everything from a grid."""
    while (item := grid.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
