"""Stepwise runs of methods, steered and recorded."""

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from nnviz.base.errors import UsageError, unknown
from nnviz.base.events import Changes, Partial, Progress, Step
from nnviz.base.parameters import Value, make, values_of, with_current_names
from nnviz.base.requests import RunMethod
from nnviz.base.results import Report
from nnviz.engine.jobs.recorder import Recorder
from nnviz.engine.method import Context, Registered

_THREADS_PER_CORE, _FEWEST_LIMIT = 4, 64
"""Threads allowed per core, and the minimum of that limit."""
Steered = tuple[tuple[int, Mapping[str, Value]], ...]
"""(step, values): changed parameters after a number of reports."""


class Steering:
    """Steering: parameters changed during a run, by the user or from a recipe.

    Args:
        registered: the method.
        ctx: context of the method; gets the new parameters.
        planned: (step, values) of an earlier run.
        steps: number of completed steps; their changes are applied at once.
    """

    def __init__(
        self, registered: Registered, ctx: Context, planned: Steered, steps: int = 0
    ) -> None:
        self._registered = registered
        self._ctx = ctx
        self._planned = dict(planned)
        self._taken: list[tuple[int, Mapping[str, Value]]] = []
        for step in sorted(self._planned):
            if step <= steps:
                self._make(step, self._planned.pop(step))

    @property
    def taken(self) -> Steered:
        """Changes made so far: (step, values)."""
        return tuple(self._taken)

    @property
    def known(self) -> Steered:
        """Changes made so far, then the planned ones."""
        return (*self._taken, *sorted(self._planned.items()))

    def take(self, step: int, sent: Changes) -> bool:
        """Apply a step's planned and sent changes; return whether there were any.

        Raises:
            UsageError: an unknown parameter, one that is not steerable, a bad value.
        """
        changes = {**self._planned.pop(step, {}), **sent}
        if changes:
            self._make(step, changes)
        return bool(changes)

    def _make(self, step: int, changes: Changes) -> None:
        _steer(self._registered, self._ctx, changes)
        self._taken.append((step, changes))


def follow(
    registered: Registered,
    ctx: Context,
    request: RunMethod,
    steering: Steering,
    recorder: Recorder | None = None,
    steps: int = 0,
) -> Generator[Step, Changes | None, Report]:
    """Run a method: yield its reports, record them, and apply steering in between.

    Args:
        registered: the method.
        ctx: context of the method.
        request: what was asked.
        steering: gets the changes sent meanwhile.
        recorder: stores the steps.
        steps: number of steps of the resumed run.

    Returns:
        The last report.

    Raises:
        UsageError: no steps remain after those already made.
    """
    run = registered.method().run(ctx, ctx.params)
    report = None
    try:
        while (better := _advance(run, request.threads)) is not None:
            report, steps = better, steps + 1
            number = recorder.keep(ctx, report) if recorder is not None else -1
            sent = yield from _tell(ctx, report, number)
            if steering.take(steps, sent) and recorder is not None:
                recorder.note()
    finally:
        if isinstance(run, Generator):
            run.close()
    if report is None:
        raise _nothing(registered, request)
    usable = usable_threads(request.threads)
    if usable < request.threads:
        note = f"computed with {usable} threads: {request.threads} are too many here"
        report = replace(report, notes=(*report.notes, note))
    return report


def _nothing(registered: Registered, request: RunMethod) -> Exception:
    """Return the error for a run without a report."""
    if request.begin is None:
        return TypeError(f"method {registered.info.name} gave no report")
    return UsageError(
        Path(request.begin.folder).name,
        "ended at this step",
        "continue from an earlier one",
    )


def _advance(run: Iterator[Report], threads: int) -> Report | None:
    with _using(threads):
        return next(run, None)


def _tell(
    ctx: Context, report: Report, number: int
) -> Generator[Step, Changes | None, dict[str, Value]]:
    """Yield progress and a report; return the changes sent in response."""
    sent: dict[str, Value] = {}
    if ctx.journal.progress.total:
        sent |= (yield ctx.journal.progress) or {}
        ctx.journal.progress = Progress(0, 0, "")
    sent |= (yield Partial(report, number)) or {}
    return sent


def _steer(registered: Registered, ctx: Context, changes: Changes) -> None:
    """Replace the method's parameters.

    Raises:
        UsageError: an unknown parameter, one that is not steerable, a bad value.
    """
    parameters = registered.info.parameters
    known = {parameter.name: parameter for parameter in parameters}
    changes = with_current_names(parameters, changes)
    for name in changes:
        if name not in known:
            raise unknown("parameter", name, known)
        if not known[name].steerable:
            raise UsageError(
                known[name].option, "cannot be changed while the method runs"
            )
    values = {**values_of(ctx.params), **changes}
    ctx.params = make(registered.method.Params, values)


def usable_threads(threads: int) -> int:
    """Return a recipe's thread count, limited to what this machine can start.

    More threads than cores only slow it down but preserve the last bits of a result;
    thousands fail in the library that starts them.
    """
    if threads <= _FEWEST_LIMIT:
        return threads  # asking the system takes as long as a small layer
    return min(threads, max(_FEWEST_LIMIT, _THREADS_PER_CORE * (os.cpu_count() or 1)))


@contextmanager
def _using(threads: int) -> Iterator[None]:
    """Set the number of torch's threads during the block; 0 changes nothing."""
    before = torch.get_num_threads()
    threads = usable_threads(threads)
    if threads in {0, before}:
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
