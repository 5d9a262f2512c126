"""Output of a capture: the newest frame, and status events."""

from collections.abc import Callable

import numpy as np

from nnviz.base.errors import ErrorRecord, InputError, error_record
from nnviz.base.images import Pixels
from nnviz.base.video import Grab, Reader, SourceState, SourceStatus, VideoFrame
from nnviz.runtime.capture.controls import Controls

OnFrame = Callable[[VideoFrame], None]
OnStatus = Callable[[SourceStatus], None]


class Output:
    """Converts grabbed images to frames, keeps the newest, and reports the status.

    Used on the capture thread; ``newest`` may be read on any.
    """

    def __init__(
        self, title: str, controls: Controls, on_frame: OnFrame, on_status: OnStatus
    ) -> None:
        self.newest: VideoFrame | None = None
        self.title = title
        self._controls = controls
        self._on_frame = on_frame
        self._on_status = on_status
        self._number = 0
        self._size: tuple[int, int] | None = None
        self._rate = self._duration = 0.0
        self._state = SourceState.OPENING
        self._told: SourceStatus | None = None

    def opened(self, reader: Reader) -> None:
        """Adopt an open source's properties, and report that it is running."""
        self.title = reader.title
        self._rate, self._duration = reader.rate, reader.duration
        self.tell(SourceState.RUNNING)

    def tell(self, state: SourceState, error: InputError | None = None) -> None:
        """Report the status of the source, if it has changed."""
        self._tell(state, None if error is None else error_record(error))

    def failed(self, error: BaseException) -> None:
        """Report the error that ended the source."""
        self._tell(SourceState.FAILED, error_record(error))

    def skip(self) -> None:
        """Count an image that is skipped."""
        self._number += 1

    def publish(self, grab: Grab, position: float | None) -> bool:
        """Convert and publish an image; a damaged one is reported and skipped.

        Args:
            grab: the image.
            position: position in a video, s.

        Returns:
            Whether there was an image.
        """
        try:
            pixels = grab.pixels()
        except InputError as error:
            self.tell(SourceState.RUNNING, error)
            self.skip()
            return False
        if self._size != pixels.shape[:2]:
            self._size = pixels.shape[0], pixels.shape[1]
            self._tell(self._state, None)
        frame = VideoFrame(self._seen(pixels), self._number, grab.captured, position)
        self.skip()
        self.newest = frame
        self._on_frame(frame)
        return True

    def _seen(self, pixels: Pixels) -> Pixels:
        """Scale and mirror pixels as the controls request."""
        scale, mirrored = self._controls.scale, self._controls.mirrored
        if scale == 1 and not mirrored:
            return pixels
        import cv2

        if scale != 1:
            height, width = pixels.shape[:2]
            smaller = max(1, round(width * scale)), max(1, round(height * scale))
            pixels = cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(cv2.flip(pixels, 1)) if mirrored else pixels

    def _tell(self, state: SourceState, error: ErrorRecord | None) -> None:
        self._state = state
        status = SourceStatus(
            state=state,
            title=self.title,
            size=self._size,
            rate=self._rate,
            duration=self._duration,
            error=error,
        )
        if status != self._told:
            self._told = status
            self._on_status(status)
