"""The board being computed, cell by cell, with low priority."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.documents.boards import Plan
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority, Progress
from nnviz.base.recipes import Run
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane

if TYPE_CHECKING:  # they load slowly: imported after the first paint
    from nnviz.render.boards.board import Board
    from nnviz.render.boards.board_sheet import BoardSheet
    from nnviz.render.boards.scale_locks import Lock
    from nnviz.render.palette import Ink


_PAINTING = Lane("board sheet", Policy.QUEUE)


class Boards(QObject):
    """Queue that computes the cells of a plan, keeping results and errors."""

    planned = Signal()
    """There is a new board, with no cell filled."""
    filled = Signal()
    """One more cell has its result or error."""
    progressed = Signal(str, float)
    """The current work, and the finished fraction of the whole board, 0 to 1."""
    painted = Signal(object)
    """BoardSheet of the current state."""
    ended = Signal(bool)
    """The board has ended; whether it is complete rather than stopped."""

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._cells: list[JobHandle[Run]] = []
        self._plan: Plan | None = None
        self._outcomes: dict[int, Run | ErrorRecord] = {}
        self._next = self._count = 0
        self._sheet: BoardSheet | None = None
        self._painting = self._dirty = False
        self._lock: Lock | None = None
        self._ink: Ink | None = None

    @property
    def plan(self) -> Plan | None:
        """The plan of the board."""
        return self._plan

    @property
    def outcomes(self) -> Mapping[int, Run | ErrorRecord]:
        """The results and errors so far, by index of the cell in the plan."""
        return dict(self._outcomes)

    @property
    def running(self) -> bool:
        """Whether cells are still to be computed."""
        return self._next < self._count

    def board(self) -> "Board | None":
        """Return the board with its outcomes so far; None without a plan."""
        from nnviz.render.boards.board import Board  # noqa: PLC0415 - slow fonts

        return Board(self._plan, self.outcomes) if self._plan is not None else None

    def paint(self, lock: "Lock | None", ink: "Ink") -> None:
        """Paint the current board; emits ``painted`` when done.

        Args:
            lock: which maps share a scale; None for the default.
            ink: the theme's colors.
        """
        self._lock, self._ink = lock, ink
        self._dirty = True
        self._paint_next()

    def _paint_next(self) -> None:
        board, ink = self.board(), self._ink
        if board is None or ink is None or self._painting:
            return
        from nnviz.render.boards.board import usual_lock  # noqa: PLC0415 - slow fonts
        from nnviz.render.boards.board_sheet import paint_sheet  # noqa: PLC0415

        self._painting, self._dirty = True, False
        waiting = self.tr("waiting") if self.running else self.tr("none")
        lock, before = self._lock, self._sheet

        def work() -> "BoardSheet":
            tiles = board.tiles(waiting)
            return paint_sheet(tiles, lock or usual_lock(tiles), ink, before)

        job = self._jobs.compute(work, _PAINTING)
        job.done.connect(self._take_sheet)
        job.failed.connect(lambda _: self._take_sheet(None))

    def _take_sheet(self, sheet: "BoardSheet | None") -> None:
        self._painting = False
        if sheet is not None:
            self._sheet = sheet
            self.painted.emit(sheet)
        if self._dirty:
            self._paint_next()

    def start(self, plan: Plan) -> None:
        """Start computing a board, stopping any earlier one."""
        self.stop()
        self._plan, self._outcomes = plan, {}
        cells = plan.cells()
        self._next, self._count = 0, len(cells)
        self.planned.emit()
        board = self.tr("Board")
        lane = Lane("board", Policy.QUEUE, Priority.NORMAL)
        self._cells = [
            self._jobs.submit(cell.request, lane, f"{board} · {cell.column}")
            for cell in cells
        ]
        for job in self._cells:
            job.progressed.connect(self._tell)
            job.done.connect(self._keep)
            job.failed.connect(self._keep)

    def stop(self) -> None:
        """Stop computing; finished cells stay."""
        if not self.running:
            return
        self._count = self._next
        for job in reversed(self._cells):
            job.cancel()
            job.forget()
        self.ended.emit(False)

    def _keep(self, outcome: Run | ErrorRecord) -> None:
        self._outcomes[self._next] = outcome
        self._next += 1
        self.filled.emit()
        if self.running:
            self._tell(Progress(0, 1, ""))
        else:
            self.ended.emit(True)

    def _tell(self, progress: Progress) -> None:
        """Emit the current cell and the progress of the whole board."""
        if self._plan is None:
            return
        cell = self._plan.cells()[self._next]
        share = progress.done / progress.total if progress.total > 0 else 0.0
        words = f"{self._next + 1} / {self._count} · {cell.column}"
        self.progressed.emit(words, (self._next + share) / self._count)
