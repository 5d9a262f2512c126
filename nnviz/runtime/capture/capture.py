"""Capture thread: one for each source, never blocked by its consumers."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from nnviz.base.errors import InputError
from nnviz.base.video import (
    Reader,
    SourceKind,
    SourceLostError,
    SourceRequest,
    SourceState,
    VideoFrame,
)
from nnviz.runtime.capture.controls import ClosingError, Controls
from nnviz.runtime.capture.helper import Helper
from nnviz.runtime.capture.opening import Open, Sleep, opener_of
from nnviz.runtime.capture.output import OnFrame, OnStatus, Output
from nnviz.runtime.capture.players import LivePlayer, VideoPlayer
from nnviz.runtime.capture.sources import title_of

RETRY_SECONDS = 1.5
"""Seconds after which a lost camera or stream is retried."""
PATIENCE_SECONDS = 2.0
"""Seconds after which a source that delivers no frame, or does not open, is WAITING."""
_COMES_BACK = {SourceKind.CAMERA, SourceKind.STREAM, SourceKind.SCRIPT}
_IN_PROCESS = {SourceKind.FILE, SourceKind.FOLDER}
"""Sources whose calls always return; all others are read by a helper thread."""
_Answer = TypeVar("_Answer")


class Capture:
    """A source of frames, read on its own thread.

    Only the newest frame is kept.  A camera that is missing, busy, stalled or unplugged
    is WAITING, with the reason, and is retried; a video that cannot be read has FAILED.
    The last status is CLOSED or FAILED.

    Args:
        request: the source.
        on_frame: called with each frame on the capture thread, to be quick.
        on_status: called on the capture thread whenever something changes.
        opener: returns the function that opens, and reopens, the source; see
            ``opening``.
    """

    def __init__(
        self,
        request: SourceRequest,
        on_frame: OnFrame,
        on_status: OnStatus,
        opener: Callable[[SourceRequest, Sleep], Open] = opener_of,
    ) -> None:
        self._request = request
        self._controls = Controls(mirrored=request.mirrored, speed=request.speed)
        self._output = Output(title_of(request), self._controls, on_frame, on_status)
        self._open_reader = opener(request, self._controls.sleep)
        self._reader: Reader | None = None
        self._helper: Helper | None = None
        # A daemon thread: a forgotten ``close`` must not keep the process alive.
        self._thread = threading.Thread(
            target=self._live, name="nnviz-capture", daemon=True
        )

    def start(self) -> None:
        """Start the thread, which opens the source."""
        self._thread.start()

    def newest(self) -> VideoFrame | None:
        """Return the newest frame, repeatedly until a newer one arrives."""
        return self._output.newest

    def pause(self) -> None:
        """Pause: a video stops, a camera's frames are skipped."""
        self._controls.pause(paused=True)

    def resume(self) -> None:
        """Resume the capture after a pause."""
        self._controls.pause(paused=False)

    def step(self, frames: int) -> None:
        """Pause, and step forward by some images, or in a video back (negative)."""
        self._controls.step(frames)

    def seek(self, seconds: float) -> None:
        """Seek to a position in a video; the image there is shown even while paused."""
        self._controls.seek(seconds)

    def set_speed(self, speed: float) -> None:
        """Set the playback speed of a video, 0.05 to 16."""
        self._controls.set_speed(speed)

    def set_mirrored(self, mirrored: bool) -> None:  # noqa: FBT001 -- a switch's slot
        """Set whether subsequent frames are mirrored horizontally."""
        self._controls.mirrored = mirrored

    def set_scale(self, share: float) -> None:
        """Scale subsequent frames to a share of width and height, 0.05 to 1."""
        self._controls.set_scale(share)

    def close(self, timeout: float) -> bool:
        """End the thread and release the source; idempotent, callable from any thread.

        Args:
            timeout: longest wait, s.

        Returns:
            Whether the source is closed.  If not (the driver hangs), its thread ends
            when the driver returns.
        """
        until = time.monotonic() + timeout
        self._controls.close()
        if self._thread.is_alive():
            if self._thread is threading.current_thread():
                return False
            self._thread.join(timeout)
        ended = not self._thread.is_alive()
        if ended and self._helper is not None:
            ended = self._helper.join(max(0.0, until - time.monotonic()))
        return ended

    def _live(self) -> None:
        if self._request.kind not in _IN_PROCESS:
            self._helper = Helper(self._controls.changed)
        self._output.tell(SourceState.OPENING)
        try:
            while True:
                self._play_until_lost()
                self._controls.sleep(RETRY_SECONDS)
        except ClosingError:
            self._let_go()
            self._output.tell(SourceState.CLOSED)
        except BaseException as error:  # noqa: BLE001 - the boundary of the thread
            self._let_go()
            self._output.failed(error)

    def _play_until_lost(self) -> None:
        try:
            self._call(self._open, "does not answer")
            self._play()
        except InputError as error:
            if not self._may_come_back(error):
                raise
            self._output.tell(SourceState.WAITING, error)
            self._call(self._close, "does not answer")

    def _may_come_back(self, error: InputError) -> bool:
        ran = self._output.newest is not None
        lost = isinstance(error, SourceLostError)
        return self._request.kind in _COMES_BACK and (lost or ran)

    def _play(self) -> None:
        reader = self._reader
        if reader is None:
            return
        self._output.opened(reader)
        if reader.live:
            LivePlayer(reader, self._controls, self._output, self._read).run()
        else:
            VideoPlayer(
                reader,
                self._controls,
                self._output,
                self._read,
                loop=self._request.loop,
                rate=self._request.rate,
            ).run()

    def _read(self, function: Callable[[], _Answer]) -> _Answer:
        return self._call(function, "gives no frames")

    def _call(self, function: Callable[[], _Answer], complaint: str) -> _Answer:
        """Make a call that may hang; if it takes long, report this and keep waiting."""
        if self._helper is None:
            self._controls.sleep(0)
            return function()
        helper = self._helper
        helper.begin(function)
        if not self._controls.wait(lambda: helper.done, PATIENCE_SECONDS):
            late = SourceLostError(self._output.title, complaint, "wait, or close it")
            self._output.tell(SourceState.WAITING, late)
            self._controls.wait(lambda: helper.done, None)
        answer: _Answer = helper.take()
        return answer

    def _open(self) -> None:
        self._reader = self._open_reader()

    def _close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _let_go(self) -> None:
        """Close the source, after a hanging call if there is one."""
        if self._helper is None:
            self._close()
        else:
            self._helper.end(self._close)
