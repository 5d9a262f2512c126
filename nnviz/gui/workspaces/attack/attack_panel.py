"""Panel of an attack: answers before and after, and a slider for its noise."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.attacks import AFTER, survivals
from nnviz.base.notation.targets import class_text
from nnviz.base.results import Ranking, Report
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.bars import Bars
from nnviz.gui.panels.context_menus import show_class_menu
from nnviz.gui.panels.dialogs.files import ask_new_file
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, label, named, row, scrolled
from nnviz.gui.views.widgets.epsilon import STEPS, EpsilonSlider
from nnviz.gui.views.widgets.pair_bars import PairBars
from nnviz.gui.workspaces.attack.attacks import Attacks

_ROWS, _TOP = 5, 5
_NORMS = {"linf": "/255", "l2": "/255 (L2)"}


class AttackPanel(QWidget):
    """Bars before and after, epsilon, surviving copies, and follow-up actions."""

    def __init__(
        self, app: AppContext, attacks: Attacks, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app, self._attacks = app, attacks
        self.verdict = label(style="heading", wrap=True)
        self.now = Bars(_TOP)
        self.bars = PairBars(_ROWS)
        self.bars.setToolTip(self.tr("Click a class to attack toward or away from it"))
        for bars in (self.now, self.bars):
            bars.chosen.connect(self._ask)
            bars.menu_wanted.connect(partial(show_class_menu, app, self))
        self.slider = EpsilonSlider()
        self.slider.setToolTip(
            self.tr("Scales the perturbation down and runs the network again")
        )
        self.slider.moved.connect(attacks.scale)
        self.amount = label()
        self.flips = button(self.tr("Go there"), self._go_to_flip)
        self.flip_words = label(style="muted", wrap=True)
        self.survives = label(style="muted", wrap=True)
        self.explain = self._make_explain()
        self.save = button(self.tr("Save image…"), self.ask_file)
        self.save.setToolTip(
            self.tr(
                "Saves what is shown as PNG, JPEG or WebP, reopens the file and "
                "reports whether it still fools the network"
            )
        )
        self._noise = named(QWidget(), "page")
        self._lay_out()
        attacks.stepped.connect(self._show_report)
        attacks.scaled.connect(self._show_report)
        attacks.changed.connect(self._show)
        predicted = app.predictions.predicted
        connect_while_in(app.choice, "attack", predicted, self._show_prediction)
        self._show_prediction(app.predictions.report)
        self._show()

    def ask_file(self) -> None:
        """Ask for a file and save the shown image."""
        path, _ = ask_new_file(
            self,
            self._app.settings,
            self.tr("Save the attacked image"),
            "adversarial.png",
            self.tr("Images (*.png *.jpg *.jpeg *.webp)"),
        )
        if path:
            self._attacks.save(path)

    # --- construction

    def _make_explain(self) -> QPushButton:
        chooser = QPushButton(self.tr("Explain before and after"))
        chooser.setToolTip(
            self.tr("Maps of the original and of the attacked image, on one scale")
        )
        menu = QMenu(chooser)
        menu.aboutToShow.connect(self._list_methods)
        chooser.setMenu(menu)
        return chooser

    def _list_methods(self) -> None:
        menu = self.explain.menu()
        menu.clear()
        for info in self._attacks.methods():
            action = menu.addAction(info.title)
            action.triggered.connect(
                lambda _=False, name=info.name: self._attacks.explain(name)
            )

    def _lay_out(self) -> None:
        noise = QVBoxLayout(self._noise)
        noise.setContentsMargins(0, 0, 0, 0)
        noise.setSpacing(GRID)
        noise.addLayout(flow(label(self.tr("Epsilon")), None, self.amount))
        noise.addWidget(self.slider)
        line = row(self.flip_words, self.flips)
        line.setStretch(0, 1)
        noise.addLayout(line)
        done = self._done = named(QWidget(), "page")
        after = QVBoxLayout(done)
        after.setContentsMargins(0, 0, 0, 0)
        after.setSpacing(2 * GRID)
        after.addWidget(self.survives)
        after.addLayout(flow(self.explain, self.save, None))
        inner = named(QWidget(), "page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.verdict)
        column.addWidget(self._noise)
        column.addWidget(self.now)
        column.addWidget(self.bars)
        column.addWidget(done)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inner))

    # --- display

    def _show_prediction(self, report: Report | None) -> None:
        """Show the prediction for the image, before any attack."""
        main = report.main if report is not None else None
        self.now.show_ranking(main if isinstance(main, Ranking) else None)
        if self._attacks.run is None:
            self._fill(None)
            self.verdict.setText(self.tr("Not attacked yet"))

    def _show_report(self, report: Report) -> None:
        """Show the answers of a step, or of a share of the noise."""
        after = report.results.get(AFTER)
        self._fill(after if isinstance(after, Ranking) else None)
        if report.outcome is not None:
            verdict = report.outcome.verdict
            self.verdict.setText(verdict[:1].upper() + verdict[1:])
            self.verdict.setToolTip(literal(report.outcome.answers))

    def _fill(self, ranking: Ranking | None) -> None:
        self.bars.show_ranking(_likeliest(ranking) if ranking is not None else None)
        self.bars.setVisible(ranking is not None)
        self.now.setVisible(ranking is None)

    def _show(self) -> None:
        """Show everything known of the attack."""
        attacks = self._attacks
        run, shown = attacks.run, attacks.shown
        for part in (self._noise, self._done):
            part.setVisible(run is not None)
        if run is None:
            with QSignalBlocker(self.slider):
                self.slider.setValue(STEPS)
            return
        if shown is None or shown.share >= 1:
            self._show_report(run.report)
        self.slider.setEnabled(attacks.whole is not None)
        self._show_size()
        self._show_survival(survivals(run.report))
        busy = bool(attacks.explaining)
        self.explain.setEnabled(not busy)
        self.explain.setText(
            self.tr("Explaining…") if busy else self.tr("Explain before and after")
        )

    def _show_size(self) -> None:
        whole, shown = self._attacks.whole, self._attacks.shown
        flips = whole.flips_at if whole is not None else None
        self.slider.set_mark(
            flips / whole.budget if whole and flips and whole.budget else None
        )
        self.flips.setVisible(flips is not None)
        if whole is None:
            self.amount.setText("")
            self.flip_words.setText(
                self.tr(
                    "Searching for the smallest perturbation that flips the prediction…"
                )
            )
            return
        unit = _NORMS[whole.norm]
        epsilon = shown.epsilon if shown is not None else whole.budget
        self.amount.setText(
            self.tr("{0} of {1}").format(f"{epsilon:.2f}", f"{whole.budget:.3g}{unit}")
        )
        if flips is None:
            self.flip_words.setText(
                self.tr("This perturbation does not flip the prediction at any size.")
            )
        else:
            self.flip_words.setText(
                self.tr("Flips at ε ≥ {0}{1}").format(f"{flips:.2f}", unit)
            )

    def _show_survival(self, found: Mapping[str, bool]) -> None:
        lost = [name for name, survives in found.items() if not survives]
        if not found:
            self.survives.setText("")
        elif not lost:
            self.survives.setText(
                self.tr(
                    "The full perturbation still fools the network in all {0} "
                    "variants, including the simulated camera."
                ).format(len(found))
            )
        else:
            self.survives.setText(
                self.tr(
                    "The full perturbation still fools the network in {0} of {1} "
                    "variants, not in: {2}."
                ).format(len(found) - len(lost), len(found), ", ".join(lost))
            )

    def _go_to_flip(self) -> None:
        if self.slider.mark is not None:
            # One step further, since the slider is coarser than the search.
            self.slider.setValue(int(self.slider.mark * STEPS) + 1)

    def _ask(self, index: int) -> None:
        """Make a class the attack's target."""
        model = self._app.selection.model
        if model is not None and index < len(model.labels):
            self._app.selection.set_target(class_text(index, model.labels))


def _likeliest(ranking: Ranking) -> Ranking:
    """Sort a ranking by the larger of its values before and after."""
    if ranking.earlier is None:
        return ranking
    order = np.argsort(-np.maximum(ranking.values, ranking.earlier), kind="stable")
    return replace(
        ranking,
        labels=tuple(ranking.labels[place] for place in order),
        values=ranking.values[order],
        indices=ranking.indices[order],
        earlier=ranking.earlier[order],
    )
