"""The training recipes by name, as jobs."""

import dataclasses
from collections.abc import Callable, Generator
from pathlib import Path

from nnviz.base.errors import UsageError, unknown
from nnviz.base.events import Progress
from nnviz.base.requests import TrainModel
from nnviz.engine.training.classifier import ClassifierRecipe
from nnviz.engine.training.objects import train_objects

_RECIPES = {"objects": (train_objects, ClassifierRecipe())}


def train(
    request: TrainModel, check: Callable[[], None]
) -> Generator[Progress, None, str]:
    """Run a recipe; yield after each epoch, return the path of the weights.

    Args:
        request: which network, from what, to where.
        check: raises ``CancelledError`` when the job is to stop; called between
            epochs, after the checkpoint was written.

    Raises:
        UsageError: there is no such recipe, or the number of epochs is negative.
        InputError: the data is not there.
    """
    if request.name not in _RECIPES:
        raise unknown("training recipe", request.name, _RECIPES)
    if request.epochs < 0:
        raise UsageError("--epochs", "must be 0 or more", "0 means the recipe's own")
    run, recipe = _RECIPES[request.name]
    recipe = dataclasses.replace(
        recipe, epochs=request.epochs or recipe.epochs, seed=request.seed
    )
    stem = Path(request.out) / request.name
    for epoch in run(Path(request.data), stem, stem.with_suffix(".ckpt"), recipe):
        yield Progress(
            epoch.number,
            epoch.epochs,
            f"epoch {epoch.number}: loss {epoch.loss:.3f}, held-out top-1 "
            f"{100 * epoch.top1:.1f} %, "
            f"mean per class {100 * epoch.mean_per_class:.1f} %",
        )
        check()
    return str(stem.with_suffix(".safetensors"))
