"""Run a method step by step, let it be steered, and keep what was changed."""

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
"""Threads that are always allowed, and that a machine of many cores may have."""
Steered = tuple[tuple[int, Mapping[str, Value]], ...]
"""(step, values): what was changed after how many reports."""


class Steering:
    """Steering: parameters changed while a method runs, by hand or as recorded.

    Args:
        registered: the method.
        ctx: what it works with; given the new parameters.
        planned: (step, values) of an earlier run.
        steps: how many of its steps are done; their changes are made at once.
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
        """(step, values) up to now."""
        return tuple(self._taken)

    @property
    def known(self) -> Steered:
        """The same with what is planned."""
        return (*self._taken, *sorted(self._planned.items()))

    def take(self, step: int, sent: Changes) -> bool:
        """Give the method its new parameters after a step; tell whether it has any.

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
    """Tell each report, keep it, and take what is steered in between.

    Args:
        registered: the method.
        ctx: what it works with.
        request: what was asked.
        steering: is told what is sent.
        recorder: keeps the steps.
        steps: how many were made by the run that this one takes up.

    Returns:
        The last report.

    Raises:
        UsageError: there is nothing left to do after the steps made before.
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
    """Return what to say of a run without a report."""
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
    """Yield how far the method is and what it has; return what was sent meanwhile."""
    sent: dict[str, Value] = {}
    if ctx.journal.progress.total:
        sent |= (yield ctx.journal.progress) or {}
        ctx.journal.progress = Progress(0, 0, "")
    sent |= (yield Partial(report, number)) or {}
    return sent


def _steer(registered: Registered, ctx: Context, changes: Changes) -> None:
    """Give the method its new parameters.

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
    """Return as many threads as a recipe wants, where this machine can start them.

    More than it has cores only make it slower, and keep the last bits of a result;
    thousands end in an error of the library that starts them.
    """
    return min(threads, max(_FEWEST_LIMIT, _THREADS_PER_CORE * (os.cpu_count() or 1)))


@contextmanager
def _using(threads: int) -> Iterator[None]:
    """Compute with so many threads; 0 leaves them as they are."""
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
