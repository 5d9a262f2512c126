"""Results as tiles of a comparison, named by what tells them apart."""

from nnviz.base.parameters import Kind
from nnviz.base.recipes import Run
from nnviz.gui.captions import summary
from nnviz.gui.workbench import Workbench
from nnviz.render.board import tile_of
from nnviz.render.boards import Tile


def named_tile(run: Run, bench: Workbench) -> Tile | None:
    """Return a result as a tile; None where it is neither map nor picture."""
    return tile_of(run, "", title_of(run, bench))


def title_of(run: Run, bench: Workbench) -> str:
    """Return a result's method, layer, target, network and photograph in one line."""
    recipe = run.recipe
    methods = bench.models.catalogue.methods
    asked = [
        str(recipe.values.get(parameter.name, ""))
        for method in methods
        if method.name == recipe.method
        for parameter in method.parameters
        if parameter.kind is Kind.TARGET
    ]
    parts = [
        bench.runs.title(recipe.method),
        summary(run),
        *asked,
        recipe.model,
        recipe.image,
    ]
    return " · ".join(part for part in parts if part)
