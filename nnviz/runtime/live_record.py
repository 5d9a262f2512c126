"""Recording of live results: a video with the results drawn, and their numbers."""

import itertools
import threading
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from nnviz.base.errors import NnvizError, error_record
from nnviz.base.events import Done, Failed
from nnviz.base.images import Colors
from nnviz.base.live import Recorded, Shown, found
from nnviz.base.results import Boxes, Ranking
from nnviz.runtime.mailbox import Envelope, Mailbox
from nnviz.storage.boxes.recording import BoxRecording
from nnviz.storage.recording_parts import PLACE_COLUMN

RECORD_PLACE = "live:record"
"""Address of the final ``Recorded`` of a recording, or of its error."""
_HEIGHT = 480
"""Height of the video, px."""
_WAITING = 6
"""Maximum number of frames waiting to be written; beyond, the oldest is dropped."""
_numbers = itertools.count(1)
_COLUMNS = ("inference_ms", "frames_per_second", "found", "value", PLACE_COLUMN)


class LiveRecorder:
    """Draws and writes frames on its own thread; the loop never waits for it.

    Args:
        path: of the video, .mp4 or .gif; the table is written next to it as .csv.
        mailbox: receives the final event.
    """

    def __init__(self, path: Path, mailbox: Mailbox) -> None:
        self.path = path
        self._mailbox = mailbox
        self._changed = threading.Condition()
        self._waiting: deque[Shown] = deque(maxlen=_WAITING)
        self._given = 0
        self._newest = float("-inf")
        self._ending = False
        self._thread = threading.Thread(
            target=self._live, name="nnviz-recorder", daemon=True
        )
        self._thread.start()

    def add(self, shown: Shown) -> None:
        """Queue a displayed frame; returns immediately.

        A frame that was shown before and resubmitted is skipped.
        """
        with self._changed:
            if shown.image.captured <= self._newest:
                return
            self._newest = shown.image.captured
            self._waiting.append(shown)
            self._given += 1
            self._changed.notify()

    def stop(self) -> None:
        """End the recording once queued frames are written; an event reports this."""
        with self._changed:
            self._ending = True
            self._changed.notify()

    def join(self, timeout: float) -> bool:
        """Wait until the video is complete; return whether it is.

        Args:
            timeout: longest wait, s.
        """
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _live(self) -> None:
        try:
            event: Done | Failed = Done(self._record())
        except NnvizError as error:
            event = Failed(error_record(error))
        self._mailbox.put(Envelope(RECORD_PLACE, next(_numbers), event), keep=True)

    def _record(self) -> Recorded:
        written = 0
        with ExitStack() as stack:
            film: _Video | None = None
            while (shown := self._next()) is not None:
                picture = drawn(shown, _HEIGHT)
                if film is None:
                    film = _Video(self.path, picture, shown, stack)
                film.append(picture, shown)
                written += 1
        paths = film.paths if film is not None else ()
        return Recorded(paths, written, self._given - written)

    def _next(self) -> Shown | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending)
            return self._waiting.popleft() if self._waiting else None


class _Video:
    """The open files of a recording.

    Attributes:
        paths: the video, its table, and the boxes where objects are detected.
    """

    def __init__(
        self, path: Path, picture: Colors, first: Shown, stack: ExitStack
    ) -> None:
        # Imported here: it loads PyAV, which few starts need.
        from nnviz.media.video.writer import NumbersWriter, VideoWriter  # noqa: PLC0415

        size = picture.shape[0], picture.shape[1]
        self._stack = stack
        self._boxes: BoxRecording | None = None
        self.paths: tuple[Path, ...] = (path, path.with_suffix(".csv"))
        self._began = first.image.captured
        self._film = stack.enter_context(VideoWriter(path, size))
        self._numbers = stack.enter_context(
            NumbersWriter(path.with_suffix(".csv"), _COLUMNS)
        )

    def append(self, picture: Colors, shown: Shown) -> None:
        image, figures = shown.image, shown.figures
        self._film.append(picture, image.captured)
        self._numbers.append(
            image.captured - self._began,
            image.number,
            figures.age,
            (
                f"{1e3 * figures.inference:.1f}",
                f"{figures.rate:.2f}",
                *found(shown),
                "" if image.position is None else f"{image.position:.4f}",
            ),
        )
        main = shown.run.report.main if shown.run is not None else None
        if isinstance(main, Boxes):
            self._append_boxes(main, shown)

    def _append_boxes(self, boxes: Boxes, shown: Shown) -> None:
        """Append the boxes of a frame, opening their files at the first ones."""
        if self._boxes is None:
            self._boxes = self._stack.enter_context(BoxRecording(self.paths[0]))
            self.paths += self._boxes.paths
        image = shown.image
        seconds = image.captured - self._began
        self._boxes.append(seconds, image.number, image.size, boxes)


def drawn(shown: Shown, height: int) -> Colors:
    """Draw a frame with its result as displayed, uint8 (H, W, 3).

    Args:
        shown: the frame.
        height: of the image, px.
    """
    from nnviz.render.live import compose  # noqa: PLC0415

    report = shown.run.report if shown.run is not None else None
    if report is not None and shown.bars is not None:
        results = {
            name: shown.bars if isinstance(each, Ranking) else each
            for name, each in report.results.items()
        }
        report = replace(report, results=results)
    return compose(report, shown.image, height=height)
