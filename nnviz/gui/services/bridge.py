"""Bridge between the window and the worker threads, the only connection."""

import atexit
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from nnviz.base.catalogue import Catalogue
from nnviz.base.events import Changes, Done, Event, Failed, Final, Progress
from nnviz.base.host.file_work import FileWork
from nnviz.base.live import Shown
from nnviz.base.requests import Request
from nnviz.base.shipped.resources import resource
from nnviz.base.video import SourceRequest, SourceStatus
from nnviz.gui.services.jobs import JobHandle
from nnviz.runtime.file_work import Files
from nnviz.runtime.garbage import GarbageTimer
from nnviz.runtime.io import IoPool
from nnviz.runtime.live import LIVE_PLACES, FrameFailure, LiveLoop
from nnviz.runtime.live_record import RECORD_PLACE
from nnviz.runtime.mailbox import Envelope
from nnviz.runtime.worker import CATALOGUE_PLACE, Engine, Worker, open_engine
from nnviz.storage.sessions import SessionFiles

T = TypeVar("T")
_TURN_SECONDS = 0.008
"""Longest time for answers before control returns to the event loop."""
_SWITCH_SECONDS = 0.001
"""Python's thread switch interval while the window exists; 5 ms is the default."""
_JOIN_SECONDS = 10.0
_EXIT_SECONDS = 60.0
"""Longest wait at exit for a worker that was never shut down."""
_CLOSE_SECONDS = 0.5
"""Longest wait for the worker on closing, before Qt removes the window."""
_SOURCE_SECONDS = 2.0
"""A camera whose driver hangs must not keep the window from closing."""
_GARBAGE_MS = 200
_PROGRESS_MS = 250
"""Shortest time between two progress events of the jobs: a small network in training
has thirty a second, each of which is painted in several places."""
_WAKE = b"\0"


class Bridge(QObject):
    """Sends requests to the worker, and emits its answers as signals in the GUI thread.

    All signals are emitted on the thread that made the bridge, the GUI's.

    Args:
        engine: opens the engine, inside the worker's thread.
        parent: Qt parent.

    Attributes:
        catalogue: methods and models; the shipped list until the live one arrives.
        live: the live loop, whose events are emitted as signals.
        files: file operations, as work for ``Jobs.do``.
        sessions: session files on disk; used on file threads.
    """

    catalogue_changed = Signal(object)
    """The live Catalogue, with plug-ins; from now on the engine is imported."""
    engine_failed = Signal(object)
    """ErrorRecord: the engine cannot be imported, so every request will fail."""
    live_shown = Signal(object)
    """Shown: a frame and the method's result for it."""
    live_failed = Signal(object)
    """ErrorRecord: the method fails on the frames."""
    source_changed = Signal(object)
    """SourceStatus."""
    recorded = Signal(object)
    """Recorded: a recording is written."""
    record_failed = Signal(object)
    """ErrorRecord."""

    def __init__(
        self,
        engine: Callable[[], Engine] = open_engine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.catalogue = _shipped_catalogue()
        self._jobs: dict[tuple[str, int], JobHandle[Any]] = {}
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(
            self._reader.fileno(), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(self._woken)
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self._deliver)
        self._progress: dict[tuple[str, int], Progress] = {}
        """The newest of each job that is not emitted yet."""
        self._paced = QTimer(self, singleShot=True, interval=_PROGRESS_MS)
        self._paced.timeout.connect(self._tell_progress)
        self._garbage = GarbageTimer()
        self._garbage_timer = QTimer(self, interval=_GARBAGE_MS)
        self._garbage_timer.timeout.connect(self._garbage.tick)
        self._worker = Worker(self._wake, engine)
        self._io = IoPool(self._worker.mailbox)
        self.live = LiveLoop(self._worker)
        self.files = Files()
        self.sessions = SessionFiles()
        self._closed = False
        self._start()

    def start_job(self, request: Request[T], handle: JobHandle[T]) -> None:
        """Submit a request to the worker; the handle emits its answers."""
        lane = handle.lane
        ticket = self._worker.submit(lane.address, request, lane.policy, lane.priority)
        if self._closed:
            handle.forget()
            return
        handle.start(self._worker, ticket)
        self._jobs[lane.address, ticket] = handle

    def start_work(self, work: FileWork[T], handle: JobHandle[T]) -> None:
        """Submit work to a file thread; the handle emits its answers."""
        ticket = self._io.submit(handle.lane.address, work)
        if self._closed:
            handle.forget()
            return
        handle.start(_IoControls(self._io), ticket)
        self._jobs[handle.lane.address, ticket] = handle

    def source_of(self, text: str) -> SourceRequest:
        """Parse a source of frames, as in ``nnviz live``.

        Raises:
            InputError: the text names no source, or the file does not exist.
        """
        from nnviz.runtime.capture import source_of  # noqa: PLC0415 -- PyAV, OpenCV

        return source_of(text)

    def shutdown(self) -> None:
        """Stop everything and wait for the worker's end; see ``close``."""
        self.close()
        self._worker.shutdown(_JOIN_SECONDS)
        self._garbage.stop()
        atexit.unregister(self._exit)

    def close(self) -> None:
        """Stop everything; nothing is emitted afterwards.  Idempotent.

        Requested saving is finished first.  A worker that is still busy (an import of
        torch cannot be interrupted) ends by itself: see ``shutdown``.
        """
        if self._closed:
            return
        self._closed = True
        for timer in (self._again, self._paced, self._garbage_timer):
            timer.stop()
        self._notifier.setEnabled(False)
        self.live.close(_SOURCE_SECONDS)
        self.live.stop_recording(_JOIN_SECONDS)
        self._worker.shutdown(_CLOSE_SECONDS)
        self._io.shutdown(_JOIN_SECONDS)
        self._reader.close()
        self._writer.close()
        for handle in self._jobs.values():
            handle.forget()
        self._jobs.clear()
        self._garbage.stop()

    def _start(self) -> None:
        atexit.register(self._exit)
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._garbage.start()
        self._garbage_timer.start()
        self._worker.start()

    def _exit(self) -> None:
        """Shut the worker down at exit, waiting long: torch would crash Python."""
        self.close()
        self._worker.shutdown(_EXIT_SECONDS)

    def _wake(self) -> None:
        """Wake the event loop through a socket; the only call made by other threads."""
        self._writer.send(_WAKE)

    def _woken(self) -> None:
        # A nested event loop in a slot may have read it already.
        with suppress(BlockingIOError):
            self._reader.recv(4096)
        self._deliver()

    def _deliver(self) -> None:
        """Emit the mailbox's messages, for a limited time."""
        for posted in self._worker.mailbox.drain(_TURN_SECONDS):
            # Restart before emitting: a slot may open a dialog, whose nested event loop
            # must process the remaining events.
            self._again.start()
            self._hear(posted)
            if self._closed:
                return
        if not self._worker.mailbox:
            self._again.stop()

    def _hear(self, posted: Envelope) -> None:
        if posted.place in LIVE_PLACES:
            self._hear_live(posted)
        elif posted.place == CATALOGUE_PLACE:
            self._hear_engine(posted.event)
        elif posted.place == RECORD_PLACE:
            self._hear_recording(posted.event)
        else:
            self._hear_job(posted)

    def _hear_live(self, posted: Envelope) -> None:
        match self.live.hear(posted):
            case Shown() as shown:
                self.live_shown.emit(shown)
            case FrameFailure(error):
                self.live_failed.emit(error)
            case SourceStatus() as status:
                self.source_changed.emit(status)
            case None:
                pass

    def _hear_job(self, posted: Envelope) -> None:
        key = posted.place, posted.ticket
        if isinstance(posted.event, Progress) and self._paced.isActive():
            self._progress[key] = posted.event
            return
        ended = isinstance(posted.event, Final)
        handle = self._jobs.pop(key, None) if ended else self._jobs.get(key)
        self._io.delivered(*key)
        if handle is None:
            return
        waiting = self._progress.pop(key, None) if ended else None
        if waiting is not None:
            handle.hear(waiting)
        handle.hear(posted.event)
        if isinstance(posted.event, Progress):
            self._paced.start()

    def _tell_progress(self) -> None:
        """Emit the progress that came too soon after the last."""
        waiting, self._progress = self._progress, {}
        for key, progress in waiting.items():
            handle = self._jobs.get(key)
            if handle is not None:
                handle.hear(progress)
        if waiting:
            self._paced.start()

    def _hear_engine(self, event: Event) -> None:
        if isinstance(event, Failed):
            self.engine_failed.emit(event.error)
        elif isinstance(event, Done) and isinstance(event.value, Catalogue):
            self.catalogue = event.value
            self.catalogue_changed.emit(event.value)

    def _hear_recording(self, event: Event) -> None:
        if isinstance(event, Done):
            self.recorded.emit(event.value)
        elif isinstance(event, Failed):
            self.live.stop_recording()
            self.record_failed.emit(event.error)


@dataclass(frozen=True, slots=True)
class _IoControls:
    """Job controls of file threads: cancelling only; the rest has no effect."""

    io: IoPool

    def cancel(self, ticket: int) -> None:
        """Cancel the work of a ticket."""
        self.io.cancel(ticket)

    def steer(self, ticket: int, changes: Changes) -> None:
        """Do nothing."""

    def pause(self, ticket: int) -> None:
        """Do nothing."""

    def step(self, ticket: int) -> None:
        """Do nothing."""

    def go_on(self, ticket: int) -> None:
        """Do nothing."""


def _shipped_catalogue() -> Catalogue:
    """Return the shipped catalogue; the live one replaces it later."""
    try:
        path = resource("catalogue.json")
    except FileNotFoundError:
        return Catalogue((), ())
    return Catalogue.from_json(path.read_text("utf-8"))
