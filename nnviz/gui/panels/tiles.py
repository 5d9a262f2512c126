"""Results that can be compared."""

from nnviz.base.recipes import Run
from nnviz.gui.services.app_context import Workbench
from nnviz.render.boards.board import tile_of


def comparable(bench: Workbench) -> list[Run]:
    """Return the session's results that are maps or pictures, newest first."""
    return [run for run in bench.runs.history.runs if tile_of(run) is not None]
