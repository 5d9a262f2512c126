"""Cameras of this machine, listed on a thread that may hang."""

import threading

from nnviz.base.video import Camera
from nnviz.runtime.capture.helper import Helper

_SECONDS = 5.0


def list_cameras(timeout: float = _SECONDS) -> tuple[Camera, ...]:
    """Return the cameras of this machine; empty if a driver does not answer.

    May take seconds: not for the GUI thread.

    Args:
        timeout: longest wait for the drivers, s.
    """
    changed = threading.Condition()
    helper = Helper(changed)
    helper.begin(_cameras)
    with changed:
        answered = changed.wait_for(lambda: helper.done, timeout)
    helper.end(lambda: None)
    cameras: tuple[Camera, ...] = helper.take() if answered else ()
    return cameras


def _cameras() -> tuple[Camera, ...]:
    from nnviz.media.video import cameras  # noqa: PLC0415 -- OpenCV

    return cameras.list_cameras()
