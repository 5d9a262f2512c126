"""File threads: a queue of work by urgency, with answers through a mailbox."""

import itertools
import threading
from dataclasses import dataclass, field

from nnviz.base.errors import CancelledError, error_record
from nnviz.base.events import Cancelled, Done, Event, Failed, Progress
from nnviz.base.host.file_work import FileWork, Urgency
from nnviz.runtime.cancel import CancelToken
from nnviz.runtime.mailbox import Envelope, Mailbox

_THREADS = 2
_MAX_WAITING_IMAGES = 3
"""Maximum number of opened images in the mailbox; beyond, decoding waits."""


@dataclass(order=True, slots=True)
class _Task:
    """A queued piece of work, ordered by urgency and turn."""

    urgency: Urgency
    turn: int
    ticket: int = field(compare=False)
    place: str = field(compare=False)
    work: FileWork[object] = field(compare=False)
    token: CancelToken = field(compare=False, default_factory=CancelToken)


@dataclass(frozen=True, slots=True)
class _Reporter:
    """Posts the progress of a task to the mailbox, until it is cancelled."""

    task: _Task
    mailbox: Mailbox

    def tell(self, progress: Progress) -> None:
        """Post the progress of the task."""
        if not self.task.token.cancelled:
            posted = Envelope(self.task.place, self.task.ticket, progress)
            self.mailbox.put(posted, keep=False)

    def check(self) -> None:
        """Raise CancelledError if the task is cancelled, else return."""
        self.task.token.check()


class IoPool:
    """Reads and writes files on a few threads; answers arrive through a mailbox.

    Tickets are the pool's own; each ends with exactly one Done, Failed or Cancelled.

    Args:
        mailbox: receives the answers, addressed to the place given with the work.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)
        self._queue: list[_Task] = []
        self._tasks: dict[int, _Task] = {}
        self._unread: set[tuple[str, int]] = set()
        """Opened images that the reader has not yet taken."""
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def submit(self, place: str, work: FileWork[object]) -> int:
        """Queue work and return its ticket.

        Args:
            place: address of its answers.
            work: long work must ask its reporter whether to stop, since closing waits
                for running work.
        """
        with self._changed:
            ticket = next(self._numbers)
            turn = -ticket if work.urgency is Urgency.OPEN else ticket
            task = _Task(work.urgency, turn, ticket, place, work)
            self._tasks[ticket] = task
            if self._stopping:
                self._end(task, Cancelled())
            else:
                self._start_threads()
                self._queue.append(task)
                self._changed.notify()
        return ticket

    def cancel(self, ticket: int) -> None:
        """Cancel work; running work that does not check is finished unreported."""
        with self._changed:
            task = self._tasks.get(ticket)
            if task is None:
                return
            task.token.cancel()
            if task in self._queue:
                self._queue.remove(task)
                self._end(task, Cancelled())

    def delivered(self, place: str, ticket: int) -> None:
        """Mark an answer as read, so that the next one can be prepared.

        Images are large, so only a few are opened ahead of the reader.
        """
        with self._changed:
            self._unread.discard((place, ticket))
            self._changed.notify()

    def shutdown(self, timeout: float) -> bool:
        """Cancel all work except saving, which is finished first; idempotent.

        Args:
            timeout: longest wait for each thread, s.

        Returns:
            Whether all threads have ended.
        """
        with self._changed:
            self._stopping = True
            for task in list(self._tasks.values()):
                if task.urgency is not Urgency.SAVE:
                    self.cancel(task.ticket)
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _start_threads(self) -> None:
        """Start the threads when the first work arrives."""
        while len(self._threads) < _THREADS:
            name = f"nnviz-io-{len(self._threads) + 1}"
            thread = threading.Thread(target=self._live, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _live(self) -> None:
        while (task := self._next()) is not None:
            event = self._outcome(task)
            with self._changed:
                self._end(task, Cancelled() if task.token.cancelled else event)
            # Do not keep them during the next wait: they may hold images.
            del task, event

    def _next(self) -> _Task | None:
        with self._changed:
            while True:
                if ready := self._ready():
                    task = min(ready)
                    self._queue.remove(task)
                    return task
                if self._stopping:
                    return None
                self._changed.wait()

    def _ready(self) -> list[_Task]:
        if len(self._unread) < _MAX_WAITING_IMAGES:
            return self._queue
        return [task for task in self._queue if task.urgency is not Urgency.OPEN]

    def _end(self, task: _Task, event: Event) -> None:
        del self._tasks[task.ticket]
        if task.urgency is Urgency.OPEN:
            self._unread.add((task.place, task.ticket))
        self._mailbox.put(Envelope(task.place, task.ticket, event), keep=True)

    def _outcome(self, task: _Task) -> Event:
        try:
            return Done(task.work.act(_Reporter(task, self._mailbox)))
        except CancelledError:
            return Cancelled()
        except BaseException as error:  # noqa: BLE001 - the boundary of the io threads
            return Failed(error_record(error))
