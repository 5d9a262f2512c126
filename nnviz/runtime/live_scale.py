"""Adaptive camera resolution that limits the age of displayed frames."""

from dataclasses import dataclass, field

STEPS = (1.0, 0.5, 0.25)
"""Fractions of the source's own size, largest first."""
_FRAMES = 1.5
"""Allowed age of a shown frame, in inference times, ..."""
_MARGIN = 0.1
"""... plus this many s, for delays of single frames on a busy machine."""
_TOO_OLD_FOR = 1.5
"""Seconds of frames that are too old before the scale is lowered."""
_FRESH_FOR = 8.0
"""Seconds of fresh frames before the scale is raised."""
_LONGEST_WAIT = 240.0


@dataclass(slots=True)
class ScaleKeeper:
    """Lowers the resolution while displayed frames are too old, and raises it again.

    A pure state machine: the time is passed in.  Each step up that does not last
    doubles the wait before the next one, to avoid oscillation.

    Attributes:
        scale: the current one of ``STEPS``.
    """

    scale: float = STEPS[0]
    _old_since: float | None = field(default=None, init=False)
    _fresh_since: float | None = field(default=None, init=False)
    _wait: float = field(default=_FRESH_FOR, init=False)
    _raised: float | None = field(default=None, init=False)

    def note(self, age: float, inference: float, now: float) -> bool:
        """Record the age of a frame that was just displayed.

        Args:
            age: time from capture to display, s.
            inference: inference time, s.
            now: current time of a monotonic clock, s.

        Returns:
            Whether ``scale`` has changed.
        """
        if age > _FRAMES * inference + _MARGIN:
            self._fresh_since = None
            if self._old_since is None:
                self._old_since = now
            return now - self._old_since >= _TOO_OLD_FOR and self._step(1, now)
        self._old_since = None
        if self._fresh_since is None:
            self._fresh_since = now
        return now - self._fresh_since >= self._wait and self._step(-1, now)

    def _step(self, by: int, now: float) -> bool:
        """Change the scale by a step, if there is a further one."""
        place = STEPS.index(self.scale) + by
        self._old_since = self._fresh_since = None
        if not 0 <= place < len(STEPS):
            return False
        self.scale = STEPS[place]
        if by < 0:
            self._raised = now
        elif self._raised is not None and now - self._raised < self._wait:
            self._wait = min(2 * self._wait, _LONGEST_WAIT)
        else:
            self._wait = _FRESH_FOR
        return True
