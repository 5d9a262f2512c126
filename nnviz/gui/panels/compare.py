"""Comparison of two results: side by side, swiped, blinking, subtracted."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from nnviz.base.recipes import Run
from nnviz.base.results import Diagram
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.panels.empty_state import RUN, EmptyState
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, icon_button, named, row
from nnviz.gui.views.comparison.compare import CompareView
from nnviz.gui.views.comparison.diagram_pair import DiagramPairView
from nnviz.render.boards.board import tile_of


class ComparePane(QWidget):
    """Page that compares two results, chosen from the session."""

    hovered = Signal(str)
    wanted = Signal(str)
    """Name of a command to run."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.choices = (
            self._make_choice(self.tr("First result")),
            self._make_choice(self.tr("Second result")),
        )
        self.view = CompareView(self)
        self.graphs = DiagramPairView(self)
        for view in (self.view, self.graphs):
            view.hovered.connect(self.hovered)
        swap = icon_button(app.look, "flip-horizontal-2", self.tr("Swap"), self.swap)
        line = row(self.choices[0], swap, self.choices[1], spacing=GRID)
        line.setContentsMargins(2 * GRID, 2 * GRID, MARGIN, 0)
        line.setStretch(0, 1)
        line.setStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        self.empty = EmptyState(
            (RUN,),
            self.tr(
                "Run two methods, one method on two images, or Architecture on two "
                "networks to compare the results here."
            ),
        )
        self.empty.wanted.connect(self.wanted)
        column.addWidget(self.view, 1)
        column.addWidget(self.graphs, 1)
        column.addWidget(self.empty, 1)
        self.setFocusProxy(self.view)
        app.runs.history.changed.connect(self._list)
        self._list()

    def compare(self, first: Run, second: Run) -> None:
        """Compare two results."""
        for choice, run in zip(self.choices, (first, second), strict=True):
            choice.setCurrentIndex(self._place_of(run))
        self._show()

    def pair(self) -> tuple[Run | None, Run | None]:
        """Return the two results."""
        first, second = (choice.currentData() for choice in self.choices)
        return first, second

    def swap(self) -> None:
        """Swap the two results."""
        first, second = self.pair()
        if first is not None and second is not None:
            self.compare(second, first)

    def _make_choice(self, name: str) -> QComboBox:
        choice = named(ComboBox(), name=name)
        choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        choice.setMinimumContentsLength(8)
        choice.activated.connect(lambda _: self._show())
        return choice

    def _list(self) -> None:
        """Fill the lists with the session's results, keeping the choice."""
        runs = comparable(self._app)
        for choice in self.choices:
            kept = choice.currentData()
            with QSignalBlocker(choice):
                choice.clear()
                for run in runs:
                    choice.addItem(self._app.captions.short(run, runs), run)
                choice.setCurrentIndex(self._place_of(kept) if kept else -1)
        self._begin(runs)

    def _begin(self, runs: Sequence[Run]) -> None:
        """Compare the newest two results, unless some are chosen."""
        pair = newest_pair(runs)
        for choice in self.choices:
            choice.setEnabled(pair is not None)
        if pair is not None and None in self.pair():
            self.compare(*pair)
        else:
            self._show()

    def _place_of(self, run: Run) -> int:
        shown = self.choices[0]
        places = range(shown.count())
        return next((n for n in places if shown.itemData(n) is run), -1)

    def _show(self) -> None:
        """Show the two as graphs or as images; explain if their kinds differ."""
        first, second = self.pair()
        graphs = [diagram_of(run) for run in (first, second) if run is not None]
        drawn = [each for each in graphs if each is not None]
        self.graphs.setVisible(len(drawn) == len(self.choices))
        self.view.setVisible(len(graphs) == len(self.choices) and not drawn)
        self.empty.setVisible(self.graphs.isHidden() and self.view.isHidden())
        if first is None or second is None:
            return
        pair = first, second
        short = self._app.captions.short
        names = short(first, pair), short(second, pair)
        if len(drawn) == len(pair):
            self.graphs.set_pair(drawn[0], drawn[1])
            return
        tiles = [tile_of(run, "", name) for run, name in zip(pair, names, strict=True)]
        if not drawn and tiles[0] is not None and tiles[1] is not None:
            self.view.set_pair(tiles[0], tiles[1])


def comparable(app: AppContext) -> list[Run]:
    """Return the session's maps, images and graphs, newest first."""
    runs = app.runs.history.runs
    return [run for run in runs if diagram_of(run) or tile_of(run) is not None]


def diagram_of(run: Run) -> Diagram | None:
    """Return the diagram that is a run's main result; None for other runs."""
    main = run.report.main
    return main if isinstance(main, Diagram) else None


def newest_pair(runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """Return the newest result and the newest earlier one comparable with it.

    Args:
        runs: comparable ones, newest first.
    """
    for other in runs[1:]:
        if (diagram_of(other) is None) == (diagram_of(runs[0]) is None):
            return other, runs[0]
    return None
