"""Inference thread: the only thread in which the engine runs."""

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import ErrorRecord, error_record
from nnviz.base.events import Changes, Done, Event, Failed, Job, Policy, Priority
from nnviz.base.requests import Request
from nnviz.runtime.garbage import freeze_imports
from nnviz.runtime.heap import trim_heap
from nnviz.runtime.mailbox import Envelope, Mailbox
from nnviz.runtime.scheduler import Explain, Scheduler, Task

CATALOGUE_PLACE = ":catalogue"
"""Address of the live catalogue (Done), or of the engine's import error (Failed)."""
_THREAD_NAME = "nnviz-inference"
_REST_SECONDS = 2.0
"""Seconds without work after which the worker releases memory."""


class Session(Protocol):
    """The interface of ``nnviz.engine.jobs.Session`` that the worker uses.

    Attributes:
        brief: whether a job's turn should be short, since others wait.
    """

    brief: bool

    def job(self, request: Request[object], check: Callable[[], None]) -> Job:
        """Return the generator that answers a request."""
        ...

    def catalogue(self) -> Catalogue:
        """Return all methods, including plug-ins, and all models."""
        ...

    def close(self) -> None:
        """Unload everything."""
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine as opened in the worker's thread.

    Attributes:
        session: starts jobs.
        explain: converts their exceptions to text.
    """

    session: Session
    explain: Explain


def open_engine() -> Engine:
    """Import the engine (takes seconds: torch) and open a session."""
    module = importlib.import_module("nnviz.engine.jobs")
    return Engine(module.Session(), module.error_record)


class Worker:
    """Runs jobs, one turn at a time, on its own thread.

    All methods may be called from any thread.  Answers arrive through ``mailbox``.

    Args:
        wake: as in ``Mailbox``.
        engine: opens the engine; called once, on the thread.

    Attributes:
        mailbox: holds the answers; other threads may post into it too.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        engine: Callable[[], Engine] = open_engine,
    ) -> None:
        self.mailbox = Mailbox(wake)
        self._open_engine = engine
        self._engine: Engine | None = None
        self._failure: ErrorRecord | None = None
        self._scheduler = Scheduler(self._start_job, self._explain, self._post)
        # Guards the scheduler's bookkeeping; never held while a job runs.
        self._changed = threading.Condition()
        self._stopping = False
        # A daemon thread: a forgotten ``shutdown`` must not keep the process alive.
        self._thread = threading.Thread(
            target=self._live, name=_THREAD_NAME, daemon=True
        )

    def start(self) -> None:
        """Start the thread, which then imports the engine."""
        self._thread.start()

    def submit(
        self, place: str, request: Request[object], policy: Policy, priority: Priority
    ) -> int:
        """Submit a request and return its ticket; possible before the engine is loaded.

        After ``shutdown`` the ticket is cancelled at once.
        """
        with self._changed:
            ticket = self._scheduler.submit(place, request, policy, priority)
            self._changed.notify()
        return ticket

    def cancel(self, ticket: int) -> None:
        """Cancel a request, running or waiting."""
        with self._changed:
            self._scheduler.cancel(ticket)
            self._changed.notify()

    def steer(self, ticket: int, changes: Changes) -> None:
        """Pass new values to a running job at its next safe point."""
        with self._changed:
            self._scheduler.steer(ticket, changes)

    def pause(self, ticket: int) -> None:
        """Pause a job at its next safe point; others continue."""
        with self._changed:
            self._scheduler.pause(ticket)

    def step(self, ticket: int) -> None:
        """Let a job run to its next report, and pause there."""
        with self._changed:
            self._scheduler.step(ticket)
            self._changed.notify()

    def go_on(self, ticket: int) -> None:
        """Resume a paused job."""
        with self._changed:
            self._scheduler.go_on(ticket)
            self._changed.notify()

    def shutdown(self, timeout: float) -> bool:
        """Cancel everything, unload the engine and end the thread; idempotent.

        Args:
            timeout: longest wait for the thread, s.

        Returns:
            Whether the thread has ended.  If not (a long pass or import), it ends by
            itself, and posts nothing more.
        """
        with self._changed:
            self._stopping = True
            self._scheduler.close()
            self._changed.notify()
        self.mailbox.close()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _live(self) -> None:
        self._engine = self._opened()
        while (task := self._next_task()) is not None:
            self._set_brief(task)
            event = self._scheduler.advance(task)
            with self._changed:
                self._scheduler.settle(task, event)
            freeze_imports()
            # Do not keep them during the next wait: they may hold images and results.
            del task, event
        if self._engine is not None:
            self._engine.session.close()

    def _opened(self) -> Engine | None:
        try:
            engine = self._open_engine()
            catalogue = engine.session.catalogue()
        except BaseException as error:  # noqa: BLE001 - told to the user, like a job's
            self._failure = error_record(error)
            self._tell(Failed(self._failure))
            return None
        freeze_imports()
        self._tell(Done(catalogue))
        return engine

    def _next_task(self) -> Task | None:
        rested = False
        while True:
            with self._changed:
                task = self._scheduler.pick()
                if task is not None or self._stopping:
                    return task
                idle = self._scheduler.idle_seconds
                short = idle is None and not rested
                woken = self._changed.wait(_REST_SECONDS if short else idle)
            if short and not woken:  # not under the lock: it takes milliseconds
                trim_heap()
                rested = True

    def _set_brief(self, task: Task) -> None:
        """Set whether turns are to be brief because the foreground waits."""
        if self._engine is not None:
            busy = self._scheduler.foreground_busy
            self._engine.session.brief = busy and task.priority > Priority.LIVE

    def _start_job(self, request: Request[object], check: Callable[[], None]) -> Job:
        if self._engine is None:
            raise _EngineMissingError
        return self._engine.session.job(request, check)

    def _explain(self, error: BaseException) -> ErrorRecord:
        if self._failure is not None:
            return self._failure
        explain = self._engine.explain if self._engine else error_record
        return explain(error)

    def _post(self, task: Task, event: Event) -> None:
        posted = Envelope(task.place, task.ticket, event)
        self.mailbox.put(posted, keep=task.policy is Policy.QUEUE)

    def _tell(self, event: Event) -> None:
        self.mailbox.put(Envelope(CATALOGUE_PLACE, 0, event), keep=True)


class _EngineMissingError(Exception):
    """The engine could not be opened; the reason was reported then."""
