"""Simulated camera that follows a script, including faults: for tests and demos.

A script is a JSON or TOML file::

    play = "film.mp4"      # a video or a folder of images beside the script; without
                           # it a pattern that carries the number of each image
    size = [480, 640]      # height and width of the pattern, px
    rate = 30              # images a second; 0: as fast as they are taken
    frames = 0             # so many images, then it ends; 0: never
    opening = 0.0          # seconds that opening takes
    refusals = 0           # so often it cannot be opened first

    [[events]]
    frame = 60             # before this image is given; or: at = 2.0 (seconds)
    do = "stall"           # nothing comes for a time
    lasts = 1.5            # seconds

Values of ``do``:

- ``stall``: no frames for ``lasts`` seconds.
- ``hang``: the same, and closing the camera does not end it, like a bad driver.
- ``unplug``: the camera disappears, and returns after ``lasts`` seconds; 0: never.
- ``resize``: frames have another ``size`` from then on.
- ``corrupt``: the next frame, or the next ``frames``, cannot be decoded.
- ``slow``: frames arrive at another ``rate`` from then on.

Frames are numbered from 0 over all openings, and events are tied to frames, so the same
script gives the same frames on any machine.
"""

import itertools
import math
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nnviz.base.errors import InputError, unknown
from nnviz.base.host.reading import JSON_ERRORS, is_folder, reading
from nnviz.base.images import Colors, Pixels
from nnviz.base.video import Grab, Reader, SourceLostError
from nnviz.media.encode import read_json
from nnviz.media.files import read_bytes

_BITS = 16
"""Bits of the frame number in a pattern, lowest first, as black and white fields at the
top.
"""
_BARS = 8
"""The fields take one part in this many of the height."""
_DEEDS = ("stall", "hang", "unplug", "resize", "corrupt", "slow")
_Part = TypeVar("_Part", "Event", "Script")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A scripted event of the camera; see the module's description."""

    do: str
    frame: int = 0
    at: float = 0.0
    lasts: float = 0.0
    size: tuple[int, int] | None = None
    frames: int = 1
    rate: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Script of a simulated camera; see the module's description."""

    play: str = ""
    size: tuple[int, int] = (480, 640)
    rate: float = 30.0
    frames: int = 0
    opening: float = 0.0
    refusals: int = 0
    events: tuple[Event, ...] = field(default=())


def read_script(path: Path) -> Script:
    """Read a script from a JSON or TOML file.

    Raises:
        InputError: the file cannot be read, or has unknown entries.
    """
    if path.suffix.lower() == ".json":
        values = read_json(path)
    else:
        with reading(path.name, JSON_ERRORS, "is not TOML", "see its documentation"):
            values = tomllib.loads(read_bytes(path).decode())
    if not isinstance(values, dict):
        raise _no_script(path.name)
    try:
        events = tuple(_event(values_) for values_ in values.pop("events", ()))
        return _in_order(_made(Script, values, events=events))
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise _no_script(path.name) from None


def _no_script(name: str) -> InputError:
    remedy = "nnviz.runtime.capture.script tells what it may say"
    return InputError(name, "is not a camera script", remedy)


def _event(values: Mapping[str, Any]) -> Event:
    event = _made(Event, values)
    if event.do not in _DEEDS:
        raise unknown("deed of a scripted camera", event.do, _DEEDS)
    return event


def _made(kind: type[_Part], values: Mapping[str, Any], **more: Any) -> _Part:
    """Build a part of a script, with numbers converted to the declared types."""
    known = {field_.name: field_ for field_ in fields(kind)}
    for name in values:
        if name not in known:
            raise unknown("word of a script", name, known)
    converted = {name: _value(name, value) for name, value in values.items()}
    return kind(**converted, **more)


def _value(name: str, value: Any) -> Any:
    if name in {"do", "play"}:
        return str(value)
    if name == "size":
        height, width = (int(side) for side in value)
        return height, width
    number = float(value)
    if not 0 <= number < math.inf:
        raise ValueError(name)
    return int(number) if name in {"frame", "frames", "refusals"} else number


def _in_order(script: Script) -> Script:
    """Convert event times to image numbers, and sort the events by number."""
    placed = [
        replace(event, frame=round(event.at * script.rate)) if event.at else event
        for event in script.events
    ]
    return replace(script, events=tuple(sorted(placed, key=lambda each: each.frame)))


class ScriptedCamera:
    """Simulated camera that plays a script; see ``nnviz.base.video.Reader``.

    One object for all openings: a camera that returns continues its script.

    Args:
        path: the script.
        sleep: waits the given seconds; raises when the capture is closed.
    """

    live = True
    duration = 0.0
    remark: InputError | None = None

    def __init__(self, path: Path, sleep: Callable[[float], None]) -> None:
        self.title = path.name
        self.rate = 0.0
        self._path = path
        self._sleep = sleep
        self._script: Script | None = None
        self._film: Reader | None = None
        self._number = 0
        self._events: list[Event] = []
        self._refusals = 0
        self._size: tuple[int, int] | None = None
        self._corrupt = 0
        self._back = self._due = 0.0

    def open(self) -> Reader:
        """Open the camera, unless the script refuses.

        Raises:
            SourceLostError: the script refuses.
            InputError: the script or its video cannot be used.
        """
        script = self._script or self._begin()
        self._sleep(script.opening)
        if self._refusals:
            self._refusals -= 1
            raise SourceLostError(self.title, "is used by another program")
        if time.monotonic() < self._back:
            raise SourceLostError(self.title, "is not there", "plug it in")
        self._film = _film_of(self._path.parent, script.play)
        self._due = time.monotonic()
        return self

    def read(self) -> Grab | None:
        """Wait for the next image."""
        script = self._script
        if script is None or self._number == script.frames > 0:
            return None
        while self._events and self._events[0].frame <= self._number:
            self._happen(self._events.pop(0))
        self._await_turn()
        number = self._number
        self._number += 1
        taken = None if self._film is None else _taken(self._film)
        corrupt, self._corrupt = self._corrupt > 0, max(0, self._corrupt - 1)

        def pixels() -> Pixels:
            if corrupt:
                raise InputError(self.title, f"image {number} is damaged")
            whole = pattern(number, script.size) if taken is None else taken.pixels()
            return _resized(whole, self._size)

        return Grab(time.monotonic(), float(number), pixels)

    def seek(self, seconds: float) -> None:
        """Do nothing: a camera cannot seek."""

    def close(self) -> None:
        """Close the video."""
        if self._film is not None:
            self._film.close()

    def _begin(self) -> Script:
        script = read_script(self._path)
        self._script = script
        self._events = list(script.events)
        self._refusals = script.refusals
        self.rate = script.rate
        return script

    def _await_turn(self) -> None:
        now = time.monotonic()
        if self.rate and self._due > now:
            self._sleep(self._due - now)
        # A late frame does not make later ones early.
        period = 1 / self.rate if self.rate else 0.0
        self._due = max(self._due + period, time.monotonic())

    def _happen(self, event: Event) -> None:
        match event.do:
            case "stall":
                self._sleep(event.lasts)
            case "hang":
                time.sleep(event.lasts)
            case "unplug":
                self._back = time.monotonic() + (event.lasts or math.inf)
                raise SourceLostError(self.title, "was unplugged", "plug it in again")
            case "resize":
                self._size = event.size
            case "corrupt":
                self._corrupt = event.frames
            case _:
                self.rate = event.rate


def pattern(number: int, size: tuple[int, int]) -> Colors:
    """Return a moving color pattern with the image's number encoded in sixteen fields.

    Args:
        number: of the frame; its lowest 16 bits are shown, the lowest on the left.
        size: height and width, px; at least 8 x 64.

    Returns:
        uint8 (H, W, 3).
    """
    height, width = size
    # 8-bit sums wrap around after 255.
    rows = np.arange(height).astype(np.uint8)[:, None]
    columns = np.arange(width).astype(np.uint8)
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0] = rows + np.uint8(number * 3 % 256)
    pixels[..., 1] = columns + np.uint8(number * 5 % 256)
    pixels[..., 2] = rows + columns
    edges = np.arange(_BITS + 1) * width // _BITS
    for bit, (left, right) in enumerate(itertools.pairwise(edges)):
        pixels[: height // _BARS, left:right] = 255 * (number >> bit & 1)
    return pixels


def _film_of(folder: Path, play: str) -> Reader | None:
    if not play:
        return None
    path = folder / play
    if is_folder(path):
        from nnviz.media.video.sequences import open_sequence  # noqa: PLC0415 -- Pillow

        return open_sequence(path)
    from nnviz.media.video.reader import open_video  # noqa: PLC0415 -- PyAV

    return open_video(path)


def _taken(film: Reader) -> Grab:
    """Return the next image of a video that loops."""
    for _ in itertools.repeat(None, 2):
        grab = film.read()
        if grab is not None:
            return grab
        film.seek(0.0)
    raise InputError(film.title, "contains no readable frame")


def _resized(pixels: Pixels, size: tuple[int, int] | None) -> Pixels:
    if size is None or pixels.shape[:2] == size:
        return pixels
    import cv2

    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA))
