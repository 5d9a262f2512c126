"""``nnviz evaluate``: choice of the measure and the data."""

import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.events import Progress
from nnviz.base.info import Task
from nnviz.base.measures.evaluation import Evaluation
from nnviz.base.requests import EvaluateModel
from nnviz.engine.data.annotated import read_annotations
from nnviz.engine.data.folders import unpacked
from nnviz.engine.evaluation import dense
from nnviz.engine.evaluation.classify import classify
from nnviz.engine.evaluation.sources import (
    MADE,
    questions_in,
    questions_made,
    spread,
)
from nnviz.engine.models.model import Model
from nnviz.engine.models.networks.scene_captioner import SceneCaptioner
from nnviz.engine.sharing import Share
from nnviz.engine.training.captioner.batches import CaptionRecipe

Check = Callable[[], None]
Measuring = Generator[Progress, None, Evaluation]


def evaluate(
    model: Model, request: EvaluateModel, check: Check, share: Share
) -> Measuring:
    """Evaluate a network on the data of a request.

    Args:
        model: the network.
        request: measure and data.
        check: raises to stop.
        share: runs the images.

    Raises:
        InputError: there are no such data, or none with classes of the network.
        UsageError: the data cannot be split as requested.
    """
    started = time.monotonic()
    yield Progress(0, 0, "reading the images")
    if request.data in MADE and model.info.task is Task.CLASSIFY:
        questions = questions_made(request.data, request.limit)
        found = yield from classify(model, questions, share)
    elif request.data == "scenes" and isinstance(model.net, SceneCaptioner):
        found = yield from _sentences(model, request, check)
    else:
        with unpacked(Path(request.data)) as folder:
            found = yield from _on_files(model, folder, request, share)
    return replace(found, data=request.data, seconds=time.monotonic() - started)


def _sentences(model: Model, request: EvaluateModel, check: Check) -> Measuring:
    """Evaluate a captioner's accuracy on held-out scenes."""
    # Its import loads the training code, which other evaluations need not wait for.
    from nnviz.engine.training.captioner.fit import JUDGED, measure  # noqa: PLC0415

    count = request.limit or JUDGED
    check()
    yield Progress(0, count, f"describing {count} scenes")
    recipe = CaptionRecipe(held_out=count)
    scores = measure(model.net, recipe)
    return Evaluation(reference=model.info.reference, pictures=count, scores=scores)


def _on_files(
    model: Model, folder: Path, request: EvaluateModel, share: Share
) -> Measuring:
    if model.info.task is Task.CLASSIFY:
        questions = questions_in(folder, request.limit, held_out=request.held_out)
        return (yield from classify(model, questions, share))
    if request.held_out:
        raise UsageError("--held-out", "splits folders of classes only", "leave it out")
    data = read_annotations(folder)
    data = replace(data, pictures=tuple(spread(data.pictures, request.limit)))
    measure = dense.detect if model.info.task is Task.DETECT else dense.segment
    return (yield from measure(model, data, share))
