"""The only door from the window to the threads that do the work."""

import atexit
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal, SignalInstance

from nnviz.base.boards import BOARD_PAINTED
from nnviz.base.catalogue import Catalogue
from nnviz.base.dataset.projections import Projection
from nnviz.base.dropped import Dropped
from nnviz.base.events import Changes, Done, Event, Failed, Final
from nnviz.base.images import PICTURE_KEPT, Image
from nnviz.base.info import ModelInfo
from nnviz.base.live import Shown
from nnviz.base.measures.evaluation import Robustness
from nnviz.base.measures.training import ExampleClass
from nnviz.base.placed import KEPT, OPENED, PRINTED
from nnviz.base.portraits import PORTRAIT_FOUND
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest, Request
from nnviz.base.resources import resource
from nnviz.base.results import Result
from nnviz.base.tapes import TAPE_PLACES
from nnviz.base.video import SourceRequest, SourceStatus
from nnviz.gui.services.jobs import JobHandle
from nnviz.media.index import ImageIndex
from nnviz.runtime.garbage import GarbageTimer
from nnviz.runtime.io import (
    CAMERAS_PLACE,
    EXPORT_PLACE,
    FILES_PLACE,
    IMAGE_PLACE,
    STILL_PLACE,
    THUMBNAIL_PLACE,
    IoPool,
)
from nnviz.runtime.live import LIVE_PLACES, LiveLoop, Trouble
from nnviz.runtime.live_record import RECORD_PLACE
from nnviz.runtime.mailbox import Posted
from nnviz.runtime.portrait_desk import KEPT_PLACE, PortraitDesk
from nnviz.runtime.sticker_desk import StickerDesk
from nnviz.runtime.tape_desk import TapeDesk
from nnviz.runtime.worker import CATALOGUE_PLACE, Engine, Worker, open_engine
from nnviz.storage.examples import list_examples, write_example
from nnviz.storage.images import keep_picture
from nnviz.storage.sessions import SessionFiles

if TYPE_CHECKING:  # painters load slowly
    from nnviz.render.boards.board import Board
    from nnviz.render.boards.scale_locks import Lock
    from nnviz.render.figures import FigureLook
    from nnviz.render.heatmaps import Looks

T = TypeVar("T")
_TURN_SECONDS = 0.008
"""Time for answers before the event loop looks after the user again."""
_SWITCH_SECONDS = 0.001
"""After so long other threads' Python code lets the window's go on; 5 ms is usual."""
_JOIN_SECONDS = 10.0
_EXIT_SECONDS = 60.0
"""So long a script that never shut the worker down is kept from its end."""
_CLOSE_SECONDS = 0.5
"""So long a window that was closed is waited for; Qt takes it away after that."""
_SOURCE_SECONDS = 2.0
"""A camera whose driver hangs must not keep the window from closing."""
_GARBAGE_MS = 200
_WAKE = b"\0"
_PLAIN_PLACES = {
    *TAPE_PLACES,
    *(PORTRAIT_FOUND, PICTURE_KEPT, OPENED, KEPT, PRINTED, BOARD_PAINTED),
}
"""Of the desks: every answer is heard."""


class Bridge(QObject):
    """Hands requests to the worker, and its answers to the window as signals.

    All signals are emitted on the thread that made the bridge, the GUI's.

    Args:
        engine: opens the engine, inside the worker's thread.
        parent: Qt parent.

    Attributes:
        catalogue: methods and models; the shipped list until the live one is there.
        live: the loop of a camera; what it has to say comes as signals.
        portraits: of units, kept on disk; answers come as ``event`` likewise.
        stickers: opened and printed; answers come as ``event`` likewise.
        sessions: kept on disk; asked by threads of files.
        tapes: recordings; answers come as ``event`` of ``nnviz.base.tapes``' places.
    """

    event = Signal(str, object)  # type: ignore[assignment]  # Qt's own stays in C++
    """Place and Event of what is read and written on disk."""
    catalogue_changed = Signal(object)
    """Catalogue: the live one, with plug-ins.  The engine is imported now."""
    engine_failed = Signal(object)
    """ErrorRecord: the engine cannot be imported, so every request will fail."""
    files_seen = Signal(object)
    """Dropped: what the files are."""
    image_opened = Signal(str, object)
    """Path (or name, of an array) and Image."""
    image_failed = Signal(str, object)
    """Path and ErrorRecord."""
    thumbnail_ready = Signal(str, object)
    """Path and uint8 (h, w, 3)."""
    exported = Signal(object)
    """Tuple of paths."""
    export_failed = Signal(object)
    """ErrorRecord."""
    live_shown = Signal(object)
    """Shown: a frame and what the method found in it."""
    live_failed = Signal(object)
    """ErrorRecord: the method cannot work on the frames."""
    source_changed = Signal(object)
    """SourceStatus."""
    cameras_found = Signal(object)
    """Tuple of SourceRequests with their titles."""
    recorded = Signal(object)
    """Recorded: a recording is written."""
    record_failed = Signal(object)
    """ErrorRecord."""
    still_ready = Signal(object)
    """Run: a frame's result, the frame being a photograph now."""

    def __init__(
        self,
        engine: Callable[[], Engine] = open_engine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.catalogue = _shipped_catalogue()
        self._jobs: dict[tuple[str, int], JobHandle[Any]] = {}
        self._paths: dict[int, str] = {}
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(
            self._reader.fileno(), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(self._woken)
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self._deliver)
        self._garbage = GarbageTimer()
        self._garbage_timer = QTimer(self, interval=_GARBAGE_MS)
        self._garbage_timer.timeout.connect(self._garbage.tick)
        self._worker = Worker(self._wake, engine)
        self._io = IoPool(self._worker.mailbox)
        self.live = LiveLoop(self._worker)
        self.tapes = TapeDesk(self._io, self._worker.mailbox)
        self.portraits = PortraitDesk(self._io)
        self.stickers = StickerDesk(self._io)
        self.sessions = SessionFiles()
        self._closed = False
        self._hearers: dict[str, Callable[[Posted], None]] = {
            CATALOGUE_PLACE: lambda posted: self._hear_engine(posted.event),
            IMAGE_PLACE: self._hear_image,
            FILES_PLACE: lambda posted: self._hear_files(posted.event),
            THUMBNAIL_PLACE: self._hear_thumbnail,
            EXPORT_PLACE: lambda posted: self._hear_export(posted.event),
            CAMERAS_PLACE: lambda posted: _forward(posted.event, self.cameras_found),
            RECORD_PLACE: lambda posted: self._hear_recording(posted.event),
            KEPT_PLACE: lambda _: None,
            STILL_PLACE: lambda posted: _forward(posted.event, self.still_ready),
        }
        self._start()

    def start_job(self, request: Request[T], handle: JobHandle[T]) -> None:
        """Have the worker answer a request; the answers are the handle's signals."""
        lane = handle.lane
        ticket = self._worker.submit(lane.address, request, lane.policy, lane.priority)
        if self._closed:
            handle.forget()
            return
        handle.start(self._worker, ticket)
        self._jobs[lane.address, ticket] = handle

    def start_work(self, work: Callable[[], T], handle: JobHandle[T]) -> None:
        """Have a thread of files call a function; its value is the handle's."""
        ticket = self._io.do(handle.lane.address, work, soon=True)
        if self._closed:
            handle.forget()
            return
        handle.start(_IoControls(self._io), ticket)
        self._jobs[handle.lane.address, ticket] = handle

    def look_at(self, files: Sequence[str]) -> None:
        """Find out what files are; answers with ``files_seen``."""
        self._io.look_at(files)

    def open_image(self, path: str) -> None:
        """Open a photograph; answers with ``image_opened`` or ``image_failed``."""
        self._paths[self._io.open_image(path)] = path

    def open_array(self, pixels: NDArray[Any], name: str) -> None:
        """Make a photograph of pixels, (H, W) or (H, W, C); answers likewise."""
        self._paths[self._io.open_array(pixels, name)] = name

    def thumbnail(self, path: str, size: int) -> None:
        """Make a small picture of a file; answers with ``thumbnail_ready``.

        A file that cannot be opened gets no thumbnail.  Opening it says why.
        """
        self._paths[self._io.thumbnail(path, size)] = path

    def export(
        self,
        run: Run,
        folder: str,
        stem: str | None = None,
        looks: "Looks | None" = None,
    ) -> None:
        """Save a result beside earlier ones; ``exported`` or ``export_failed``.

        Args:
            run: what is saved.
            folder: where.
            stem: first part of the names; None for the image's.
            looks: how its maps are shown, by the result's name.
        """
        self._io.export(run, folder, stem, looks)

    def export_figure(
        self,
        result: Result,
        image: Image | None,
        path: str,
        look: "FigureLook | None",
    ) -> None:
        """Save a result as SVG, PDF or PNG for a slide; answers as ``export``.

        Args:
            result: any kind.
            image: what it lies over, for those that do.
            path: of the file; its ending says the format.
            look: how it is shown; None for the usual.
        """
        self._io.export_figure(result, image, path, look)

    def export_board(self, board: "Board", folder: str, lock: "Lock") -> None:
        """Save a board as picture, page and numbers; answers as ``export``."""
        self._io.export_board(board, folder, lock)

    def paint_board(self, paint: Callable[[], object]) -> None:
        """Paint a board beside the window; answers as ``event`` of BOARD_PAINTED."""
        self._io.do(BOARD_PAINTED, paint, soon=True)

    def export_contact_sheet(self, runs: Sequence[Run], path: str) -> None:
        """Save several results as one picture; answers as ``export``."""
        self._io.export_contact_sheet(runs, path)

    def export_projection(
        self, found: Projection, index: ImageIndex, folder: str
    ) -> None:
        """Save a projection as plot, table and arrays; answers as ``export``."""
        self._io.export_projection(found, index, folder)

    def export_curve(self, found: Robustness, folder: str) -> None:
        """Save accuracy against epsilon as CSV, PNG and SVG; answers as ``export``."""
        self._io.export_curve(found, folder)

    def export_text(self, text: str, path: str) -> None:
        """Write text to a file; answers as ``export``."""
        self._io.export_text(text, path)

    def write_side_car(self, info: ModelInfo, request: ModelRequest) -> None:
        """Save how a network is used beside its file; answers as ``export``."""
        self._io.write_side_car(info, request)

    def source_of(self, text: str) -> SourceRequest:
        """Return the source of frames that a person means; see ``nnviz live``.

        Raises:
            InputError: it is none, or no such file.
        """
        from nnviz.runtime.capture import source_of  # noqa: PLC0415 -- PyAV, OpenCV

        return source_of(text)

    def find_cameras(self) -> None:
        """Look for cameras; answers with ``cameras_found``."""
        self._io.find_cameras()

    def keep_still(self, run: Run) -> None:
        """Make a photograph of a frame; answers with ``still_ready``."""
        self._io.keep_still(run)

    def keep_picture(self, pixels: NDArray[Any], purpose: str) -> None:
        """Write a picture into the cache; answers as ``event`` of PICTURE_KEPT.

        Args:
            pixels: uint8 (H, W, 1 or 3).
            purpose: what it is for; comes back with the answer.
        """
        self._io.do(PICTURE_KEPT, lambda: keep_picture(pixels, purpose), soon=True)

    def example_writer(self, pixels: NDArray[Any], folder: str) -> Callable[[], str]:
        """Return work that writes an image to learn from, and gives its path.

        Args:
            pixels: (H, W, C).
            folder: is made where it is missing.
        """
        return partial(write_example, pixels, Path(folder))

    def example_lister(
        self, paths: tuple[str, ...]
    ) -> Callable[[], tuple[ExampleClass, ...]]:
        """Return work that finds the images among files and in folders.

        A folder of folders gives a named class for each; else the class has no name.
        """
        return partial(list_examples, paths)

    def shutdown(self) -> None:
        """Stop everything and wait for the worker's end; see ``close``."""
        self.close()
        self._worker.shutdown(_JOIN_SECONDS)
        self._garbage.stop()
        atexit.unregister(self._exit)

    def close(self) -> None:
        """Stop everything; nothing is emitted from now on.  Idempotent.

        Saving that was asked for is finished first.  A worker that is still busy, for
        importing torch cannot be stopped, ends by itself: see ``shutdown``.
        """
        if self._closed:
            return
        self._closed = True
        for timer in (self._again, self._garbage_timer):
            timer.stop()
        self._notifier.setEnabled(False)
        self.live.close(_SOURCE_SECONDS)
        self.live.stop_recording(_JOIN_SECONDS)
        self.tapes.stop_export()
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
        """Wait longer than a window would: a thread inside torch would crash Python."""
        self.close()
        self._worker.shutdown(_EXIT_SECONDS)

    def _wake(self) -> None:
        """Make the event loop call ``_woken``; the only thing other threads do here."""
        self._writer.send(_WAKE)

    def _woken(self) -> None:
        # An event loop inside a slot may have read it already.
        with suppress(BlockingIOError):
            self._reader.recv(4096)
        self._deliver()

    def _deliver(self) -> None:
        """Emit what is in the mailbox, for a short time."""
        for posted in self._worker.mailbox.drain(_TURN_SECONDS):
            # Before it is heard: who hears it may open a dialog, an event loop of its
            # own, which has to go on with the rest.
            self._again.start()
            self._hear(posted)
            if self._closed:
                return
        if not self._worker.mailbox:
            self._again.stop()

    def _hear(self, posted: Posted) -> None:
        if posted.place in LIVE_PLACES:
            self._hear_live(posted)
        elif posted.place in self._hearers:
            self._hearers[posted.place](posted)
        elif posted.place in _PLAIN_PLACES:
            self.event.emit(posted.place, posted.event)
        else:
            self._hear_job(posted)

    def _hear_live(self, posted: Posted) -> None:
        match self.live.hear(posted):
            case Shown() as shown:
                self.live_shown.emit(shown)
            case Trouble(error):
                self.live_failed.emit(error)
            case SourceStatus() as status:
                self.source_changed.emit(status)
            case None:
                pass

    def _hear_job(self, posted: Posted) -> None:
        key = posted.place, posted.ticket
        ended = isinstance(posted.event, Final)
        handle = self._jobs.pop(key, None) if ended else self._jobs.get(key)
        if handle is not None:
            handle.hear(posted.event)

    def _hear_engine(self, event: Event) -> None:
        if isinstance(event, Failed):
            self.engine_failed.emit(event.error)
        elif isinstance(event, Done) and isinstance(event.value, Catalogue):
            self.catalogue = event.value
            self.catalogue_changed.emit(event.value)

    def _hear_image(self, posted: Posted) -> None:
        self._io.delivered(posted.place)
        path = self._paths.pop(posted.ticket)
        if isinstance(posted.event, Done):
            self.image_opened.emit(path, posted.event.value)
        elif isinstance(posted.event, Failed):
            self.image_failed.emit(path, posted.event.error)

    def _hear_thumbnail(self, posted: Posted) -> None:
        path = self._paths.pop(posted.ticket)
        if isinstance(posted.event, Done):
            self.thumbnail_ready.emit(path, posted.event.value)

    def _hear_files(self, event: Event) -> None:
        if isinstance(event, Done):
            self.files_seen.emit(event.value)
        elif isinstance(event, Failed):
            self.files_seen.emit(Dropped(errors=(event.error,)))

    def _hear_export(self, event: Event) -> None:
        if isinstance(event, Done):
            self.exported.emit(event.value)
        elif isinstance(event, Failed):
            self.export_failed.emit(event.error)

    def _hear_recording(self, event: Event) -> None:
        if isinstance(event, Done):
            self.recorded.emit(event.value)
        elif isinstance(event, Failed):
            self.live.stop_recording()
            self.record_failed.emit(event.error)


@dataclass(frozen=True, slots=True)
class _IoControls:
    """Stops what the threads of files do; it cannot wait or be steered."""

    io: IoPool

    def cancel(self, ticket: int) -> None:
        """Forget it."""
        self.io.cancel(ticket)

    def steer(self, ticket: int, changes: Changes) -> None:
        """Change nothing."""

    def pause(self, ticket: int) -> None:
        """Change nothing."""

    def step(self, ticket: int) -> None:
        """Change nothing."""

    def go_on(self, ticket: int) -> None:
        """Change nothing."""


def _forward(event: Event, signal: SignalInstance) -> None:
    if isinstance(event, Done):
        signal.emit(event.value)


def _shipped_catalogue() -> Catalogue:
    """Return the list made when the program was packed; the live one comes later."""
    try:
        path = resource("catalogue.json")
    except FileNotFoundError:
        return Catalogue((), ())
    return Catalogue.from_json(path.read_text("utf-8"))
