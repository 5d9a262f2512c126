"""Players: videos against the clock, live sources as images arrive."""

import math
import time
from collections.abc import Callable
from typing import Protocol

from nnviz.base.errors import InputError
from nnviz.base.video import Grab, Reader, SourceState
from nnviz.runtime.capture.controls import Controls
from nnviz.runtime.capture.output import Output

_SEEN_SECONDS = 0.2
"""Longest interval between shown frames, s, however late a video is."""
_HOPELESS_SECONDS = 1.0
"""Delay in s beyond which a video does not catch up, but continues from its position.
"""


class Caller(Protocol):
    """Makes a call that may take long, and reports when it does."""

    def __call__(self, function: Callable[[], Grab | None]) -> Grab | None:
        """Return the function's result.

        Raises:
            ClosingError: the capture is closing.
        """
        ...


class LivePlayer:
    """Publishes images as they arrive; skips them while paused."""

    def __init__(
        self, reader: Reader, controls: Controls, output: Output, call: Caller
    ) -> None:
        self._reader = reader
        self._controls = controls
        self._output = output
        self._call = call

    def run(self) -> None:
        """Play until the source ends.

        Raises:
            ClosingError: the capture is closing.
            InputError: the source delivers no more frames.
        """
        while (grab := self._call(self._reader.read)) is not None:
            holding = self._controls.holding
            if holding and not self._controls.take_step():
                self._output.skip()
                self._output.tell(SourceState.PAUSED)
            elif self._output.publish(grab, None):
                state = SourceState.PAUSED if holding else SourceState.RUNNING
                self._output.tell(state)
        self._output.tell(SourceState.ENDED)
        self._controls.wait(lambda: False, None)


class VideoPlayer:
    """Plays a video or folder at its own or another speed, against the clock.

    A late frame is dropped without conversion.

    Args:
        reader: the video.
        controls: requested settings.
        output: receiver of the frames.
        call: makes calls that may block.
        loop: restart at the end.
        rate: frames a second; 0 for the video's own.
    """

    def __init__(
        self,
        reader: Reader,
        controls: Controls,
        output: Output,
        call: Caller,
        *,
        loop: bool,
        rate: float,
    ) -> None:
        self._reader = reader
        self._controls = controls
        self._output = output
        self._call = call
        self._loop = loop
        self._faster = rate / reader.rate if rate else 1.0
        self._speed = self._pace()
        self._ahead: Grab | None = None
        self._at_once = True
        self._position = 0.0
        self._clock = time.monotonic()
        self._shown = -math.inf
        self._zero = 0.0

    def run(self) -> None:
        """Play until the capture is closed.

        Raises:
            ClosingError: the capture is closing.
            InputError: the video has no frames, or a server delivers no more.
        """
        while True:
            self._go()
            if self._controls.paused and not self._at_once:
                self._hold()
                continue
            grab = self._next()
            if grab is None:
                self._at_end()
            elif self._is_due(grab):
                self._show(grab)

    def _go(self) -> None:
        """Seek or step back as requested."""
        place = self._controls.take_place()
        back = self._controls.take_steps_back()
        if place is None and not back:
            return
        if place is None:
            # Aim a quarter of a frame later, so that rounding does not lead to the
            # frame before.
            place = max(0.0, self._position - (back - 0.25) / self._reader.rate)
        self._seek(place)
        self._at_once = True

    def _seek(self, place: float) -> None:
        self._ahead = None
        self._call(lambda: self._reader.seek(place))

    def _hold(self) -> None:
        self._output.tell(SourceState.PAUSED)
        self._controls.wait(
            lambda: not self._controls.paused or self._controls.wished, None
        )
        if not self._controls.holding:
            self._output.tell(SourceState.RUNNING, self._reader.remark)
        self._anchor(self._position)

    def _next(self) -> Grab | None:
        if self._ahead is None:
            self._ahead = self._call(self._reader.read)
        return self._ahead

    def _at_end(self) -> None:
        if self._shown == -math.inf:
            raise InputError(self._reader.title, "contains no readable frame")
        if self._loop:
            # The first frame is due once the last has been shown.
            length = self._position + 1 / self._reader.rate
            self._zero -= max(self._reader.duration, length)
            self._seek(0.0)
            return
        self._output.tell(SourceState.ENDED, self._reader.remark)
        self._controls.wait(lambda: self._controls.wished, None)

    def _is_due(self, grab: Grab) -> bool:
        """Wait until an image is due; return whether it is."""
        if self._at_once:
            return True
        if self._controls.holding:
            return self._controls.take_step()
        early = self._due(grab) - time.monotonic()
        if early > 0 and self._controls.wait(self._is_disturbed, early):
            self._keep_pace()
            return False
        late = time.monotonic() - self._due(grab)
        if late > _HOPELESS_SECONDS:
            self._anchor(grab.seconds)
        elif late > 1 / (self._reader.rate * self._speed) and self._is_fresh():
            self._ahead = None
            self._output.skip()
            return False
        return True

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._shown < _SEEN_SECONDS

    def _is_disturbed(self) -> bool:
        controls = self._controls
        return controls.paused or controls.wished or self._pace() != self._speed

    def _show(self, grab: Grab) -> None:
        self._ahead = None
        if self._at_once:
            self._anchor(grab.seconds)
        self._at_once = False
        self._position = grab.seconds
        now = time.monotonic()
        shown = Grab(now, grab.seconds, grab.pixels)
        if not self._output.publish(shown, grab.seconds):
            return
        self._shown = now
        if not self._controls.holding:
            self._output.tell(SourceState.RUNNING, self._reader.remark)

    def _pace(self) -> float:
        return self._controls.speed * self._faster

    def _keep_pace(self) -> None:
        """Apply a changed speed from the current position on."""
        if self._pace() != self._speed:
            now = self._zero + (time.monotonic() - self._clock) * self._speed
            self._anchor(now)

    def _anchor(self, seconds: float) -> None:
        """Set the current video position as the reference for timing."""
        self._clock, self._zero = time.monotonic(), seconds
        self._speed = self._pace()

    def _due(self, grab: Grab) -> float:
        """Return the time at which an image is due, s of the clock."""
        return self._clock + (grab.seconds - self._zero) / self._speed
