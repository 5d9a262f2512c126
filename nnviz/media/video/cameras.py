"""Cameras, read through OpenCV."""

import os
import platform
import time
from pathlib import Path
from typing import Any

from nnviz.base.errors import InputError
from nnviz.base.images import Pixels
from nnviz.base.video import Camera, Grab, SourceLostError
from nnviz.media.opencv import silent_opencv

_BIG = 480
"""Height above which USB cameras are fast enough only with compressed images."""
_DEVICE = "/dev/video"


def list_cameras() -> tuple[Camera, ...]:
    """List the cameras of this machine; a slow driver may take seconds."""
    cv2 = silent_opencv()
    from cv2_enumerate_cameras import (  # noqa: PLC0415 -- imports OpenCV
        enumerate_cameras,
        supported_backends,
    )

    backend = _backend(cv2)
    if backend not in supported_backends:
        return ()
    found = sorted(enumerate_cameras(backend), key=lambda each: each.index)
    return tuple(Camera(each.name or "camera", _address(each)) for each in found)


def _address(info: Any) -> str:
    """Return a camera's device path, which is stable, or its index."""
    path = str(info.path or "")
    return path if path.startswith(_DEVICE) else str(info.index)


def _backend(cv2: Any) -> int:
    """Return OpenCV's backend for this system: Windows' default opens slowly."""
    backends = {
        "Windows": cv2.CAP_DSHOW,
        "Darwin": cv2.CAP_AVFOUNDATION,
        "Linux": cv2.CAP_V4L2,
    }
    return int(backends.get(platform.system(), cv2.CAP_ANY))


class CameraReader:
    """An open camera; see ``nnviz.base.video.Reader``.

    Args:
        capture: an open cv2.VideoCapture.
        title: for people.
    """

    live = True
    duration = 0.0
    remark: InputError | None = None

    def __init__(self, capture: Any, title: str) -> None:
        self._capture = capture
        self.title = title
        cv2 = silent_opencv()
        self._to_rgb = cv2.COLOR_BGR2RGB
        rate = float(capture.get(cv2.CAP_PROP_FPS))
        self.rate = rate if 0 < rate < 1000 else 0.0  # noqa: PLR2004 -- drivers lie
        self._start = time.monotonic()

    def read(self) -> Grab:
        """Wait for the next frame."""
        if not self._capture.grab():
            raise SourceLostError(
                self.title, "gives no more frames", "plug it in again"
            )
        captured = time.monotonic()
        whole, pixels = self._capture.retrieve()
        return Grab(
            captured,
            captured - self._start,
            lambda: self._converted(pixels if whole else None),
        )

    def seek(self, seconds: float) -> None:
        """Do nothing: a camera cannot seek."""

    def close(self) -> None:
        """Release the camera."""
        self._capture.release()

    def _converted(self, pixels: Pixels | None) -> Pixels:
        if pixels is None:
            raise InputError(self.title, "gave a damaged frame")
        converted: Pixels = silent_opencv().cvtColor(pixels, self._to_rgb)
        return converted


def open_camera(
    address: str, size: tuple[int, int] | None, rate: float
) -> CameraReader:
    """Open a camera, setting size and rate in one call: each change may take a second.

    Args:
        address: an index or the path of a device.
        size: (height, width) to request, px; the camera takes the nearest that it
            supports.
        rate: frames a second to request; 0 for the camera's own.

    Raises:
        SourceLostError: the camera is missing, busy, or not permitted.
    """
    cv2 = silent_opencv()
    title = _title(address)
    _check_device(address, title)
    place = int(address) if address.isdigit() else address
    capture = cv2.VideoCapture(place, _backend(cv2), _wishes(cv2, size, rate))
    if not capture.isOpened():
        capture.release()
        raise _not_opened(title)
    return CameraReader(capture, title)


def _wishes(cv2: Any, size: tuple[int, int] | None, rate: float) -> list[int]:
    """Return the properties to set on opening, as a flat list of key-value pairs."""
    wishes = [cv2.CAP_PROP_BUFFERSIZE, 1]
    if size is not None:
        if size[0] > _BIG:
            wishes += [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")]
        wishes += [cv2.CAP_PROP_FRAME_WIDTH, size[1]]
        wishes += [cv2.CAP_PROP_FRAME_HEIGHT, size[0]]
    if rate:
        wishes += [cv2.CAP_PROP_FPS, round(rate)]
    return wishes


def _device(address: str) -> Path | None:
    """Return the device file of a camera on Linux; None elsewhere."""
    if platform.system() != "Linux":
        return None
    return Path(f"{_DEVICE}{address}" if address.isdigit() else address)


def _title(address: str) -> str:
    device = _device(address)
    if device is None:
        return f"camera {address}"
    try:
        name = Path("/sys/class/video4linux", device.resolve().name, "name")
        return name.read_text().strip() or f"camera {address}"
    except OSError:
        return f"camera {address}"


def _check_device(address: str, title: str) -> None:
    device = _device(address)
    if device is None:
        return
    if not device.exists():
        raise SourceLostError(title, "is not there", "plug it in, or choose another")
    if not os.access(device, os.R_OK | os.W_OK):
        raise SourceLostError(
            title, "may not be used", f"ask to become a member of {device.group()}"
        )


def _not_opened(title: str) -> SourceLostError:
    reasons = {
        "Windows": "is not there, or another program uses it",
        "Darwin": "is not there, in use, or not allowed in the privacy settings",
    }
    reason = reasons.get(platform.system(), "is used by another program")
    return SourceLostError(title, reason, "close the other program, or plug it in")
