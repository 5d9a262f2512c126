"""Job handles: requests to the worker or the file threads, and their answers.

Nothing here needs the worker: requests submitted before its start wait for it.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import (
    Cancelled,
    Changes,
    Done,
    Event,
    Failed,
    Final,
    Partial,
    Policy,
    Priority,
    Progress,
)
from nnviz.base.host.file_work import FileWork, file_work
from nnviz.base.requests import Request

T = TypeVar("T")
_addresses = itertools.count(1)


class Hook(Generic[T]):
    """A typed signal of one job, emitted in the GUI thread.

    A method of a widget that Qt has deleted is not called, as with Qt's own signals.
    The final event of a job is remembered: a slot connected afterwards is called at
    once, so that no answer is missed between submitting and connecting.
    """

    def __init__(self, *, remembers: bool = False) -> None:
        self._slots: list[Callable[[T], object]] = []
        self._remembers = remembers
        self._values: list[T] = []

    def connect(self, slot: Callable[[T], object]) -> None:
        """Call a function with each value from now on."""
        if self._values:
            slot(self._values[0])
        else:
            self._slots.append(slot)

    def emit(self, value: T) -> None:
        """Call all connected functions."""
        slots = list(self._slots)
        if self._remembers:
            self._values.append(value)
            self._slots.clear()  # slots may hold the job, a reference cycle
        for slot in slots:
            if _is_alive(slot):
                slot(value)

    def drop(self) -> None:
        """Disconnect everything."""
        self._slots.clear()


def _is_alive(slot: Callable[..., object]) -> bool:
    """Return whether the Qt object behind a bound method still exists."""
    owner = getattr(getattr(slot, "func", slot), "__self__", None)
    return not isinstance(owner, QObject) or shiboken6.isValid(owner)


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """A queue of jobs, in which a newer job may replace older ones.

    Attributes:
        name: for people and tests; two lanes may share one.
        policy: policy of a new job toward earlier ones of the lane.
        priority: priority of its jobs.
        address: address of its answers.
    """

    name: str
    policy: Policy = Policy.REPLACE
    priority: Priority = Priority.INTERACTIVE
    address: str = field(default_factory=lambda: f"job:{next(_addresses)}")


class Controls(Protocol):
    """Controls of running jobs, by ticket."""

    def cancel(self, ticket: int) -> None:
        """Cancel a job."""
        ...

    def steer(self, ticket: int, changes: Changes) -> None:
        """Change a job's parameters at its next safe point."""
        ...

    def pause(self, ticket: int) -> None:
        """Pause a job at its next safe point."""
        ...

    def step(self, ticket: int) -> None:
        """Run a job to its next report, and pause it there."""
        ...

    def go_on(self, ticket: int) -> None:
        """Resume a job after a pause."""
        ...


class JobHandle(Generic[T]):
    """Handle of one job: its answers as signals, and its controls.

    Signals, all on the GUI's thread; exactly one of the last three is emitted, unless a
    newer job of the lane replaced it, after which it emits nothing.

    Attributes:
        lane: queue of the job.
        title: title for people; empty to hide the job.
        progressed: progress.
        partial: a first or improved report.
        done: the result that its request promises.
        failed: the error, as text.
        cancelled: the job was cancelled.
        seconds: running time, once it is done.
        progress: last progress.
    """

    def __init__(self, lane: Lane, title: str = "") -> None:
        self.lane, self.title = lane, title
        self.progressed: Hook[Progress] = Hook()
        self.partial: Hook[Partial] = Hook()
        self.done: Hook[T] = Hook(remembers=True)
        self.failed: Hook[ErrorRecord] = Hook(remembers=True)
        self.cancelled: Hook[None] = Hook(remembers=True)
        self.seconds = 0.0
        self.progress: Progress | None = None
        self._began = monotonic()
        """Start of the job, or of its newest stage."""
        self._paused_at: float | None = None
        self._rested = 0.0
        """Total duration of finished pauses, s."""
        self._open = True
        self._controls: Controls | None = None
        self._ticket = 0

    def start(self, controls: Controls, ticket: int) -> None:
        """Store the controls and the ticket of the started job."""
        self._controls, self._ticket = controls, ticket

    @property
    def open(self) -> bool:
        """Whether the job has not ended."""
        return self._open

    @property
    def share(self) -> float | None:
        """The share that is done, 0 to 1; None if unknown."""
        return self.progress.fraction if self.progress is not None else None

    @property
    def left(self) -> float:
        """Estimated seconds to the end; negative if unknown or paused."""
        share = self.share
        if not share or self.paused:
            return -1.0
        worked = monotonic() - self._began - self._rested
        return worked * (1 - share) / share

    @property
    def paused(self) -> bool:
        """Whether the job is paused."""
        return self._paused_at is not None

    def cancel(self) -> None:
        """Cancel the job, running or waiting; it ends with ``cancelled``."""
        if not self._open:
            return
        if self._controls is not None:
            self._controls.cancel(self._ticket)
        else:  # it waits for the worker to start
            self.hear(Cancelled())

    def steer(self, changes: Changes) -> None:
        """Change the job's parameters at its next safe point."""
        if self._controls is not None:
            self._controls.steer(self._ticket, changes)

    def pause(self) -> None:
        """Pause the job at its next safe point."""
        if self._controls is not None:
            self._controls.pause(self._ticket)
            self._rest()

    def step(self) -> None:
        """Run the job to its next report, and pause it there."""
        if self._controls is not None:
            self._controls.step(self._ticket)
            self._rest()

    def go_on(self) -> None:
        """Resume the job after a pause."""
        if self._controls is not None:
            self._controls.go_on(self._ticket)
            self._wake()

    def _rest(self) -> None:
        """Stop the clock of the estimated time left, and emit the progress again."""
        if not self.paused:
            self._paused_at = monotonic()
            self._retell()

    def _wake(self) -> None:
        if self._paused_at is not None:
            self._rested += monotonic() - self._paused_at
            self._paused_at = None
            self._retell()

    def _restart_clock(self, progress: Progress) -> None:
        """Start the clock again where a new stage begins: its pace is another.

        A share that falls to less than half tells a stage; a total that grows does not.
        """
        if (progress.fraction or 0.0) < (self.share or 0.0) / 2:
            self._began, self._rested = monotonic(), 0.0

    def _retell(self) -> None:
        if self.progress is not None:
            self.progressed.emit(self.progress)

    def forget(self) -> None:
        """Disconnect all signals: a newer job has replaced this one."""
        self._open = False
        for hook in (self.progressed, self.partial, self.done, self.failed):
            hook.drop()
        self.cancelled.drop()

    def hear(self, event: Event) -> None:
        """Emit an event of the job; called by the bridge only."""
        if not self._open:
            return
        if isinstance(event, Final):
            self._open = False
            self._controls = None
        match event:
            case Progress():
                self._restart_clock(event)
                self.progress = event
                self.progressed.emit(event)
            case Partial():
                self.partial.emit(event)
            case Done(value, seconds):
                self.seconds = seconds
                self.done.emit(value)  # type: ignore[arg-type] # as the request says
            case Failed(error):
                self.failed.emit(error)
            case Cancelled():
                self.cancelled.emit(None)


AnyJob = JobHandle[Any]


class Starter(Protocol):
    """Interface of the bridge, which runs jobs once there is a worker."""

    def start_job(self, request: Request[T], handle: JobHandle[T]) -> None:
        """Submit a request whose events go to its handle."""
        ...

    def start_work(self, work: FileWork[T], handle: JobHandle[T]) -> None:
        """Submit work to a file thread; events go to its handle."""
        ...


class Jobs(QObject):
    """All open jobs; requests made before the worker is ready wait for it."""

    changed = Signal()
    """A job with a title started, ended or progressed."""
    submitted = Signal(object)
    """Lane of a job that was just submitted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titled: list[AnyJob] = []
        self._starter: Starter | None = None
        self._waiting: list[Callable[[Starter], None]] = []
        self._open: dict[Lane, dict[AnyJob, None]] = {}
        """Jobs that are not known to have ended, the oldest first."""

    def attach(self, starter: Starter) -> None:
        """Start the waiting jobs: the worker is ready."""
        self._starter = starter
        waiting, self._waiting = self._waiting, []
        for start in waiting:
            start(starter)

    def submit(self, request: Request[T], lane: Lane, title: str = "") -> JobHandle[T]:
        """Submit a request to the worker.

        Args:
            request: the request.
            lane: queue, which sets what the job replaces and its priority.
            title: title in the list of jobs; empty for quick ones.
        """
        self.submitted.emit(lane)
        handle: JobHandle[T] = JobHandle(lane, title)
        for replaced in self._enter(handle):
            replaced.forget()
        self._begin(handle, lambda starter: starter.start_job(request, handle))
        return handle

    def do(self, work: FileWork[T], lane: Lane, title: str = "") -> JobHandle[T]:
        """Submit work to a file thread; see ``Bridge.files``.

        Args:
            work: the work.
            lane: queue, which sets what the work replaces; work that has started
                finishes silently.
            title: as in ``submit``.
        """
        handle: JobHandle[T] = JobHandle(lane, title)
        for replaced in self._enter(handle):
            replaced.cancel()
            replaced.forget()
        self._begin(handle, lambda starter: starter.start_work(work, handle))
        return handle

    def compute(self, work: Callable[[], T], lane: Lane) -> JobHandle[T]:
        """Call a short, Qt-free function in a file thread."""
        return self.do(file_work(work), lane)

    def _enter(self, handle: AnyJob) -> list[AnyJob]:
        """Add a job to its lane; return the jobs that it replaces."""
        lane = handle.lane
        replaced: list[AnyJob] = []
        if lane.policy is Policy.REPLACE:
            replaced = [each for each in self._open.pop(lane, ()) if each.open]
        self._open.setdefault(lane, {})[handle] = None
        for end in (handle.done, handle.failed, handle.cancelled):
            end.connect(lambda _: self._leave(handle))
        if handle.title:
            self._list(handle)
        return replaced

    def _leave(self, job: AnyJob) -> None:
        """Release a job that has ended, since it may hold images."""
        jobs = self._open.get(job.lane, {})
        jobs.pop(job, None)
        if not jobs:
            self._open.pop(job.lane, None)

    def _begin(self, job: AnyJob, act: Callable[[Starter], None]) -> None:
        """Start a job, or keep it until the worker is ready."""

        def start(starter: Starter) -> None:
            if job.open:
                act(starter)

        if self._starter is None:
            self._waiting.append(start)
        else:
            start(self._starter)

    @property
    def listed(self) -> tuple[AnyJob, ...]:
        """The running jobs with a title, the oldest first; one for each lane."""
        first: dict[Lane, AnyJob] = {}
        for each in self._titled:
            if each.open:
                first.setdefault(each.lane, each)
        return tuple(first.values())

    def _list(self, job: AnyJob) -> None:
        """List a job until it ends."""
        self._titled = [each for each in self._titled if each.open]
        self._titled.append(job)
        for hook in (job.progressed, job.done, job.failed, job.cancelled):
            hook.connect(lambda _: self.changed.emit())
        self.changed.emit()

    def running(self, lane: Lane) -> bool:
        """Return whether a lane has an open job."""
        return any(each.open for each in self._open.get(lane, ()))

    def cancel(self, lane: Lane) -> None:
        """Cancel all jobs of a lane."""
        for each in reversed(list(self._open.get(lane, ()))):
            each.cancel()
