"""Work that several waiting jobs share."""

import inspect
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

Check = Callable[[], None]
Step = TypeVar("Step")


class SharedSteps(Generic[Step]):
    """Steps that are run once, by whichever of the waiting jobs is scheduled.

    So no job depends on another one's priority, and none spins.  If the job that does
    the work is stopped, the work is lost and the others start over.

    Args:
        begin: from the working job's check to the steps.
    """

    def __init__(self, begin: Callable[[Check], Generator[Step, None, None]]) -> None:
        self._check: Check = _go_on
        self._steps = begin(self._checked)
        self._waiting = 0

    @property
    def ended(self) -> bool:
        """Whether the work has ended: done, failed or stopped."""
        return inspect.getgeneratorstate(self._steps) == inspect.GEN_CLOSED

    def join(self, check: Check) -> Generator[Step, None, None]:
        """Take part until the work ends; the last job to leave cancels the work.

        Raises:
            Exception: what the work raises while this job does it.
        """
        self._waiting += 1
        try:
            while not self.ended:
                # First outside: then the work is not lost to the others.
                check()
                self._check = check
                step = next(self._steps, None)
                if step is not None:
                    yield step
        finally:
            self._check = _go_on
            self._waiting -= 1
            if not self._waiting:
                self._steps.close()

    def _checked(self) -> None:
        self._check()


def _go_on() -> None:
    """Never stop: the check before any job has joined."""
