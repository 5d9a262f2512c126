"""Page of the board: methods, networks and images compared, exported, copied."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QProgressBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.documents.boards import Network, Plan
from nnviz.base.errors import ErrorRecord
from nnviz.base.images import Image
from nnviz.base.parameters import Kind, Parameter
from nnviz.base.recipes import Run
from nnviz.base.results import Table
from nnviz.gui.forms.target import TargetControl
from nnviz.gui.layout.bounded import Bounded
from nnviz.gui.layout.flow import Flow, flow
from nnviz.gui.panels.empty_state import RUN_BOARD, EmptyState
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    allow,
    button,
    icon_button,
    keep_size,
    label,
    named,
    row,
    side_column,
    toggle_button,
)
from nnviz.gui.views.comparison.board import BoardView
from nnviz.gui.views.comparison.side import ink_of
from nnviz.gui.views.results.table import TableView
from nnviz.gui.workspaces.explain.board_choices import BoardChoices
from nnviz.gui.workspaces.explain.network_targets import NetworkTargets
from nnviz.render.boards.board import Board
from nnviz.render.boards.board_sheet import BoardSheet
from nnviz.render.boards.scale_locks import Lock

_WIDTH = 224
"""Width of the lists, px."""

_LEAST_TARGETS, _MOST_TARGETS = 64, 176
"""Minimum and maximum height of the targets of single networks, which scroll, px."""


class BoardPane(QWidget):
    """Page with the choices on the left, the board beside them, its numbers below."""

    hovered = Signal(str)
    wanted = Signal(str)
    """Name of a command to run."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.choices = BoardChoices(app)
        self.view = BoardView(self)
        self.numbers = TableView(self)
        self.numbers.hide()
        self.run = button(self.tr("Run board"), self.start, "primary")
        self.stop = button(self.tr("Stop"), app.boards.stop)
        self._bar = named(QProgressBar(), name=self.tr("Progress of the board"))
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        parameter = Parameter(
            name="target",
            kind=Kind.TARGET,
            default="",
            title=self.tr("Target"),
            help=self.tr("The class of all maps; empty: each network's prediction."),
        )
        self.target = TargetControl(parameter, self)
        self.targets = NetworkTargets(self)
        self._asked = label(style="muted", wrap=True)
        self._own = Bounded(self.targets, QSize())
        keep_size(app.look, self._own, self._bound_targets)
        self._state = label(style="muted", wrap=True)
        self.empty = EmptyState(
            (RUN_BOARD,), self.tr("Choose methods and networks, then Run.")
        )
        self.empty.wanted.connect(lambda _: self.start())
        self._images: dict[str, Image] = {}
        self._wanted: list[str] = []
        self._own_lock = False
        self._lay_out()
        self._connect()
        self._idle()
        self._tell_choice()

    def _bound_targets(self) -> None:
        """Follow the text size."""
        px = self._app.look.px
        self._own.set_least(QSize(0, px(_LEAST_TARGETS)))
        self._own.setMaximumHeight(px(_MOST_TARGETS))

    def board(self) -> Board | None:
        """Return the board; None where there is none."""
        return self._app.boards.board()

    def chosen_lock(self) -> Lock:
        """Return the chosen grouping of maps by color scale."""
        return self.view.chosen_lock()

    def start(self) -> None:
        """Open the missing images, then compute the board."""
        self._wanted = self.choices.photographs.ticked()
        opened = self._app.selection.image
        if opened is not None and opened.path:
            self._images[opened.path] = opened
        if opened is not None and not self._wanted:  # a pasted image has no path
            self._wanted = [opened.name]
            self._images[opened.name] = opened
        missing = [path for path in self._wanted if path not in self._images]
        for path in missing:
            self._load(path)
        if not missing:
            self._run()

    def _load(self, path: str) -> None:
        """Open an image that the board waits for."""
        job = self._app.images.load(path)
        if job is not None:
            job.done.connect(lambda image: self._take_image(path, image))
            job.failed.connect(lambda error: self._skip_image(path, error))

    def show_numbers(self, shown: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show the agreement of the maps as a table, once there is a board."""
        self.numbers.setVisible(shown and self.view.sheet is not None)
        if self.view.sheet is not None:  # column widths follow the visible contents
            self._fill_numbers(self.view.sheet)

    def _run(self) -> None:
        """Start computing the board."""
        plan = Plan(
            methods=self.choices.chosen_methods(),
            networks=self.targets.apply(self.choices.chosen_networks()),
            images=tuple(self._images[path] for path in self._wanted),
            target=self._app.selection.target,
            values=self.choices.chosen_values(),
        )
        self._images = {path: self._images[path] for path in self._wanted}
        self._wanted = []
        self._app.boards.start(plan)

    def _take_image(self, path: str, image: Image) -> None:
        """Store an opened image; start once all are open."""
        if path in self._wanted:
            self._images[path] = image
            if all(each in self._images for each in self._wanted):
                self._run()

    def _skip_image(self, path: str, error: ErrorRecord) -> None:
        """Continue without an image that cannot be opened, which a banner reports."""
        self._app.messages.fail("open", error)
        if path in self._wanted:
            self._wanted.remove(path)
            if self._wanted and all(each in self._images for each in self._wanted):
                self._run()

    def _connect(self) -> None:
        boards = self._app.boards
        boards.planned.connect(self._begin)
        boards.filled.connect(self._fill)
        boards.painted.connect(self._show)
        self.view.repaint_wanted.connect(self._fill)
        boards.progressed.connect(self._progress)
        boards.ended.connect(self._end)
        self.choices.changed.connect(self._tell_choice)
        selection = self._app.selection
        selection.target_changed.connect(lambda _: self._tell_choice())
        selection.model_changed.connect(lambda _: self._offer_targets())
        self.target.edited.connect(lambda value, _: selection.set_target(str(value)))
        self.target.refused.connect(self._asked.setText)
        self.targets.changed.connect(self._tell_choice)
        self._app.models.opened.connect(self.targets.learn)
        self._offer_targets()
        self.view.hovered.connect(self.hovered)
        self.view.tile_chosen.connect(self._open)
        self.view.lock.activated.connect(self._choose_lock)
        self._app.board_wanted.connect(self._start_with)

    def _start_with(self, paths: list[str]) -> None:
        """Compare the checked methods on some images."""
        self.choices.photographs.tick(paths)
        self.start()

    def _begin(self) -> None:
        self._own_lock = False
        self.empty.hide()
        self.view.show()
        self.stop.show()
        self.run.hide()
        self._bar.setValue(0)
        self._bar.show()
        self._state.setText("")
        self._fill()

    def _fill(self) -> None:
        """Request a repaint of the board."""
        lock = self.view.chosen_lock() if self._own_lock else None
        self._app.boards.paint(lock, ink_of(self.view))

    def _show(self, sheet: BoardSheet) -> None:
        """Show the painted board."""
        self.view.show_sheet(sheet)
        self._fill_numbers(sheet)

    def _fill_numbers(self, sheet: BoardSheet) -> None:
        """Show the agreement of each row's maps with its first."""
        columns = self.tr("Row"), self.tr("Maps")
        figures = self.tr("Rank correlation"), self.tr("Top tenth in common")
        rows = tuple(sheet.agreement_rows())
        self.numbers.show_result(Table(columns=columns + figures, rows=rows), None)

    def _choose_lock(self) -> None:
        self._own_lock = True

    def _progress(self, words: str, share: float) -> None:
        self._state.setText(words)
        self._bar.setValue(round(1000 * share))

    def _end(self, whole: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._idle()
        board = self.board()
        errors = len(board.errors) if board is not None else 0
        words = "" if whole else self.tr("stopped")
        if errors:
            words = self.tr("{0} failed: see the tiles").format(errors)
        self._state.setText(words)
        self._fill()

    def _idle(self) -> None:
        self.run.show()
        self.stop.hide()
        self._bar.hide()

    def _open(self, place: int) -> None:
        """Show a tile's full result."""
        outcome = self._app.boards.outcomes.get(place)
        if isinstance(outcome, Run):
            self._app.runs.bring_back(outcome)

    def _tell_choice(self) -> None:
        """Show what would be computed, and how many maps."""
        target = self._app.selection.target
        if target != self.target.value():
            self.target.set_value(target)
        networks = self.choices.chosen_networks()
        self.targets.show_networks(networks if len(networks) > 1 else ())
        self._own.setVisible(len(networks) > 1)
        self._asked.setText(self._asked_words(networks, target))
        self._asked.setVisible(bool(self._asked.text()))
        methods = len(self.choices.methods.ticked())
        rows = len(self.choices.networks.ticked())
        images = max(1, len(self.choices.photographs.ticked()))
        count = methods * rows * images
        why = self.tr("Choose methods and networks, then Run.")
        for each in (self.run, self.empty.buttons[RUN_BOARD]):
            allow(each, bool(count), why)
        self.run.setText(
            self.tr("Run {0} maps").format(count) if count else self.tr("Run board")
        )

    def _asked_words(self, networks: Sequence[Network], target: str) -> str:
        """Return the target in words, and the networks that lack it."""
        lacking = self.targets.lacking(networks, target)
        if lacking:
            names = ", ".join(lacking)
            return self.tr("No such target in {0}: enter another below.").format(names)
        if not target:
            return self.tr("For each network, the class that it predicts is explained.")
        if len(networks) > 1:
            return self.tr(
                "This class is explained for all networks; some may not have it."
            )
        return ""

    def _offer_targets(self) -> None:
        """Set the classes and layers of the open network as targets."""
        model = self._app.selection.model
        if model is not None:
            self.targets.learn(model)
        self.target.set_labels(model.labels if model is not None else ())
        self.target.set_layers(model.layers if model is not None else ())

    def _make_tools(self) -> Flow:
        """Build the buttons that save, copy and show the board's numbers."""
        look = self._app.look
        named_commands = (
            ("save", "file.save", self.tr("Save image, page and numbers")),
            ("copy", "edit.copy_picture", self.tr("Copy as image")),
            ("terminal", "edit.copy_command", self.tr("Copy as command line")),
            ("file-text", "edit.copy_python", self.tr("Copy as Python")),
        )
        tools = [
            icon_button(look, icon, words, partial(self.wanted.emit, name))
            for icon, name, words in named_commands
        ]
        table = toggle_button(look, "list", self.tr("Agreement as a table"))
        table.toggled.connect(self.show_numbers)
        return flow(*tools, None, table)

    def _lay_out(self) -> None:
        side = named(QWidget(), "page")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(side)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.choices, 1)
        column.addWidget(label(self.tr("Target"), "section"))
        column.addWidget(self.target)
        column.addWidget(self._asked)
        column.addWidget(self._own)
        column.addWidget(self._bar)
        column.addWidget(self._state)
        column.addLayout(flow(self.run, self.stop, None))
        column.addLayout(self._make_tools())
        right = QSplitter(Qt.Orientation.Vertical)
        right.setChildrenCollapsible(False)
        for widget, share in ((self.empty, 1), (self.view, 3), (self.numbers, 1)):
            right.addWidget(widget)
            right.setStretchFactor(right.indexOf(widget), share)
        self.view.hide()
        line = row(side_column(self._app.look, side, _WIDTH), right, spacing=0)
        line.setStretch(1, 1)
        self.setLayout(line)
