"""Splitting a job into tasks, run in this process or by the workers of a cluster.

Each task runs as a whole in one process, and results are returned in task order, so the
distribution changes no bit between machines of one kind.
"""

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from nnviz.base.events import Job
from nnviz.base.requests import Request
from nnviz.engine.models.model import Model
from nnviz.engine.models.store import ModelStore

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """A process that runs tasks, with the objects they need.

    Attributes:
        model: the opened network.
        store: all opened networks.
        run: returns the job of a request.
        check: called between passes; raises to stop.
        kept: values that later tasks reuse, by keys that the tasks choose.
    """

    model: Model
    store: ModelStore
    run: Callable[[Request[Any]], Job]
    check: Callable[[], None]
    kept: dict[Hashable, Any] = field(default_factory=dict)


class Share(Protocol):
    """Runs tasks, sequentially or in parallel."""

    def __call__(
        self, work: Callable[[Worker, T], R], tasks: Iterable[T]
    ) -> Iterator[R]:
        """Yield the result of each task, in order.

        Args:
            work: a function of a module, which other processes find by its name.
            tasks: its arguments, which can be pickled.
        """
        ...


def share_here(worker: Worker) -> Share:
    """Return the function that runs tasks in this process."""

    def share(work: Callable[[Worker, T], R], tasks: Iterable[T]) -> Iterator[R]:
        return (work(worker, task) for task in tasks)

    return share


def finish(turns: Generator[Any, Any, Any]) -> Any:
    """Run a generator to its end; return its return value."""
    try:
        while True:
            next(turns)
    except StopIteration as stop:
        return stop.value
    finally:
        turns.close()
