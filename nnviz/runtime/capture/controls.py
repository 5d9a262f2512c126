"""Wishes to a running capture: said on any thread, done on the capture's."""

import threading
from collections.abc import Callable

_SLOWEST, _FASTEST = 0.05, 16.0
_SMALLEST = 0.05


class ClosingError(Exception):
    """The capture is to end.  No failure: nothing is reported."""


class Controls:
    """Wishes, and the condition under which the capture thread waits for them.

    Attributes:
        changed: notified with every wish, and by a helper that has finished.
        mirrored: swap left and right.
        scale: share of the source's width and height.
        speed: of a video, 1 for its own.
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
        """End; everything that waits raises ClosingError."""
        with self.changed:
            self._closing = True
            self.changed.notify_all()

    def pause(self, *, paused: bool) -> None:
        """Stop at the image that is shown, or go on."""
        with self.changed:
            self._paused = paused
            self._steps = 0
            self.changed.notify_all()

    def step(self, frames: int) -> None:
        """Pause, and go some images forward or back."""
        with self.changed:
            self._paused = True
            self._steps += frames
            self.changed.notify_all()

    def seek(self, seconds: float) -> None:
        """Go to a place in a video."""
        with self.changed:
            self._place = max(0.0, seconds)
            self.changed.notify_all()

    def set_speed(self, speed: float) -> None:
        """Play a video faster or slower, 0.05 to 16 times its own speed."""
        with self.changed:
            self.speed = min(_FASTEST, max(_SLOWEST, speed))
            self.changed.notify_all()

    def set_scale(self, share: float) -> None:
        """Make frames smaller: share of width and height, 0.05 to 1."""
        self.scale = min(1.0, max(_SMALLEST, share))

    @property
    def closing(self) -> bool:
        """Whether ``close`` was called."""
        return self._closing

    @property
    def paused(self) -> bool:
        """Whether no image is to be shown now."""
        return self._paused and not self._steps

    @property
    def holding(self) -> bool:
        """Whether it is paused, be it between two steps."""
        return self._paused

    @property
    def wished(self) -> bool:
        """Whether a video is to go somewhere else than to its next image."""
        return self._place is not None or self._steps < 0

    def take_place(self) -> float | None:
        """Return the place to go to, once."""
        with self.changed:
            place, self._place = self._place, None
            return place

    def take_steps_back(self) -> int:
        """Return how many images to go back, once."""
        with self.changed:
            back = max(0, -self._steps)
            self._steps = max(0, self._steps)
            return back

    def take_step(self) -> bool:
        """Return whether an image is to be shown although it is paused, once each."""
        with self.changed:
            wished = self._steps > 0
            self._steps -= wished
            return wished

    def wait(self, until: Callable[[], bool], seconds: float | None) -> bool:
        """Wait for something, at most for some time (None: as long as it takes).

        Returns:
            Whether it has come about.

        Raises:
            ClosingError: the capture is to end.
        """
        with self.changed:
            reached = self.changed.wait_for(lambda: self._closing or until(), seconds)
        if self._closing:
            raise ClosingError
        return reached

    def sleep(self, seconds: float) -> None:
        """Wait some time; see ``wait``."""
        self.wait(lambda: False, seconds)
