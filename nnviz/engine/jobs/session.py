"""Jobs: generators that do what a request asks for and can be stopped anywhere."""

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import torch

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import CancelledError, ModelError, UsageError
from nnviz.base.events import Changes, Job, Step
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo
from nnviz.base.interrupts import held_back
from nnviz.base.parameters import make, with_current_names
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import (
    AnyRequest,
    ChangeFilm,
    EvaluateModel,
    FetchModel,
    LoadModel,
    MeasureRobustness,
    RescaleNoise,
    RunMethod,
    SaveAttacked,
    TrainModel,
)
from nnviz.base.results import Report
from nnviz.base.video import FrameImage
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.evaluation.job import evaluate
from nnviz.engine.evaluation.robustness import measure
from nnviz.engine.jobs.attack import rescale, save_attacked
from nnviz.engine.jobs.catalogue import live_catalogue
from nnviz.engine.jobs.previous_frames import PreviousFrames
from nnviz.engine.jobs.recipe import recipe_of
from nnviz.engine.jobs.recorder import Recorder, ResumePoint, open_tape, taken_up
from nnviz.engine.jobs.runner import Steering, follow
from nnviz.engine.method import Context, Registered, find, make_context
from nnviz.engine.models.model import Model, resized_quickly
from nnviz.engine.models.store import ModelStore

Check = Callable[[], None]
_QUICK = "live: resampled by averaging; its recipe resamples as published"


class Session:
    """Opened networks, what was computed lately, and the jobs that use them.

    For one thread at a time.

    Attributes:
        store: the opened networks.

    Args:
        weights_folder: where downloaded weights are kept; None for the user's cache.
        activation_bytes: how much of what layers gave is kept for walking about.
        model_bytes: how much opened networks may take; None for a share of memory.
    """

    def __init__(
        self,
        *,
        weights_folder: Path | None = None,
        activation_bytes: int = 256 << 20,
        model_bytes: int | None = None,
    ) -> None:
        self._weights_folder = weights_folder
        self.store = ModelStore(weights_folder, model_bytes)
        self._cache = TensorCache(activation_bytes)
        self._frame_cache = TensorCache(activation_bytes)
        self._earlier = PreviousFrames()
        self._frame = ""

    def job(self, request: AnyRequest, check: Check) -> Job:
        """Return the job of a request; nothing happens before its first ``next``.

        Args:
            request: what to do.
            check: called often; raises ``CancelledError`` to stop the job.
        """
        match request:
            case LoadModel() | FetchModel():
                return self._provide(request, check)
            case RunMethod():
                return self._run(request, check)
            case ChangeFilm():
                return self._change(request, check)
            case TrainModel():
                return self._train(request, check)
            case EvaluateModel() | MeasureRobustness():
                return self._measured(request, check)
            case RescaleNoise() | SaveAttacked():
                return self._of_attack(request, check)

    def catalogue(self) -> Catalogue:
        """Return all methods and models, plug-ins included."""
        return live_catalogue(self._weights_folder)

    def close(self) -> None:
        """Let go of all networks and activations."""
        self._cache.clear()
        self._frame_cache.clear()
        self._earlier.clear()
        self.store.close()

    def _provide(self, request: LoadModel | FetchModel, check: Check) -> Job:
        if isinstance(request, LoadModel):
            model = yield from self.store.open(request.model, check)
            return model.info
        path = yield from self.store.fetch(request.reference, check)
        return str(path)

    def _change(self, request: ChangeFilm, check: Check) -> Job:
        # PyAV takes a while to import, and few sessions write films.
        with held_back():
            from nnviz.engine.jobs.video import change_film  # noqa: PLC0415

        info = find(request.method).info
        return (
            yield from change_film(request, info, lambda one: self._run(one, check))
        )

    def _train(self, request: TrainModel, check: Check) -> Job:
        # Detectors learn with torchvision, which takes 2 s to import.
        with held_back():
            from nnviz.engine.training.recipes import train  # noqa: PLC0415

        return (yield from train(request, check))

    def _measured(
        self, request: EvaluateModel | MeasureRobustness, check: Check
    ) -> Job:
        model = yield from self.store.open(request.model, check)
        with self.store.lease(model):
            if isinstance(request, EvaluateModel):
                return (yield from evaluate(model, request, check))
            return (yield from measure(model, request, check))

    def _of_attack(self, request: RescaleNoise | SaveAttacked, check: Check) -> Job:
        model = yield from self.store.open(request.model, check)
        noise = request if isinstance(request, RescaleNoise) else request.noise
        with self.store.lease(model):
            ctx = make_context(
                model=model,
                image=noise.image,
                params=None,
                generator=torch.Generator(),
                check=check,
                cache=self._cache_for(noise.image),
            )
            if isinstance(request, SaveAttacked):
                return save_attacked(ctx, request)
            return (yield from rescale(ctx, request))

    def _run(self, request: RunMethod, check: Check) -> Job:
        registered = find(request.method)
        request = _with_current_names(request, registered.info)
        request, begun = taken_up(request, registered.method.Params)
        params: object = make(registered.method.Params, request.values)
        _require_image(registered.info, request)
        model = yield from self.store.open(request.model, check)
        with self.store.lease(model):
            _require_task(registered.info, model)
            _require_size(model)
            ctx = make_context(
                model=model,
                image=request.image,
                params=params,
                generator=torch.Generator().manual_seed(request.seed),
                check=check,
                cache=self._cache_for(request.image),
                earlier=self._earlier.of(request),
                planned=request.chunks,
            )
            report, recipe = yield from _followed(registered, ctx, request, begun)
        return Run(_with_remark(report, ctx), recipe, request.image)

    def _cache_for(self, image: Image | None) -> TensorCache:
        """Return where to keep what is computed on a photograph.

        A frame never comes back, but the last one may be held and looked at: its own
        cache is emptied for the next, and those of photographs stay as they are.
        """
        if not isinstance(image, FrameImage):
            return self._cache
        if image.sha256 != self._frame:
            self._frame_cache.clear()
            self._frame = image.sha256
        return self._frame_cache


def _with_current_names(request: RunMethod, info: MethodInfo) -> RunMethod:
    """Return a request whose parameters have the names of now."""
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
    """Run a method, recorded if that is asked for; return what it came to."""
    asked, steps = ctx.params, 0
    if begun is not None:
        begun.restore(ctx)
        steps = begun.steps
    steering = Steering(registered, ctx, request.changes, steps)
    recorder = None
    tape = open_tape(request, begun, registered.info)
    if tape is not None:
        recorder = Recorder(
            tape, lambda: recipe_of(request, asked, ctx, steering.known)
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
    """Add the caveats of the network, and what the recipe of a frame does otherwise."""
    image, info = ctx.inference.image, ctx.model.info
    notes = list(info.caveats)
    if image is not None and resized_quickly(image, info.preprocess):
        notes.append(_QUICK)
    return replace(report, notes=(*report.notes, *notes)) if notes else report


def _require_image(info: MethodInfo, request: RunMethod) -> None:
    """Refuse a method without the photograph it looks at.

    Raises:
        UsageError: there is none.
    """
    if info.needs_image and request.image is None:
        raise UsageError(info.name, "needs an image", "give one")


def _require_task(info: MethodInfo, model: Model) -> None:
    """Refuse a network that the method is not made for.

    Raises:
        ModelError: says for which networks it is.
    """
    if not info.suits(model.info.task):
        raise ModelError(
            model.info.title,
            f"is a network to {model.info.task}; {info.name} needs one to "
            + " or ".join(info.tasks),
            "pick another network, or another method",
        )


def _require_size(model: Model) -> None:
    """Refuse an input that is too small for a forward pass.

    Raises:
        ModelError: names the smallest size.
    """
    given = model.info.preprocess.input_size
    smallest = model.info.smallest_input
    if given[0] < smallest[0] or given[1] < smallest[1]:
        raise ModelError(
            model.info.title,
            f"an input of {given[0]} x {given[1]} px is too small",
            f"the smallest is {smallest[0]} x {smallest[1]} px",
        )
