"""Live loop: runs a method on the newest frame of a source.

The capture thread delivers each frame, and the loop submits it to the worker in place
of any frame that still waits.  So inference always uses the newest frame, and does not
wait for the reader of the results.
"""

import importlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Done, Event, Failed, Policy, Priority
from nnviz.base.images import image_from_array
from nnviz.base.live import Cover, Figures, Shown, SourceControls
from nnviz.base.recipes import Run
from nnviz.base.requests import Request, RunMethod
from nnviz.base.results import Ranking
from nnviz.base.video import (
    FrameImage,
    SourceRequest,
    SourceStatus,
    VideoFrame,
    frame_image,
)
from nnviz.media.stickers.placed import Layer
from nnviz.runtime.live_record import LiveRecorder
from nnviz.runtime.live_scale import ScaleKeeper
from nnviz.runtime.live_stickers import FramePaster
from nnviz.runtime.mailbox import Envelope, Mailbox
from nnviz.runtime.smoothing import SmoothRanking

LIVE_PLACE = "live"
FRAME_PLACE = "live:frame"
"""Address of frames without a method."""
STATUS_PLACE = "live:status"
LIVE_PLACES = (LIVE_PLACE, FRAME_PLACE, STATUS_PLACE)
"""Addresses that ``LiveLoop.hear`` handles."""
_RETRY_SECONDS = 1.0
"""Seconds before a method that failed on a frame is retried."""
_RATE_SECONDS = 2.0
"""Seconds of shown frames over which the rate is measured."""
_STILL_SECONDS = 0.25
"""Seconds without a frame after which a source counts as still."""
_NEVER = float("inf")

OnFrame = Callable[[VideoFrame], None]
OnStatus = Callable[[SourceStatus], None]


class MethodWorker(Protocol):
    """The worker's interface that the loop uses."""

    mailbox: Mailbox

    def submit(
        self, place: str, request: Request[object], policy: Policy, priority: Priority
    ) -> int:
        """Submit a request and return its ticket."""
        ...


class Source(SourceControls, Protocol):
    """The interface of ``nnviz.runtime.capture.Capture`` that the loop uses."""

    def start(self) -> None:
        """Start producing frames."""
        ...

    def close(self, timeout: float) -> bool:
        """Close the source; return whether its thread has ended."""
        ...


OpenSource = Callable[[SourceRequest, OnFrame, OnStatus], Source]


@dataclass(frozen=True, slots=True)
class FrameFailure:
    """Failure of the method on a frame; reported once, not for each frame."""

    error: ErrorRecord


Heard = Shown | FrameFailure | SourceStatus


class LiveLoop:
    """Runs one method on the newest frame of one source.

    ``hear`` and all methods that change something must be called on one thread, the
    reader's; frames and statuses arrive on the capture thread.

    Args:
        worker: runs the method; its mailbox also receives the capture thread's events.
        open_source: opens a source; imports nothing before the first call.
        clock: clock of ``VideoFrame.captured``, s.

    Attributes:
        smooth: smooths the bars for readability.
    """

    def __init__(
        self,
        worker: MethodWorker,
        open_source: OpenSource | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._worker = worker
        self._open_source = open_source or _open_capture
        self._clock = clock
        self._openings = itertools.count(1)
        self._told_statuses = itertools.count(1)
        # Guards the state shared by the capture thread and the reader.  Never held
        # while calling the source, which may be calling us.
        self._lock = threading.Lock()
        self._opening = 0
        self._title = ""
        self._template: RunMethod | None = None
        self._last: FrameImage | None = None
        self._oldest: float = _NEVER
        self._answered = False
        self._quiet_until = 0.0
        self._source: Source | None = None
        self._recorder: LiveRecorder | None = None
        self._pace = _Pace()
        self._keeper = ScaleKeeper()
        self._told = ""
        self._paster = FramePaster()
        self._taken = 0.0
        self.smooth = SmoothRanking()

    @property
    def source(self) -> Source | None:
        """The open source, for pausing and seeking; None if none is open."""
        return self._source

    @property
    def running(self) -> bool:
        """Whether a source is open."""
        return self._source is not None

    def open(self, request: SourceRequest) -> None:
        """Open a source in place of the previous one; statuses report the outcome."""
        self.close()
        opening = next(self._openings)
        with self._lock:
            self._opening, self._last, self._title = opening, None, request.address
            self._answered = False
        self._pace, self._keeper, self._told = _Pace(), ScaleKeeper(), ""
        self.smooth.clear()
        self._source = self._open_source(
            request,
            lambda frame: self._take(opening, frame),
            lambda status: self._tell(opening, status),
        )
        self._source.start()

    def close(self, timeout: float = 0.0) -> None:
        """Close the source; frames and results still pending are ignored.

        Args:
            timeout: longest wait for its thread, s; otherwise it ends by itself.
        """
        with self._lock:
            self._opening, self._oldest, self._last = 0, _NEVER, None
        source, self._source = self._source, None
        if source is not None:
            source.close(timeout)

    def record(self, path: Path) -> None:
        """Start recording displayed frames to a video, ending an earlier recording."""
        self.stop_recording()
        self._recorder = LiveRecorder(path, self._worker.mailbox)

    def stop_recording(self, timeout: float | None = None) -> None:
        """End the recording; an event is posted once the video is written.

        Args:
            timeout: longest wait for the video, s; None not to wait.
        """
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.stop()
            if timeout is not None:
                recorder.join(timeout)

    def set_template(self, template: RunMethod | None) -> None:
        """Set the request for subsequent frames; None shows the bare frames.

        The last frame of a still source is resubmitted.

        Args:
            template: request without the image.
        """
        same = template is not None and self._asks_same(template)
        if not same:
            self.smooth.clear()
        with self._lock:
            self._template = template
            # Keep the current result until there is an answer: bare frames would flash.
            self._answered = self._answered and same
            self._oldest, self._quiet_until = _NEVER, 0.0
            if self._last is not None:
                self._ask(self._paster.on(self._last))
        self._told = ""

    def set_stickers(self, layers: tuple[Layer, ...]) -> None:
        """Set the stickers to paste onto subsequent frames, lowest first.

        The last frame of a still source is resubmitted.
        """
        self._paster.lay(layers)
        self._ask_again()

    def set_cover(self, cover: Cover | None) -> None:
        """Set the cover that hides part of subsequent frames; None removes it.

        The last frame of a still source is resubmitted.
        """
        self._paster.cover(cover)
        self._ask_again()

    def _ask_again(self) -> None:
        """Request the last frame again if no new frame is arriving."""
        with self._lock:
            still = self._clock() - self._taken > _STILL_SECONDS
            if still and self._last is not None:
                self._ask(self._paster.on(self._last))

    def hear(self, posted: Envelope) -> Heard | None:
        """Interpret an event of one of the loop's places; None if nothing is new."""
        if posted.place == STATUS_PLACE:
            return self._heard_status(posted.event)
        if posted.place == FRAME_PLACE:
            return self._heard_frame(posted.event)
        with self._lock:
            late = posted.ticket < self._oldest
        return None if late else self._heard_answer(posted.event)

    def _asks_same(self, template: RunMethod) -> bool:
        """Tell whether a template has the same network and method as before."""
        before = self._template
        return before is not None and (before.method, before.model) == (
            template.method,
            template.model,
        )

    # --- on the capture thread

    def _take(self, opening: int, frame: VideoFrame) -> None:
        image = frame_image(frame, self._title, opening)
        pasted = self._paster.on(image)  # takes milliseconds: not under the lock
        with self._lock:
            if opening == self._opening:
                self._last, self._taken = image, self._clock()
                self._ask(pasted)

    def _tell(self, opening: int, status: SourceStatus) -> None:
        with self._lock:
            if opening != self._opening:
                return
            self._title = status.title
            # Each status has its own ticket: none may replace another.
            number = next(self._told_statuses)
        told = Envelope(STATUS_PLACE, number, Done(status))
        self._worker.mailbox.put(told, keep=True)

    # --- on either, with the lock held

    def _ask(self, image: FrameImage) -> None:
        """Request the result of a frame; show the bare frame until a first answer."""
        if not self._answered:
            posted = Envelope(FRAME_PLACE, self._opening, Done(image))
            self._worker.mailbox.put(posted, keep=False)
        if self._template is None or self._clock() < self._quiet_until:
            return
        request = replace(self._template, image=image)
        ticket = self._worker.submit(LIVE_PLACE, request, Policy.LATEST, Priority.LIVE)
        self._oldest = min(self._oldest, ticket)

    # --- on the reader's thread

    def _heard_status(self, event: Event) -> SourceStatus | None:
        value = event.value if isinstance(event, Done) else None
        return value if isinstance(value, SourceStatus) else None

    def _heard_frame(self, event: Event) -> Shown | None:
        if not isinstance(event, Done) or not isinstance(event.value, FrameImage):
            return None
        if self._answered or not self._is_ours(event.value):
            return None
        return self._shown(event.value, None, 0.0)

    def _heard_answer(self, event: Event) -> Shown | FrameFailure | None:
        match event:
            case Done(Run(image=FrameImage() as image) as run, seconds):
                with self._lock:
                    self._answered = True
                self._told = ""
                return self._shown(image, run, seconds)
            case Failed(error):
                return self._trouble(error)
            case _:
                return None

    def _is_ours(self, image: FrameImage) -> bool:
        with self._lock:
            return image.sha256.startswith(f"frame:{self._opening}:")

    def _trouble(self, error: ErrorRecord) -> FrameFailure | None:
        with self._lock:
            self._answered = False
            self._quiet_until = self._clock() + _RETRY_SECONDS
        known, self._told = self._told, error.text
        return None if known == error.text else FrameFailure(error)

    def _shown(self, image: FrameImage, run: Run | None, inference: float) -> Shown:
        now = self._clock()
        age = now - image.captured
        # A held frame that was resubmitted is old only because it was held.
        new = self._pace.note(image.number, now)
        judged = new and run is not None
        if judged and self._keeper.note(age, inference, now) and self._source:
            self._source.set_scale(self._keeper.scale)
        figures = Figures(
            self._pace.rate, age, inference, self._pace.dropped, self._keeper.scale
        )
        shown = Shown(image, run, figures, self._bars(run, image, new=new))
        waits_for_answer = run is None and self._template is not None
        if self._recorder is not None and not waits_for_answer:
            self._recorder.add(shown)
        return shown

    def _bars(self, run: Run | None, image: FrameImage, *, new: bool) -> Ranking | None:
        ranking = run.report.first(Ranking) if run is not None else None
        if ranking is None:
            return None
        if not new:  # a still frame needs no smoothing
            self.smooth.clear()
        return self.smooth.update(ranking, image.captured)


@dataclass(slots=True)
class _Pace:
    """Counts of displayed and dropped frames.

    Attributes:
        dropped: dropped frames so far.
    """

    dropped: int = 0
    _number: int = -1
    _times: deque[float] = field(default_factory=deque)

    def note(self, number: int, now: float) -> bool:
        """Count a displayed frame; return whether it is new."""
        if number <= self._number:
            return False
        self.dropped += number - self._number - 1
        self._number = number
        self._times.append(now)
        while self._times[0] < now - _RATE_SECONDS and len(self._times) > 2:  # noqa: PLR2004
            self._times.popleft()
        return True

    @property
    def rate(self) -> float:
        """Displayed frames per second; 0 before the second one."""
        time_span = self._times[-1] - self._times[0] if self._times else 0.0
        return (len(self._times) - 1) / time_span if time_span > 0 else 0.0


def _open_capture(
    request: SourceRequest, on_frame: OnFrame, on_status: OnStatus
) -> Source:
    module = importlib.import_module("nnviz.runtime.capture")
    source: Source = module.Capture(request, on_frame, on_status)
    return source


def still(run: Run) -> Run:
    """Convert a frame's result to that of a still image, with its pixels hashed."""
    if not isinstance(run.image, FrameImage):
        return run
    image = image_from_array(run.image.pixels, run.image.name)
    recipe = replace(run.recipe, image=image.name, image_sha256=image.sha256)
    return replace(run, image=image, recipe=recipe)
