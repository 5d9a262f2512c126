"""Recording of optimizations while they run, and resuming from any recorded step."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from nnviz.base.errors import InputError, UsageError
from nnviz.base.events import Progress
from nnviz.base.frames import Frame
from nnviz.base.images import Colors, Image, rgb8
from nnviz.base.info import MethodInfo
from nnviz.base.kinds.packing import pack
from nnviz.base.parameters import Value, make, parameters_of, values_of
from nnviz.base.preprocess import Interpolation
from nnviz.base.recipes import Recipe, with_paths
from nnviz.base.requests import RunMethod
from nnviz.base.results import ColorImage, Report
from nnviz.engine.method import Context, Kept, State
from nnviz.engine.models.model import Model
from nnviz.media.recordings import (
    NUMBERS_FILE,
    Arrays,
    Facts,
    Recording,
    StoredFrame,
    open_recording,
)
from nnviz.media.resize import resize

_LONGEST = 1280
"""Largest side of a frame, px: larger images are reduced for the recording."""
_SMALL = 512
"""Longest side, px, of an image whose state is stored twice a second."""
_SMALL_SECONDS, _LARGE_SECONDS = 0.5, 10.0
_FRAME_SECONDS = 1 / 20
_FREE_SECONDS = 1.0
"""Time that writing may take in any run."""
_STOP_SECONDS = 0.06
"""Time that stopping may take: too short to notice."""
_FRAME_SHARE, _STATE_SHARE = 0.03, 0.1
"""Maximum fraction of the run's time for writing frames and states."""
_GENERATOR, _CHUNKS, _OWN = ".generator", ".chunks", "."
"""Names of the recorder's own arrays in a state; no method's begins with a dot."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """A resume point: the recorded step from which a run continues.

    Attributes:
        recording: its source.
        steps: number of completed steps.
        arrays: state after the last of them; empty for the very beginning.
    """

    recording: Recording
    steps: int = 0
    arrays: Arrays = field(default_factory=dict)

    def restore(self, ctx: Context) -> None:
        """Restore the state of the recorded run in a context.

        Raises:
            InputError: the network or the image differs from the recorded one.
        """
        _require_same(self.recording.recipe, ctx.model, ctx.inference.image)
        if not self.arrays:
            return
        generator = np.ascontiguousarray(self.arrays[_GENERATOR])
        ctx.generator.set_state(torch.from_numpy(generator))
        ctx.chunks.sizes.extend(int(size) for size in self.arrays[_CHUNKS])
        ctx.begun = {
            name: array
            for name, array in self.arrays.items()
            if not name.startswith(_OWN)
        }


def taken_up(request: RunMethod, method: type) -> tuple[RunMethod, ResumePoint | None]:
    """Return a request as its recording was requested, and the resume point.

    Values that differ from the recorded ones at that step become a change there.  The
    latest state at or before the step is loaded; with the changes made in between,
    recomputing the rest leads to the step bit for bit.

    Args:
        request: with or without ``begin``.
        method: class that declares its parameters.

    Raises:
        InputError: no recording, or a damaged one.
        UsageError: the recording belongs to another method, or has no such step.
    """
    if request.begin is None:
        return request, None
    recording = open_recording(Path(request.begin.folder))
    recipe = recording.recipe.with_current_names(parameters_of(method))
    step = _step_of(recording, request)
    changes = {at: dict(new) for at, new in recipe.changes if at <= step + 1}
    new = _differing(request, recipe, changes, method)
    if new:
        changes[step + 1] = {**changes.get(step + 1, {}), **new}
    asked = replace(
        request,
        values=_with_folders(recipe, request),
        seed=recipe.seed,
        changes=tuple(sorted(changes.items())),
        chunks=recipe.chunks,
        threads=request.threads or recipe.threads,
    )
    return asked, _nearest(recording, step)


def _step_of(recording: Recording, request: RunMethod) -> int:
    """Return the recorded step to resume from; -1 for an empty recording.

    Raises:
        UsageError: the recording belongs to another method, or has no such step.
    """
    name = recording.folder.name
    method = recording.recipe.method
    if method != request.method:
        raise UsageError(name, f"is a recording of {method}", f"run {method} with it")
    newest = len(recording) - 1
    step = request.begin.step if request.begin else newest
    if step > newest:
        raise UsageError(name, f"has no step {step}", f"its newest is {newest}")
    return newest if step < 0 else step


def _differing(
    request: RunMethod,
    recipe: Recipe,
    changes: Mapping[int, Mapping[str, Value]],
    method: type,
) -> dict[str, Value]:
    """Return the requested values that differ from the recording's at its step."""
    values = _with_folders(recipe, request)
    for at in sorted(changes):
        values |= changes[at]
    before = values_of(make(method, values))
    after = values_of(make(method, {**values, **request.values}))
    return {name: new for name, new in after.items() if new != before[name]}


def _with_folders(recipe: Recipe, request: RunMethod) -> dict[str, Value]:
    """Return a recording's values, with the image folders that the request names.

    A recording stores only their names.
    """
    named = {each: request.values.get(each, "") for each in recipe.pictures}
    return with_paths(recipe.values, named)


def _nearest(recording: Recording, step: int) -> ResumePoint:
    """Return the resume point of the newest complete state at or before a step."""
    for kept in reversed([each for each in recording.states if each <= step]):
        try:
            arrays = recording.state(kept)
        except InputError:
            continue  # damaged: an earlier one leads to the same step
        if _GENERATOR in arrays and _CHUNKS in arrays:
            return ResumePoint(recording, kept + 1, arrays)
    return ResumePoint(recording)


def _require_same(recipe: Recipe, model: Model, image: Image | None) -> None:
    """Refuse to resume with another network or image.

    Raises:
        InputError: names the difference.
    """
    info = model.info
    if recipe.model_sha256 != info.sha256 or recipe.preprocess != info.preprocess:
        raise InputError(
            info.title,
            f"is not the network of the recording, {recipe.model}",
            "open that one, with its own preprocessing",
        )
    if recipe.image_sha256 != (image.sha256 if image else ""):
        raise InputError(
            image.name if image else "no image",
            f"is not the image of the recording, {recipe.image or 'none'}",
            "open that one",
        )


class Recorder:
    """Records each step's numbers, and frames and states within time limits.

    Frames are stored 20 times a second at most, within 3 % of the time plus a second,
    so that a short run has all; where a method makes a video, all its images.  The
    state is stored twice a second up to 512 px; for larger images every 10 s, within 10
    % of the time plus a second.  So a killed process loses little.

    Args:
        recording: to append to.
        recipe_of: returns the recipe of the run up to now.
    """

    def __init__(self, recording: Recording, recipe_of: Callable[[], Recipe]) -> None:
        self._recording = recording
        self._recipe_of = recipe_of
        self._frames = _Rhythm(_FRAME_SECONDS, _FRAME_SHARE)
        self._states = _Rhythm(_SMALL_SECONDS, _STATE_SHARE)
        self._total = 0
        self._last: Report | None = None
        self.note()

    def note(self) -> None:
        """Write the recipe, with all steered changes so far."""
        self._recording.write_recipe(self._recipe_of())

    def keep(self, ctx: Context, report: Report) -> int:
        """Record a step; return its number.

        Raises:
            InputError: the disk is full or the folder gone.
        """
        resume_point = ctx.journal.kept or Kept({}, dict)
        self._last = report
        wanted = (
            self._frames.due() if resume_point.frame is None else resume_point.frame
        )
        frame = self._last if wanted else None
        began = time.perf_counter()
        numbers = {name: float(value) for name, value in resume_point.numbers.items()}
        index = self._recording.append(_frame(frame), numbers)
        if frame is not None:
            self._frames.took(time.perf_counter() - began)
        self._keep_state(ctx, resume_point)
        self._keep_facts(ctx, report)
        ctx.journal.kept = None
        return index

    def stop(self) -> None:
        """Store the last frame of a canceled run, if storing is fast."""
        if self._frames.seconds_taken <= _STOP_SECONDS:
            self._add_last()

    def finish(self, recipe: Recipe) -> None:
        """Store the last frame and mark the recording as finished."""
        self._add_last()
        self._recording.write_recipe(recipe)
        # One that ended early has no more steps than these.
        self._recording.write_facts(Facts(len(self._recording), finished=True))

    def _add_last(self) -> None:
        frame = _frame(self._last)
        if frame is not None:
            self._recording.add_frame(frame)

    def _keep_state(self, ctx: Context, resume_point: Kept) -> None:
        large = _longest(self._last) > _SMALL
        self._states.seconds = _LARGE_SECONDS if large else _SMALL_SECONDS
        self._states.share = _STATE_SHARE if large else 1.0
        # Always the last planned one: the trained network is exported from it.
        if not self._states.due() and ctx.journal.progress.fraction != 1:
            return
        began = time.perf_counter()
        state = resume_point.state()
        if state:
            self._recording.keep_state(_with_own(state, ctx))
            if ctx.chunks.sizes:
                self.note()
        self._states.took(time.perf_counter() - began)

    def _keep_facts(self, ctx: Context, report: Report) -> None:
        """Write the facts of the whole run at its start, and where they change."""
        planned = planned_steps(len(self._recording), ctx.journal.progress)
        total = planned or self._total
        if total == self._total and len(self._recording) > 1:
            return
        self._total = total
        self._recording.write_facts(Facts(total))
        source = _source(ctx, report)
        if source is not None and self._recording.source is None:
            self._recording.write_source(source)


def reopen_recording(
    request: RunMethod, begun: ResumePoint | None, info: MethodInfo
) -> Recording | None:
    """Open the recording that a request writes to; None if it records nothing.

    In the folder of the resume point, later steps are dropped; into another folder the
    earlier ones are copied.

    Raises:
        InputError: the folder cannot be used, or holds another recording.
        UsageError: the method keeps no recordings.
    """
    if not request.recording:
        return None
    if not info.recorded:
        raise UsageError(
            info.name, "is not an optimization: there is nothing to record"
        )
    folder = Path(request.recording)
    if begun is not None and begun.recording.folder.resolve() == folder.resolve():
        begun.recording.keep_before(begun.steps)
        return begun.recording
    if (folder / NUMBERS_FILE).exists():
        raise InputError(
            str(folder), "holds a recording already", "choose another folder"
        )
    if begun is not None:
        begun.recording.copy_to(folder, begun.steps)
    return Recording(folder)


def planned_steps(recorded: int, progress: Progress) -> int:
    """Return how many steps a run will have recorded at its end, 0 where not known.

    A method's progress may count otherwise than its recording: queries, of which a step
    makes many.  Then the steps so far stand for their share of the whole.

    Args:
        recorded: number of steps so far.
        progress: at the last of them.
    """
    done, total = progress.done, progress.total
    if not done or abs(done - recorded) <= 1:
        return round(total)
    return max(recorded, round(recorded * total / done))


class _Rhythm:
    """Rate limiter of writing: a minimum interval and a small share of the time.

    The first second of writing is free, so that a short run keeps every step.

    Attributes:
        seconds: minimum interval.
        share: fraction of the time that writing may take.
        seconds_taken: duration of the last write.
    """

    def __init__(self, seconds: float, share: float) -> None:
        self.seconds = seconds
        self.share = share
        self.seconds_taken = 0.0
        self._spent = 0.0
        self._began = time.perf_counter()
        self._last = float("-inf")

    def due(self) -> bool:
        """Tell whether the next write is due."""
        now = time.perf_counter()
        room = _FREE_SECONDS + self.share * (now - self._began)
        return now - self._last >= self.seconds and self._spent < room

    def took(self, seconds: float) -> None:
        """Record the duration of a write that just finished."""
        self.seconds_taken = seconds
        self._spent += seconds
        self._last = time.perf_counter()


def _with_own(state: State, ctx: Context) -> Arrays:
    return {
        **state,
        _GENERATOR: ctx.generator.get_state().numpy(),
        _CHUNKS: np.array(ctx.chunks.sizes, np.int64),
    }


def _longest(report: Report | None) -> int:
    """Return the longest side of a report's main image, px; 0 for other results."""
    main = report.main if report is not None else None
    return max(main.pixels.shape[:2]) if isinstance(main, ColorImage) else 0


def _frame(report: Report | None) -> StoredFrame | None:
    """Return the stored frame of a report.

    An image is stored in 8 bits, small enough for scrubbing; other reports are
    unchanged.
    """
    if report is None:
        return None
    main = report.main
    return _shrunk(rgb8(main.pixels)) if isinstance(main, ColorImage) else pack(report)


def _shrunk(pixels: Colors) -> Colors:
    height, width = pixels.shape[:2]
    ratio = min(1.0, _LONGEST / max(height, width))
    size = max(1, round(height * ratio)), max(1, round(width * ratio))
    return resize(pixels, size, Interpolation.BILINEAR)


def _source(ctx: Context, report: Report) -> Colors | None:
    """Return the source image that the frames modify; None for other results."""
    main = report.main
    image = ctx.inference.image
    if image is None or not isinstance(main, ColorImage) or main.frame is None:
        return None
    whole = rgb8(image.pixels)
    if main.frame is Frame.INPUT:
        seen = ctx.pixels[0].permute(1, 2, 0).cpu().numpy()
        whole = rgb8(seen)
    height, width = main.pixels.shape[:2]
    return _shrunk(resize(whole, (height, width), Interpolation.BILINEAR))
