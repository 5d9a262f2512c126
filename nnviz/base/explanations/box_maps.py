"""Results that explain every box at once: the same result with another box first."""

from dataclasses import replace

from nnviz.base.errors import UsageError
from nnviz.base.notation.targets import BoxTarget, parse_target
from nnviz.base.recipes import Run
from nnviz.base.results import Heatmap, Mosaic, Report

EACH_BOX = "each_box"
"""Name of the mosaic with a map for each box."""
_TARGET = "target"


def box_map(report: Report, rank: int) -> Heatmap | None:
    """Return the map of a box by its rank; None in reports without a map for each."""
    heat, tiles = report.main, report.results.get(EACH_BOX)
    if not isinstance(heat, Heatmap) or not isinstance(tiles, Mosaic):
        return None
    known = 0 <= rank < len(tiles.tiles)
    return replace(heat, values=tiles.tiles[rank]) if known else None


def with_box_first(run: Run, target: str) -> Run | None:
    """Return a result as a run with another target would give it, without that run.

    Args:
        run: of a method that explains every box, and tells the map of one first.
        target: "box:3"; empty for the best box.

    Returns:
        None for another kind of result or target.
    """
    report, rank = run.report, _rank(target)
    shown, tiles = box_map(report, rank), report.results.get(EACH_BOX)
    if shown is None or not isinstance(tiles, Mosaic):
        return None
    first = next(iter(report.results))
    values = {**run.recipe.values, _TARGET: target}
    return Run(
        replace(
            report,
            results={**report.results, first: shown},
            notes=(tiles.captions[rank],),
        ),
        replace(run.recipe, values=values),
        run.image,
    )


def _rank(target: str) -> int:
    """Return the rank of "box:3", 0 for no target; -1 for any other."""
    try:
        parsed = parse_target(target, ())
    except UsageError:
        return -1
    if isinstance(parsed, BoxTarget) and parsed.index is None:
        return parsed.rank
    return -1 if target.strip() else 0
