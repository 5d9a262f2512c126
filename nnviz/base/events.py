"""Events of a job: progress, partial results, its end."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from nnviz.base.errors import ErrorRecord
from nnviz.base.parameters import Value
from nnviz.base.results import Report

EPOCH = "epoch"


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a job.

    Attributes:
        done: units done so far.
        total: total number of units; 0 where unknown.
        what: the current work, "downloading resnet50", "window 12 of 729".
        unit: "B" for bytes, ``EPOCH`` at the end of a training epoch, else empty.
        cost: fraction of the total time that the finished units take, where units take
            unequal time; None where all take the same.
    """

    done: float
    total: float
    what: str
    unit: str = ""
    cost: float | None = None

    @property
    def fraction(self) -> float | None:
        """Fraction of the work that is done, in [0, 1]; None where unknown."""
        if self.cost is not None:
            return self.cost
        return min(1.0, self.done / self.total) if self.total > 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """An intermediate report, to be shown until a better one comes.

    Attributes:
        report: results so far.
        step: number of the step in the recording; -1 without a recording.
    """

    report: Report
    step: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """A job that finished, with its result.

    Attributes:
        value: the result that its request promises.
        seconds: running time of the job, without the turns of other jobs.
    """

    value: object
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that failed, with the error as text."""

    error: ErrorRecord


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A job that was cancelled, or never started because a newer one replaced it."""


Step = Progress | Partial
Final = Done | Failed | Cancelled
Event = Step | Final

Changes = Mapping[str, Value]
"""Steered parameters, sent into a job at a safe point."""

Job = Generator[Step, Changes | None, object]
"""A request as a generator: yields at safe points, returns ``Done.value``.

Raises ``CancelledError`` when its ``check`` does, ``NnvizError`` for errors that the
user can read.
"""


class Priority(IntEnum):
    """The priority of a job; smaller goes first."""

    INTERACTIVE = 0
    LIVE = 1
    NORMAL = 2
    IDLE = 3


class Policy(StrEnum):
    """The effect of a new request on an earlier one for the same place."""

    REPLACE = "replace"
    """Cancel the running one (a parameter was edited)."""
    LATEST = "latest"
    """Let the running one finish, replace the pending one (video, hover)."""
    QUEUE = "queue"
    """Wait for its turn (export, batch)."""
