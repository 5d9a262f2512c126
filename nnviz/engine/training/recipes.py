"""Training recipes by name, run as jobs."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from nnviz.base.errors import UsageError, unknown
from nnviz.base.events import Progress
from nnviz.base.requests import TrainModel
from nnviz.engine.training import (
    detector,
    digits,
    everyday,
    objects,
    segmenter,
    segmenter_comparison,
    shapes,
    style,
)
from nnviz.engine.training.captioner.fit import captioner_course
from nnviz.engine.training.fitting import Assignment, Stand

Recipe = Callable[[Assignment], Iterator[Stand]]
"""Trains, yields steps and epochs, and writes the published files at the end."""

RECIPES: dict[str, Recipe] = {
    "objects": objects.COURSE,
    "everyday": everyday.COURSE,
    "digits": digits.COURSE,
    "scenes": shapes.COURSE,
    "scenes-shortcut": shapes.SHORTCUT_COURSE,
    "scenes-detector": detector.COURSE,
    "scenes-segmenter": segmenter.COURSE,
    **segmenter_comparison.COURSES,
    "scenes-captioner": captioner_course,
    "style": style.style_course,
}


def train(
    request: TrainModel, check: Callable[[], None]
) -> Generator[Progress, None, str]:
    """Run a recipe; yield after each step, and return the path of the weights.

    Args:
        request: network, data and destination.
        check: raises ``CancelledError`` when the job is to stop; called after each
            step.  The checkpoint of the last epoch then allows resuming.

    Raises:
        UsageError: there is no such recipe, the number of epochs is negative, or no
            data are named.
        InputError: there are no such data.
    """
    if request.name not in RECIPES:
        raise unknown("training recipe", request.name, RECIPES)
    if request.epochs < 0:
        raise UsageError("--epochs", "must be 0 or more", "0 means the recipe's own")
    assignment = _assignment_of(request)
    for stand in RECIPES[request.name](assignment):
        yield stand.progress()
        check()
    return str(assignment.stem.with_suffix(".safetensors"))


def _assignment_of(request: TrainModel) -> Assignment:
    """Return the training arguments of a request, with the path of its files."""
    data = Path(request.data) if request.data else None
    name = request.name
    if request.style:
        name = f"{name}-{Path(request.style).stem}"
    stem = Path(request.out) / name
    return Assignment(
        data, stem, request.epochs, request.seed, request.style, request.network
    )
