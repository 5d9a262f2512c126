"""Threads for files: opening photographs, thumbnails, saving results."""

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from nnviz.base.dataset.projections import Projection
from nnviz.base.errors import CancelledError, error_record
from nnviz.base.events import Cancelled, Done, Event, Failed
from nnviz.base.images import Image, eight_bits, image_from_array
from nnviz.base.info import ModelInfo
from nnviz.base.measures.evaluation import Robustness
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest
from nnviz.base.results import Result
from nnviz.media.decode import open_image
from nnviz.media.files import write_text
from nnviz.media.index import ImageIndex
from nnviz.media.side_cars import write_side_car
from nnviz.media.thumbnails import thumbnail
from nnviz.runtime.image_cache import ImageCache
from nnviz.runtime.live import still
from nnviz.runtime.mailbox import Mailbox, Posted
from nnviz.storage import recent
from nnviz.storage.attacks import save_curve
from nnviz.storage.contact_sheets import save_contact_sheet
from nnviz.storage.figures import save_figure
from nnviz.storage.files import look_at
from nnviz.storage.projections import save_projection
from nnviz.storage.results import save_run

if TYPE_CHECKING:  # painters load slowly
    from nnviz.render.boards.board import Board
    from nnviz.render.boards.scale_locks import Lock
    from nnviz.render.figures import FigureLook
    from nnviz.render.heatmaps import Looks

IMAGE_PLACE = ":image"
THUMBNAIL_PLACE = ":thumbnail"
EXPORT_PLACE = ":export"
FILES_PLACE = ":files"
CAMERAS_PLACE = ":cameras"
STILL_PLACE = ":still"
_THREADS = 2
_CACHE_BYTES = 256 << 20
_MAX_WAITING_IMAGES = 3
"""Opened photographs in the mailbox; with more of them, decoding waits."""


class _Urgency(IntEnum):
    """What is done first."""

    IMAGE = 0
    EXPORT = 1
    THUMBNAIL = 2


@dataclass(order=True, slots=True)
class _Errand:
    """A piece of work in the queue, ordered by urgency and turn."""

    urgency: _Urgency
    turn: int
    ticket: int = field(compare=False)
    place: str = field(compare=False)
    work: Callable[[], object] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)


class IoPool:
    """Reads and writes files on a few threads; answers come through a mailbox.

    Photographs go first, the one asked for last before the others, for that is the
    one looked at.  Thumbnails wait.  Tickets are the pool's own; each ends with
    exactly one Done, Failed or Cancelled.

    Args:
        mailbox: where answers go, under the places named above.
        cache_bytes: how much decoded photographs are kept for coming back to them.
    """

    def __init__(self, mailbox: Mailbox, cache_bytes: int = _CACHE_BYTES) -> None:
        self._mailbox = mailbox
        self._cache = ImageCache(cache_bytes, open_image)
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)
        self._queue: list[_Errand] = []
        self._errands: dict[int, _Errand] = {}
        self._waiting_images = 0
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def open_image(self, path: str) -> int:
        """Open a photograph; ends with an Image, a kept one if the file is the same."""
        return self._submit(
            _Urgency.IMAGE, IMAGE_PLACE, lambda: self._cache.open(Path(path))
        )

    def open_array(self, pixels: NDArray[Any], name: str) -> int:
        """Make an Image of pixels, (H, W) or (H, W, C); ends with it.

        It has 8 bits, as a file of it would have.
        """
        return self._submit(
            _Urgency.IMAGE,
            IMAGE_PLACE,
            lambda: image_from_array(eight_bits(pixels), name),
        )

    def thumbnail(self, path: str, size: int) -> int:
        """Make a small picture of a file; ends with uint8 (h, w, 3)."""
        return self._submit(
            _Urgency.THUMBNAIL, THUMBNAIL_PLACE, lambda: thumbnail(path, size)
        )

    def look_at(self, files: Sequence[str]) -> int:
        """Tell what files are, listing folders; ends with a ``Dropped``."""
        return self._submit(_Urgency.IMAGE, FILES_PLACE, lambda: look_at(files))

    def export(
        self, run: Run, folder: str, stem: str | None, looks: "Looks | None" = None
    ) -> int:
        """Save a result beside earlier ones; ends with the paths."""
        return self._submit(
            _Urgency.EXPORT, EXPORT_PLACE, lambda: _save(run, Path(folder), stem, looks)
        )

    def export_figure(
        self,
        result: Result,
        image: Image | None,
        path: str,
        look: "FigureLook | None",
    ) -> int:
        """Save a result as a figure for a slide; ends with the path."""

        def work() -> tuple[Path, ...]:
            return (save_figure(result, image, Path(path), look),)

        return self._submit(_Urgency.EXPORT, EXPORT_PLACE, work)

    def export_board(self, board: "Board", folder: str, lock: "Lock") -> int:
        """Save a board as picture, page and numbers; ends with the paths."""
        return self._submit(
            _Urgency.EXPORT, EXPORT_PLACE, lambda: board.save(Path(folder), lock=lock)
        )

    def export_contact_sheet(self, runs: Sequence[Run], path: str) -> int:
        """Save several results as one picture; ends with the paths."""

        def work() -> tuple[Path, ...]:
            return (save_contact_sheet(runs, Path(path)),)

        return self._submit(_Urgency.EXPORT, EXPORT_PLACE, work)

    def export_text(self, text: str, path: str) -> int:
        """Write text to a file; ends with its path."""

        def write() -> tuple[Path, ...]:
            write_text(Path(path), text)
            return (Path(path),)

        return self._submit(_Urgency.EXPORT, EXPORT_PLACE, write)

    def export_curve(self, found: Robustness, folder: str) -> int:
        """Save accuracy against epsilon; ends with the paths."""
        return self._submit(
            _Urgency.EXPORT, EXPORT_PLACE, lambda: save_curve(found, Path(folder))
        )

    def export_projection(
        self, found: Projection, index: ImageIndex, folder: str
    ) -> int:
        """Save a projection as plot, table and arrays; ends with the paths."""
        return self._submit(
            _Urgency.EXPORT,
            EXPORT_PLACE,
            lambda: save_projection(found, index, Path(folder)),
        )

    def write_side_car(self, info: ModelInfo, request: ModelRequest) -> int:
        """Save how a network is used beside its file; ends with the paths.

        Names of classes are written where they come from a file of labels.
        """
        labels = info.labels if request.labels else ()

        def work() -> tuple[Path, ...]:
            weights = Path(info.reference)
            return (write_side_car(weights, info.preprocess, labels, request),)

        return self._submit(_Urgency.EXPORT, EXPORT_PLACE, work)

    def find_cameras(self) -> int:
        """Look for cameras; ends with what ``list_cameras`` gives."""
        return self._submit(_Urgency.EXPORT, CAMERAS_PLACE, _list_cameras)

    def keep_still(self, run: Run) -> int:
        """Make a photograph of a frame; ends with its Run."""
        return self._submit(_Urgency.EXPORT, STILL_PLACE, lambda: still(run))

    def do(self, place: str, work: Callable[[], object], *, soon: bool = False) -> int:
        """Do any other work with files; ends with what it returns.

        Args:
            place: where the answer goes.
            work: short, or with a way to stop it: closing waits for what has begun.
            soon: whether the user looks at what it gives.
        """
        urgency = _Urgency.IMAGE if soon else _Urgency.THUMBNAIL
        return self._submit(urgency, place, work)

    def cancel(self, ticket: int) -> None:
        """Forget an errand; one that has begun is finished but its answer dropped."""
        with self._changed:
            errand = self._errands.get(ticket)
            if errand is None:
                return
            errand.cancelled = True
            if errand in self._queue:
                self._queue.remove(errand)
                self._end(errand, Cancelled())

    def delivered(self, place: str) -> None:
        """Say that the reader took an answer, so that the next can be prepared.

        Photographs are large: only a few are opened ahead of the reader.
        """
        if place != IMAGE_PLACE:
            return
        with self._changed:
            self._waiting_images -= 1
            self._changed.notify()

    def shutdown(self, timeout: float) -> bool:
        """Drop what is not begun, but write what is to be saved; idempotent.

        Args:
            timeout: how long to wait for each thread, s.

        Returns:
            Whether all threads have ended.
        """
        with self._changed:
            self._stopping = True
            dropped = [e for e in self._queue if e.urgency is not _Urgency.EXPORT]
            self._queue = [e for e in self._queue if e.urgency is _Urgency.EXPORT]
            for errand in dropped:
                self._end(errand, Cancelled())
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _submit(self, urgency: _Urgency, place: str, work: Callable[[], object]) -> int:
        with self._changed:
            ticket = next(self._numbers)
            turn = -ticket if place == IMAGE_PLACE else ticket
            errand = _Errand(urgency, turn, ticket, place, work)
            self._errands[ticket] = errand
            if self._stopping:
                self._end(errand, Cancelled())
            else:
                self._start_threads()
                self._queue.append(errand)
                self._changed.notify()
        return ticket

    def _start_threads(self) -> None:
        """Start the threads with the first errand: a start without files has none."""
        while len(self._threads) < _THREADS:
            name = f"nnviz-io-{len(self._threads) + 1}"
            thread = threading.Thread(target=self._live, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _live(self) -> None:
        while (errand := self._next()) is not None:
            event = _outcome(errand)
            with self._changed:
                self._end(errand, Cancelled() if errand.cancelled else event)
            # Not kept over the next wait: they may hold pictures.
            del errand, event

    def _next(self) -> _Errand | None:
        with self._changed:
            while True:
                if ready := self._ready():
                    errand = min(ready)
                    self._queue.remove(errand)
                    return errand
                if self._stopping:
                    return None
                self._changed.wait()

    def _ready(self) -> list[_Errand]:
        if self._waiting_images < _MAX_WAITING_IMAGES:
            return self._queue
        return [errand for errand in self._queue if errand.place != IMAGE_PLACE]

    def _end(self, errand: _Errand, event: Event) -> None:
        del self._errands[errand.ticket]
        if errand.place == IMAGE_PLACE:
            self._waiting_images += 1
        self._mailbox.put(Posted(errand.place, errand.ticket, event), keep=True)


def _list_cameras() -> object:
    # Imported here: it loads OpenCV and PyAV, and most starts want no camera.
    from nnviz.runtime.capture import list_cameras  # noqa: PLC0415

    return list_cameras()


def _save(
    run: Run, folder: Path, stem: str | None, looks: "Looks | None"
) -> tuple[Path, ...]:
    """Save a result and note where its photograph lies, for when it is opened again."""
    paths = save_run(run, folder, stem, overwrite=False, looks=looks)
    if run.image is not None:
        recent.remember(run.image)
    recent.remember_others(run.recipe)
    return paths


def _outcome(errand: _Errand) -> Event:
    try:
        return Done(errand.work())
    except CancelledError:
        return Cancelled()
    except BaseException as error:  # noqa: BLE001 - the boundary of the io threads
        return Failed(error_record(error))
