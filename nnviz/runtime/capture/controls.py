"""Controls of a running capture: set on any thread, applied on the capture thread."""

import threading
from collections.abc import Callable

_SLOWEST, _FASTEST = 0.05, 16.0
_SMALLEST = 0.05


class ClosingError(Exception):
    """The capture is closing; this is no failure and is not reported."""


class Controls:
    """Requested controls, and the condition on which the capture thread waits for them.

    Attributes:
        changed: notified of every requested change, and by a helper that has finished.
        mirrored: whether left and right are swapped.
        scale: fraction of the source's width and height.
        speed: playback speed of a video, 1 for its own.
    """

    def __init__(self, *, mirrored: bool, speed: float) -> None:
        self.changed = threading.Condition()
        self.mirrored = mirrored
        self.scale = 1.0
        self.speed = 1.0
        self.set_speed(speed)
        self._closing = False
        self._paused = False
        self._steps = 0
        self._place: float | None = None

    def close(self) -> None:
        """Close the capture; everything that waits raises ClosingError."""
        with self.changed:
            self._closing = True
            self.changed.notify_all()

    def pause(self, *, paused: bool) -> None:
        """Pause at the current image, or resume."""
        with self.changed:
            self._paused = paused
            self._steps = 0
            self.changed.notify_all()

    def step(self, frames: int) -> None:
        """Pause, and step a number of images forward or back."""
        with self.changed:
            self._paused = True
            self._steps += frames
            self.changed.notify_all()

    def seek(self, seconds: float) -> None:
        """Request a seek to a position in a video."""
        with self.changed:
            self._place = max(0.0, seconds)
            self.changed.notify_all()

    def set_speed(self, speed: float) -> None:
        """Set the playback speed of a video, 0.05 to 16 times its own."""
        with self.changed:
            self.speed = min(_FASTEST, max(_SLOWEST, speed))
            self.changed.notify_all()

    def set_scale(self, share: float) -> None:
        """Set the scale of frames: share of width and height, 0.05 to 1."""
        self.scale = min(1.0, max(_SMALLEST, share))

    @property
    def closing(self) -> bool:
        """Whether ``close`` has been called."""
        return self._closing

    @property
    def paused(self) -> bool:
        """Whether the capture is paused with no step requested."""
        return self._paused and not self._steps

    @property
    def holding(self) -> bool:
        """Whether the capture is paused, even if steps are requested."""
        return self._paused

    @property
    def wished(self) -> bool:
        """Whether a seek or a step back is requested."""
        return self._place is not None or self._steps < 0

    def take_place(self) -> float | None:
        """Return the requested seek position and clear the request."""
        with self.changed:
            place, self._place = self._place, None
            return place

    def take_steps_back(self) -> int:
        """Return the number of requested steps back and clear the request."""
        with self.changed:
            back = max(0, -self._steps)
            self._steps = max(0, self._steps)
            return back

    def take_step(self) -> bool:
        """Consume one requested step forward; return whether there was one."""
        with self.changed:
            wished = self._steps > 0
            self._steps -= wished
            return wished

    def wait(self, until: Callable[[], bool], seconds: float | None) -> bool:
        """Wait for a condition, with a timeout in seconds (None: no timeout).

        Returns:
            Whether the condition holds.

        Raises:
            ClosingError: the capture is closing.
        """
        with self.changed:
            reached = self.changed.wait_for(lambda: self._closing or until(), seconds)
        if self._closing:
            raise ClosingError
        return reached

    def sleep(self, seconds: float) -> None:
        """Sleep for some seconds, like ``wait``."""
        self.wait(lambda: False, seconds)
