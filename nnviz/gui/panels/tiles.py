"""Results that can be compared."""

from collections.abc import Sequence

from nnviz.base.recipes import Run
from nnviz.base.results import Diagram
from nnviz.gui.services.app_context import AppContext
from nnviz.render.boards.board import tile_of


def comparable(app: AppContext) -> list[Run]:
    """Return the session's maps, images and graphs, newest first."""
    runs = app.runs.history.runs
    return [run for run in runs if diagram_of(run) or tile_of(run) is not None]


def diagram_of(run: Run) -> Diagram | None:
    """Return the graph of a network, where that is a run's main result."""
    main = run.report.main
    return main if isinstance(main, Diagram) else None


def newest_pair(runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """Return the newest result and the one before it that compares with it.

    Args:
        runs: comparable ones, newest first.
    """
    for other in runs[1:]:
        if (diagram_of(other) is None) == (diagram_of(runs[0]) is None):
            return other, runs[0]
    return None
