"""Capture of a part of the screen, with mss."""

import time
from collections.abc import Callable
from typing import Any

import mss
import numpy as np

from nnviz.base.errors import InputError
from nnviz.base.images import Pixels
from nnviz.base.video import Grab

_RATE = 15.0
"""Frames a second: capturing a large screen takes tens of milliseconds."""


class ScreenReader:
    """A captured part of the screen; see ``nnviz.base.video.Reader``.  One thread only.

    Args:
        region: left, top, width, height, px; None for all screens.
        rate: images a second; 0 for 15.
        sleep: waits the given seconds; raises when the capture is closed.

    Raises:
        InputError: there is no screen, or capture is not permitted.
    """

    title = "screen"
    live = True
    duration = 0.0
    remark: InputError | None = None

    def __init__(
        self,
        region: tuple[int, int, int, int] | None,
        rate: float,
        sleep: Callable[[float], None],
    ) -> None:
        self.rate = rate or _RATE
        self._sleep = sleep
        self._start = self._due = time.monotonic()
        try:
            self._screen = mss.MSS()
            whole = self._screen.monitors[0]
        except (mss.ScreenShotError, OSError, AttributeError) as error:
            raise _unreadable(error) from None
        self._region: Any = whole
        if region is not None:
            names = ("left", "top", "width", "height")
            self._region = dict(zip(names, region, strict=True))

    def read(self) -> Grab:
        """Grab a frame when it is due."""
        self._sleep(max(0.0, self._due - time.monotonic()))
        captured = time.monotonic()
        self._due = max(self._due + 1 / self.rate, captured)
        try:
            shot = self._screen.grab(self._region)
        except (mss.ScreenShotError, OSError) as error:
            raise _unreadable(error) from None
        return Grab(captured, captured - self._start, lambda: _rgb(shot))

    def seek(self, seconds: float) -> None:
        """Do nothing: the screen cannot seek."""

    def close(self) -> None:
        """Release the screen."""
        self._screen.close()


def open_screen(
    address: str, rate: float, sleep: Callable[[float], None]
) -> ScreenReader:
    """Open a part of the screen for capture.

    Args:
        address: "left,top,width,height", px; empty for the whole screen.
        rate: images a second; 0 for 15.
        sleep: waits the given seconds; raises when the capture is closed.

    Raises:
        InputError: there is no screen, or capture is not permitted.
    """
    if not address:
        return ScreenReader(None, rate, sleep)
    left, top, width, height = (int(side) for side in address.split(","))
    return ScreenReader((left, top, width, height), rate, sleep)


def _rgb(shot: Any) -> Pixels:
    import cv2

    pixels = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
    converted: Pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)
    return converted


def _unreadable(error: Exception) -> InputError:
    reason = str(error).rstrip(".")
    return InputError(
        "screen", f"cannot be read here ({reason})", "start nnviz on a desktop"
    )
