"""Cooperative scheduler of jobs, without threads.

A job is a generator; each yield is a safe point at which another job may run.
"""

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nnviz.base.errors import CancelledError, ErrorRecord
from nnviz.base.events import (
    Cancelled,
    Changes,
    Done,
    Event,
    Failed,
    Job,
    Partial,
    Policy,
    Priority,
    Progress,
)
from nnviz.base.parameters import Value
from nnviz.base.requests import Request
from nnviz.runtime.cancel import CancelToken

Start = Callable[[Request[object], Callable[[], None]], Job]
"""Starts the job of a request, given the check that the job must call often."""
Explain = Callable[[BaseException], ErrorRecord]
"""Converts an exception to text and releases its frames."""

_FOREGROUND = frozenset({Priority.INTERACTIVE, Priority.LIVE})
"""Priorities of jobs that the user watches."""
_RECENT = 0.5
"""Seconds after the last foreground turn during which another is expected: the next
frame, the next value of a slider.
"""
_BACKGROUND_SHARE = 1 / 8
"""Fraction of the time for the background while the foreground is busy."""


@dataclass(eq=False, slots=True)
class Task:
    """A submitted request and its state.

    Attributes:
        ticket: its number, ascending with each submit.
        place: address of the answer.
        request: the request.
        policy: policy toward earlier tasks of its place.
        priority: priority of its turns.
        token: token that cancels it.
        started: whether its first turn has begun.
        job: the generator, once started.
        changes: steered values for the next turn.
        steering: steered values for the running turn.
        seconds: total time of its turns so far.
        turn_seconds: time of its last turn.
        allowed: number of reports that it may still make before it waits; None for
            unlimited.
    """

    ticket: int
    place: str
    request: Request[object]
    policy: Policy
    priority: Priority
    token: CancelToken = field(default_factory=CancelToken)
    started: bool = False
    job: Job | None = None
    changes: dict[str, Value] = field(default_factory=dict)
    steering: Changes | None = None
    seconds: float = 0.0
    turn_seconds: float = 0.0
    allowed: int | None = None

    @property
    def ready(self) -> bool:
        """Whether the task may run a turn; cancelled tasks always may."""
        return self.allowed is None or self.allowed > 0 or self.token.cancelled


class Scheduler:
    """Decides which task runs next, and reports how each ends.

    One turn is ``pick``, ``advance``, ``settle``.  Only ``advance`` runs the job;
    everything else is quick bookkeeping that the owner may guard with a lock, so that
    tickets can be submitted, cancelled and steered while a job runs.

    Rules: tasks of one place run one after the other; among different places the higher
    priority runs first and equal ones take turns.  A paused task keeps its rank but
    gets no turns.  Each ticket ends with exactly one Done, Failed or Cancelled, and
    nothing follows it.

    Interactive and live tasks are the foreground, normal and idle ones the background.
    While the foreground is busy, or was within the last half second, the background
    gets a fraction of the time: after a turn it waits seven times that turn's duration,
    even while the processor is idle, so that the next frame does not have to wait for a
    long turn.  A live stream never ends, so a normal task that has waited that long
    runs before the next live one.

    Args:
        start: starts a job.
        explain: converts a job's exception to text.
        post: receives every event.
        clock: current time, s.
    """

    def __init__(
        self,
        start: Start,
        explain: Explain,
        post: Callable[[Task, Event], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._start = start
        self._explain = explain
        self._post = post
        self._clock = clock
        self._numbers = itertools.count(1)
        self._turns = itertools.count(1)
        self._places: dict[str, list[Task]] = {}
        self._last_turn: dict[str, int] = {}
        self._live_ended_last = False
        self._foreground_until = self._background_from = -math.inf
        self._closed = False

    def submit(
        self, place: str, request: Request[object], policy: Policy, priority: Priority
    ) -> int:
        """Submit a request and return its ticket.

        After ``close`` the ticket is cancelled at once.
        """
        task = Task(next(self._numbers), place, request, policy, priority)
        if self._closed:
            self._post(task, Cancelled())
            return task.ticket
        for earlier in self._tasks(place):
            if _displaces(policy, earlier):
                self._stop(earlier)
        self._places.setdefault(place, []).append(task)
        return task.ticket

    def cancel(self, ticket: int) -> None:
        """Cancel a task, running or waiting; no effect on one that has ended."""
        task = self._find(ticket)
        if task is not None:
            self._stop(task)

    def steer(self, ticket: int, changes: Changes) -> None:
        """Pass new values to a task at its next safe point; later ones win."""
        task = self._find(ticket)
        if task is not None:
            task.changes.update(changes)

    def pause(self, ticket: int) -> None:
        """Pause a task at its next safe point, until ``go_on`` or ``step``."""
        self._allow(ticket, 0)

    def step(self, ticket: int) -> None:
        """Let a task run to its next report, and pause there."""
        task = self._find(ticket)
        if task is not None:
            task.allowed = (task.allowed or 0) + 1

    def go_on(self, ticket: int) -> None:
        """Resume a paused task."""
        self._allow(ticket, None)

    def close(self) -> None:
        """Cancel all tasks and accept no more.

        Started tasks still need turns, in which their generators are closed.
        """
        self._closed = True
        for place in list(self._places):
            for task in self._tasks(place):
                self._stop(task)

    def pick(self) -> Task | None:
        """Return the task to run next; None if there is nothing to do now."""
        heads = self._heads()
        if not heads:
            return None
        task = min(heads, key=self._order)
        if self._held_back(task):
            return None
        task.started = True
        self._last_turn[task.place] = next(self._turns)
        if task.priority is Priority.NORMAL:
            self._live_ended_last = False
        # A generator accepts no value before its first yield.
        if task.job is not None and task.changes:
            task.steering, task.changes = task.changes, {}
        return task

    @property
    def idle_seconds(self) -> float | None:
        """Seconds until ``pick`` returns a task, without new ones; None for never."""
        if not self._heads():
            return None
        until = min(self._background_from, self._foreground_until)
        return max(0.0, until - self._clock())

    @property
    def foreground_busy(self) -> bool:
        """Whether a background turn would now delay the foreground."""
        return self._clock() < self._foreground_until

    def advance(self, task: Task) -> Event:
        """Run a task to its next safe point, or to its end.

        Returns:
            The yielded step, or the final event.
        """
        began = self._clock()
        event = self._turn(task)
        task.turn_seconds = self._clock() - began
        task.seconds += task.turn_seconds
        if isinstance(event, Done):
            return replace(event, seconds=task.seconds)
        return event

    def settle(self, task: Task, event: Event) -> None:
        """Post the event of a turn, and drop a task that has ended."""
        if isinstance(event, Partial) and task.allowed:
            task.allowed -= 1
        self._share_time(task)
        if isinstance(event, Progress | Partial):
            if not task.token.cancelled:
                self._post(task, event)
            return
        if task.priority is Priority.LIVE:
            self._live_ended_last = True
        self._end(task, event)

    def _heads(self) -> list[Task]:
        return [tasks[0] for tasks in self._places.values() if tasks[0].ready]

    def _share_time(self, task: Task) -> None:
        """Record the time until which foreground or background has precedence."""
        now = self._clock()
        if task.priority in _FOREGROUND:
            self._foreground_until = now + _RECENT
        else:
            wait = task.turn_seconds * (1 / _BACKGROUND_SHARE - 1)
            self._background_from = now + wait

    def _held_back(self, task: Task) -> bool:
        """Tell whether a background task must yield to a busy foreground."""
        if task.priority in _FOREGROUND or task.token.cancelled:
            return False
        return self._clock() < min(self._background_from, self._foreground_until)

    def _turn(self, task: Task) -> Event:
        try:
            return self._run_on(task)
        except CancelledError:
            return Cancelled()
        except BaseException as error:  # noqa: BLE001 - the one boundary of all jobs
            # A job's SystemExit or KeyboardInterrupt must not end the thread either.
            return Failed(self._explain(error))

    def _run_on(self, task: Task) -> Event:
        if task.token.cancelled:
            if task.job is not None:
                task.job.close()
            return Cancelled()
        if task.job is None:
            task.job = self._start(task.request, task.token.check)
        changes, task.steering = task.steering, None
        try:
            return task.job.send(changes)
        except StopIteration as end:
            return Done(end.value)

    def _order(self, task: Task) -> tuple[bool, float, int]:
        if task.token.cancelled:
            # Ending tasks go first, whatever their priority: others wait for them.
            return False, 0, self._last_turn.get(task.place, 0)
        rank: float = task.priority
        if task.priority is Priority.LIVE and self._background_is_due:
            rank = Priority.NORMAL + 0.5
        return True, rank, self._last_turn.get(task.place, 0)

    @property
    def _background_is_due(self) -> bool:
        return self._live_ended_last and self._clock() >= self._background_from

    def _stop(self, task: Task) -> None:
        task.token.cancel()
        if not task.started:
            self._end(task, Cancelled())

    def _end(self, task: Task, event: Event) -> None:
        tasks = self._places[task.place]
        tasks.remove(task)
        if not tasks:
            del self._places[task.place]
        self._post(task, event)

    def _tasks(self, place: str) -> tuple[Task, ...]:
        return tuple(self._places.get(place, ()))

    def _allow(self, ticket: int, reports: int | None) -> None:
        task = self._find(ticket)
        if task is not None:
            task.allowed = reports

    def _find(self, ticket: int) -> Task | None:
        tasks = itertools.chain.from_iterable(self._places.values())
        return next((task for task in tasks if task.ticket == ticket), None)


def _displaces(policy: Policy, earlier: Task) -> bool:
    match policy:
        case Policy.REPLACE:
            return True
        case Policy.LATEST:
            return not earlier.started
        case Policy.QUEUE:
            return False
