"""The job that runs a method, recorded and steered, and writes its recipe."""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import torch

from nnviz.base.errors import CancelledError, ModelError, UsageError
from nnviz.base.events import Changes, Job, Step
from nnviz.base.info import MethodInfo, Task
from nnviz.base.parameters import make, with_current_names
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import RunMethod
from nnviz.base.results import Curves, Heatmap, Ranking, Report
from nnviz.engine.jobs.recipe import recipe_of
from nnviz.engine.jobs.recorder import Recorder, ResumePoint, reopen_recording, taken_up
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.jobs.runner import Steering, follow
from nnviz.engine.method import Context, Registered, find, make_context
from nnviz.engine.models.absent import absent_model
from nnviz.engine.models.model import Model, resized_quickly

_QUICK = "live: resampled by averaging; its recipe resamples as published"


@carries_out(RunMethod)
def run_method(resources: Resources, request: RunMethod, check: Check) -> Job:
    """Run a method step by step; ends with a ``Run``."""
    registered = find(request.method)
    request = _with_current_names(request, registered.info)
    request, begun = taken_up(request, registered.method.Params)
    params: object = make(registered.method.Params, request.values)
    _require_image(registered.info, request)
    if registered.info.needs_model:
        model = yield from resources.store.open(request.model, check)
    else:
        model = absent_model()
    with resources.store.lease(model):
        if registered.info.needs_model:
            _require_task(registered.info, model)
            _require_size(model)
        ctx = make_context(
            model=model,
            image=request.image,
            params=params,
            generator=torch.Generator().manual_seed(request.seed),
            check=check,
            cache=resources.cache_for(request.image),
            earlier=resources.previous_frames.of(request),
            planned=request.chunks,
            brief=lambda: resources.brief,
        )
        report, recipe = yield from _followed(registered, ctx, request, begun)
    return Run(_with_remark(report, ctx), recipe, request.image)


def _with_current_names(request: RunMethod, info: MethodInfo) -> RunMethod:
    """Return a request with parameters renamed to their current names."""
    return replace(
        request,
        values=with_current_names(info.parameters, request.values),
        changes=tuple(
            (step, with_current_names(info.parameters, new))
            for step, new in request.changes
        ),
    )


def _followed(
    registered: Registered, ctx: Context, request: RunMethod, begun: ResumePoint | None
) -> Generator[Step, Changes | None, tuple[Report, Recipe]]:
    """Run a method, recorded if requested; return its report and recipe."""
    asked, steps = ctx.params, 0
    if begun is not None:
        begun.restore(ctx)
        steps = begun.steps
    steering = Steering(registered, ctx, request.changes, steps)
    recorder = None
    recording = reopen_recording(request, begun, registered.info)
    if recording is not None:
        recorder = Recorder(
            recording, lambda: recipe_of(request, asked, ctx, steering.known)
        )
    try:
        report = yield from follow(registered, ctx, request, steering, recorder, steps)
    except (CancelledError, GeneratorExit):
        if recorder is not None:
            recorder.stop()
        raise
    recipe = recipe_of(request, asked, ctx, steering.taken)
    if recorder is not None:
        recorder.finish(recipe)
    return report, recipe


def _with_remark(report: Report, ctx: Context) -> Report:
    """Add the network's caveats, and a note on a quickly resized frame."""
    image, info = ctx.inference.image, ctx.model.info
    notes = list(info.caveats)
    report = _with_prediction(_with_trace(report, ctx), ctx)
    if image is not None and resized_quickly(image, info.preprocess):
        notes.append(_QUICK)
    return replace(report, notes=(*report.notes, *notes)) if notes else report


def _with_prediction(report: Report, ctx: Context) -> Report:
    """Add the network's prediction to a frame's map, if it is already computed.

    For a still image that is a separate run; for a frame, the next one is already
    waiting.
    """
    known = ctx.inference.live and ctx.inference.has_outputs
    classifies = ctx.model.info.task is Task.CLASSIFY
    if not (known and classifies) or report.first(Ranking) is not None:
        return report
    method = find("predictions").method
    (predicted,) = method().run(ctx, method.Params())
    return replace(report, results={**report.results, "prediction": predicted.main})


def _with_trace(report: Report, ctx: Context) -> Report:
    """Add a map over a signal (an image one row high) as a plot."""
    main = report.main
    if not isinstance(main, Heatmap) or len(main.values) != 1:
        return report
    if ctx.model.info.preprocess.input_size[0] != 1:
        return report
    signal = ctx.pixels[0, :, 0].cpu().numpy()
    series = {main.unit: main.values[0].astype(np.float64)}
    series |= {f"signal {index}": each for index, each in enumerate(signal)}
    curves = Curves(
        x=np.arange(signal.shape[1], dtype=np.float64),
        series=series,
        x_label="sample",
        y_label="importance and signal",
    )
    return replace(report, results={**report.results, "along": curves})


def _require_image(info: MethodInfo, request: RunMethod) -> None:
    """Refuse a request without the image that a method needs.

    Raises:
        UsageError: there is no image.
    """
    if info.needs_image and request.image is None:
        raise UsageError(info.name, "needs an image", "give one")


def _require_task(info: MethodInfo, model: Model) -> None:
    """Refuse a network of a task that the method does not support.

    Raises:
        ModelError: names the tasks that it supports.
    """
    if not info.suits(model.info.task):
        raise ModelError(
            model.info.title,
            f"is a network for {model.info.task.purpose}; {info.name} needs one for "
            + " or ".join(task.purpose for task in info.tasks),
            "pick another network, or another method",
        )


def _require_size(model: Model) -> None:
    """Refuse an input that is too small for a forward pass.

    Raises:
        ModelError: states the smallest size.
    """
    given = model.info.preprocess.input_size
    smallest = model.info.smallest_input
    if given[0] < smallest[0] or given[1] < smallest[1]:
        raise ModelError(
            model.info.title,
            f"an input of {given[0]} x {given[1]} px is too small",
            f"the smallest is {smallest[0]} x {smallest[1]} px",
        )
