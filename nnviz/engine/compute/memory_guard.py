"""Guard of main memory: ends a job while the system still has some.

Linux grants memory that it does not have, and then kills a process.  A job that fills
the memory is ended before, with an error that says so; nothing else is lost.
"""

import time
from collections.abc import Callable

import psutil
import torch

from nnviz.base.errors import OutOfMemoryError
from nnviz.engine.compute.memory import free_bytes, in_units, used_bytes

_PAUSE = 0.1
"""s between two measurements, and before the first: one takes some 0.3 ms."""
_RESERVE = 1 / 20
"""Fraction of the main memory that is left to the system and to the window."""
_CPU = torch.device("cpu")


def guarded(check: Callable[[], None]) -> Callable[[], None]:
    """Return a job's check that also ends the job when main memory is nearly full.

    Only a job that has itself taken as much as the reserve since the first measurement
    is ended: other programs are not its fault.  A short job is never measured.

    Args:
        check: called often; raises ``CancelledError`` to stop the job.

    Returns:
        Such a function, which also raises ``OutOfMemoryError``.
    """
    before: int | None = None
    due: float | None = None

    def checked() -> None:
        nonlocal before, due
        check()
        now = time.monotonic()
        if due is not None and now >= due:
            used = used_bytes(_CPU)
            before = used if before is None else before
            _require_reserve(used - before)
        if due is None or now >= due:
            due = now + _PAUSE

    return checked


def _require_reserve(taken: int) -> None:
    """Raise if less than the reserve is free, and more than it was taken, B.

    Raises:
        OutOfMemoryError: so it is.
    """
    free, reserve = free_bytes(_CPU), _RESERVE * psutil.virtual_memory().total
    if free < reserve < taken:
        raise OutOfMemoryError(
            "this run",
            f"it has taken {in_units(taken)} of memory and {in_units(free)} are left",
            "close other programs, or use smaller values, a smaller network or image",
        )
