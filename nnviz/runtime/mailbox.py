"""Mailbox from worker threads to the GUI: bounded, ordered, with a single wake-up."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from nnviz.base.events import Cancelled, Done, Event, Partial, Progress


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """An event with its address.

    Attributes:
        place: address of the answer.
        ticket: ticket of the request.
        event: the event.
    """

    place: str
    ticket: int
    event: Event


class Mailbox:
    """Holds events until the reader takes them, in order of arrival.

    Steps (Progress, Partial) are kept once per place: a newer one replaces the older.
    Final events are never dropped.  The number of results is bounded by the number of
    places, however long the reader is busy: a newer result of a place replaces the
    older, which is then reported as Cancelled, unless it was put with ``keep``.

    Args:
        wake: called whenever an event is put into the empty mailbox, on the calling
            thread and under the mailbox's lock; must neither block nor use the mailbox.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._box: dict[Hashable, Envelope] = {}
        self._replaceable: dict[str, int] = {}
        self._closed = False

    def put(self, posted: Envelope, *, keep: bool) -> None:
        """Add an event; thread-safe. Events after ``close`` are discarded.

        Args:
            posted: the event.
            keep: whether a result must reach the reader even after a newer result of
                its place.
        """
        with self._lock:
            if self._closed:
                return
            was_empty = not self._box
            if isinstance(posted.event, Progress | Partial):
                self._store(posted, (posted.place, type(posted.event)))
            else:
                self._put_final(posted, keep=keep)
            if was_empty:
                self._wake()

    def take(self) -> Envelope | None:
        """Remove and return the oldest event; None if there is none."""
        with self._lock:
            if not self._box:
                return None
            posted = self._box.pop(next(iter(self._box)))
            if self._replaceable.get(posted.place) == posted.ticket:
                self._forget_result(posted)
            return posted

    def drain(self, seconds: float) -> Iterator[Envelope]:
        """Yield at least one event, and more until the box is empty or time is up.

        The reader's own work between two events counts.  Remaining events need another
        ``drain``: there is no wake-up for them.
        """
        until = time.perf_counter() + seconds
        while (posted := self.take()) is not None:
            yield posted
            if time.perf_counter() >= until:
                return

    def __len__(self) -> int:
        """Return the number of events."""
        with self._lock:
            return len(self._box)

    def close(self) -> None:
        """Discard all events; after this returns, ``wake`` is not called again."""
        with self._lock:
            self._closed = True
            self._box.clear()
            self._replaceable.clear()

    def _put_final(self, posted: Envelope, *, keep: bool) -> None:
        if isinstance(posted.event, Done):
            # The result supersedes all earlier steps.
            self._drop_steps(posted)
            if not keep:
                self._replace_result(posted)
        self._store(posted, (posted.place, posted.ticket))

    def _replace_result(self, posted: Envelope) -> None:
        older = self._replaceable.get(posted.place)
        if older is not None:
            self._box[posted.place, older] = Envelope(posted.place, older, Cancelled())
        self._replaceable[posted.place] = posted.ticket

    def _drop_steps(self, posted: Envelope) -> None:
        for kind in (Progress, Partial):
            step = self._box.get((posted.place, kind))
            if step is not None and step.ticket == posted.ticket:
                del self._box[posted.place, kind]

    def _forget_result(self, posted: Envelope) -> None:
        if isinstance(posted.event, Done):
            del self._replaceable[posted.place]

    def _store(self, posted: Envelope, key: Hashable) -> None:
        # Removed first, so that the newer event moves to the end of the queue.
        self._box.pop(key, None)
        self._box[key] = posted
