"""Results as tiles of a comparison, named by what tells them apart."""

from collections.abc import Sequence

from nnviz.base.parameters import Kind
from nnviz.base.recipes import Run
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.state.captions import summary
from nnviz.render.board import tile_of


def comparable(bench: Workbench) -> list[Run]:
    """Return the session's results that are maps or pictures, newest first."""
    return [run for run in bench.runs.history.runs if tile_of(run) is not None]


def title_of(run: Run, among: Sequence[Run], bench: Workbench) -> str:
    """Return a result's method, layer and target in one line.

    Network and photograph are named only where the results have several.

    Args:
        run: which one.
        among: the results that it is to be told from.
        bench: knows the methods' titles.
    """
    recipe = run.recipe
    parts = [bench.runs.title(recipe.method), summary(run), _target(run, bench)]
    if len({each.recipe.model for each in among}) > 1:
        parts.append(recipe.model)
    if len({each.recipe.image for each in among}) > 1:
        parts.append(recipe.image)
    return " · ".join(part for part in parts if part)


def _target(run: Run, bench: Workbench) -> str:
    """Return what was asked, empty for the predicted class."""
    asked = [
        str(run.recipe.values.get(parameter.name, ""))
        for method in bench.models.catalogue.methods
        if method.name == run.recipe.method
        for parameter in method.parameters
        if parameter.kind is Kind.TARGET
    ]
    return " ".join(asked)
