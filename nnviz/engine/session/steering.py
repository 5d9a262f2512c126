"""Run a method step by step, let it be steered, and keep what was changed."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager

import torch

from nnviz.base.errors import UsageError, unknown
from nnviz.base.events import Changes, Partial, Progress, Step
from nnviz.base.parameters import Value, make, values_of
from nnviz.base.requests import RunMethod
from nnviz.base.results import Report
from nnviz.engine.method import Context, Registered

Steered = tuple[tuple[int, Mapping[str, Value]], ...]
"""(step, values): what was changed after how many reports."""


def follow(
    registered: Registered, ctx: Context, request: RunMethod
) -> Generator[Step, Changes | None, tuple[Report, Steered]]:
    """Tell each report and take what is steered in between, or was when replayed.

    Returns:
        The last report and all changes.
    """
    replayed = dict(request.changes)
    taken: list[tuple[int, Mapping[str, Value]]] = []
    run = registered.method().run(ctx, ctx.params)
    report, steps = None, 0
    try:
        while (better := _advance(run, request.threads)) is not None:
            report, steps = better, steps + 1
            sent = yield from _tell(ctx, report)
            changes = {**replayed.get(steps, {}), **sent}
            if changes:
                _steer(registered, ctx, changes)
                taken.append((steps, changes))
    finally:
        if isinstance(run, Generator):
            run.close()
    if report is None:
        raise TypeError(f"method {registered.info.name} gave no report")
    return report, tuple(taken)


def _advance(run: Iterator[Report], threads: int) -> Report | None:
    with _using(threads):
        return next(run, None)


def _tell(
    ctx: Context, report: Report
) -> Generator[Step, Changes | None, dict[str, Value]]:
    """Yield how far the method is and what it has; return what was sent meanwhile."""
    sent: dict[str, Value] = {}
    if ctx.progress.total:
        sent |= (yield ctx.progress) or {}
        ctx.progress = Progress(0, 0, "")
    sent |= (yield Partial(report)) or {}
    return sent


def _steer(registered: Registered, ctx: Context, changes: Changes) -> None:
    """Give the method its new parameters.

    Raises:
        UsageError: an unknown parameter, one that is not steerable, a bad value.
    """
    known = {parameter.name: parameter for parameter in registered.info.parameters}
    for name in changes:
        if name not in known:
            raise unknown("parameter", name, known)
        if not known[name].steerable:
            raise UsageError(
                known[name].option, "cannot be changed while the method runs"
            )
    values = {**values_of(ctx.params), **changes}
    ctx.params = make(registered.method.Params, values)


@contextmanager
def _using(threads: int) -> Iterator[None]:
    """Compute with so many threads; 0 leaves them as they are."""
    before = torch.get_num_threads()
    if threads in {0, before}:
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
