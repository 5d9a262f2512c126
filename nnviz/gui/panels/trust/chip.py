"""Chip beside a map's title with its verdicts; a click shows the scores."""

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.base.explanations.scores import Score, Verdict
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.trust import TrustState
from nnviz.gui.views.widgets.elided import ElidedButton

_ICONS = {
    Verdict.PASS: "circle-check",
    Verdict.CAUTION: "triangle-alert",
    Verdict.FAIL: "circle-alert",
}


def figure_titles() -> Mapping[str, str]:
    """Return the titles of the scores in the window's language, by name."""
    return {
        "deletion": _tr("Deletion"),
        "insertion": _tr("Insertion"),
        "completeness": _tr("Completeness"),
        "road": "ROAD",
        "infidelity": _tr("Infidelity"),
        "max_sensitivity": _tr("Max-sensitivity"),
        "randomized": _tr("Randomized"),
        "pointing": _tr("Pointing game"),
        "energy": _tr("Energy inside"),
        "iou": "IoU",
    }


def verdict_words(verdict: Verdict) -> str:
    """Return a verdict in the window's language."""
    words = {
        Verdict.PASS: _tr("pass"),
        Verdict.CAUTION: _tr("caution"),
        Verdict.FAIL: _tr("fail"),
    }
    return words[verdict]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Trust", text)


class TrustChip(ElidedButton):
    """Unobtrusive button in the line of the map's title."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.setObjectName("chip")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("How far to trust this map"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(app.trust_wanted)
        app.trust.changed.connect(self._show)
        app.look.changed.connect(lambda: self._show(app.trust.state))
        self._show(app.trust.state)

    def _show(self, state: TrustState) -> None:
        self.setVisible(state.run is not None)
        scores = [each for each in self._scores(state) if each.verdict is not None]
        verdict = state.found.verdict if state.found is not None else None
        icon = "timer" if verdict is None else _ICONS[verdict]
        self.setIcon(self._app.look.icon(icon))
        self.setProperty("verdict", str(verdict or ""))
        self.style().polish(self)
        self.setText(self._words(state, scores))
        self.setToolTip(literal(self._explained(state, scores)))

    @staticmethod
    def _scores(state: TrustState) -> tuple[Score, ...]:
        return state.found.scores if state.found is not None else ()

    def _words(self, state: TrustState, scores: list[Score]) -> str:
        if state.progress is not None:
            share = state.progress.fraction
            return (
                self.tr("Checking… {0} %").format(round(100 * share))
                if share is not None
                else self.tr("Checking…")
            )
        if scores:
            titles = figure_titles()
            return " · ".join(
                f"{titles[each.figure]}: {verdict_words(each.verdict)}"
                for each in scores
                if each.verdict is not None
            )
        return self.tr("Trust")

    def _explained(self, state: TrustState, scores: list[Score]) -> str:
        if state.error:
            return state.error
        if not scores:
            return self.tr("Not checked yet. Click for the figures.")
        return self.tr(
            "Compared with a random map and an edge map of this image. Pass: better "
            "than both. Caution: better than one. Fail: better than neither. Click "
            "for the figures."
        )
