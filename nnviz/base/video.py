"""Sources of frames: requests, readers, frames, and the state of a source."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from nnviz.base.errors import ErrorRecord, InputError
from nnviz.base.images import Image, Pixels


class SourceKind(StrEnum):
    """The kind of a source of frames."""

    CAMERA = "camera"
    FILE = "file"
    STREAM = "stream"
    """RTSP or HTTP."""
    FOLDER = "folder"
    """The images of a folder in order of name, played as a video."""
    SCREEN = "screen"
    SCRIPT = "script"
    """A scripted camera, faults included, for tests and demonstrations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRequest:
    """A source of frames, and its playback settings.

    Attributes:
        kind: kind of the source.
        address: index or device path of a camera, path of a file, folder or script,
            address of a stream, "left,top,width,height" of a part of the screen
            (empty for all of it).
        size: (height, width) to request, px; None for the source's own.
        rate: frames a second to request; 0 for the source's own.
        mirrored: whether left and right are swapped, as a person in front of a camera
            expects.
        loop: whether a file or folder restarts at its end.
        speed: playback speed of a file or folder, 1 for its own.
        start: position in a file or folder at which it opens, s.
    """

    kind: SourceKind
    address: str = ""
    size: tuple[int, int] | None = None
    rate: float = 0.0
    mirrored: bool = False
    loop: bool = True
    speed: float = 1.0
    start: float = 0.0


def without_password(address: str) -> str:
    """Return a stream's address for display: without user name and password."""
    scheme, slashes, rest = address.partition("://")
    server, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{server.rpartition('@')[2]}{slash}{path}"


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of this machine.

    Attributes:
        name: the manufacturer's name, "USB camera".
        address: for a ``SourceRequest``: an index or the path of a device.
    """

    name: str
    address: str


class SourceLostError(InputError):
    """A camera or stream that delivers nothing for now; opening it may be retried."""


@dataclass(frozen=True, slots=True, eq=False)
class Grab:
    """A captured frame, not yet converted to RGB.

    Attributes:
        captured: capture time, s of ``time.monotonic``.
        seconds: position in a video or folder; time since the opening elsewhere.
        pixels: converts it to uint8 (H, W, 3), RGB.  Call it at most once, before the
            next frame is read; never for a dropped frame.  May raise InputError.
    """

    captured: float
    seconds: float
    pixels: Callable[[], Pixels]


class Reader(Protocol):
    """An open source of images: a video, a folder, a camera, ...

    Used by one thread at a time.

    Attributes:
        title: name for people.
        rate: frames a second as reported by the source; 0 where unknown.
        duration: s; 0 where it never ends.
        live: whether frames arrive in real time; else they are available at once, and
            the reader waits until each is due.
        remark: what is wrong with frames that are delivered nevertheless, or dropped.
    """

    title: str
    rate: float
    duration: float
    live: bool
    remark: InputError | None

    def read(self) -> Grab | None:
        """Return the next frame, waiting for it; None at the end.

        Raises:
            SourceLostError: no frame can be had at the moment; reopen the source later.
            InputError: no more frames will come.
        """
        ...

    def seek(self, seconds: float) -> None:
        """Seek to the frame at a time; no effect on a live source."""
        ...

    def close(self) -> None:
        """Close the source; idempotent."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One frame of a source.

    Attributes:
        pixels: uint8 (H, W, 3), RGB, read-only.
        number: counts up from 0 while a source is open; gaps are dropped frames.
        captured: capture time, s of ``time.monotonic``.
        position: position in a file or folder, s; None for endless sources.
    """

    pixels: Pixels
    number: int
    captured: float
    position: float | None = None

    def __post_init__(self) -> None:
        """Make the pixels read-only."""
        self.pixels.flags.writeable = False


class SourceState(StrEnum):
    """The state of a source."""

    OPENING = "opening"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    """It delivers no frames at the moment, and is retried."""
    ENDED = "ended"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """The state of a source with its facts and errors, sent whenever it changes.

    Attributes:
        state: of the source.
        title: its name for people, "USB camera", "film.mp4".
        size: height and width of its images as captured, px; frames downscaled on
            request are smaller.  None before the first.
        rate: frames a second, reported or measured; 0 where unknown.
        duration: of a file or folder, s; 0 where it never ends.
        error: why it waits or failed, in words; while it runs, what is wrong with its
            frames ("12 are damaged and left out").
    """

    state: SourceState
    title: str
    size: tuple[int, int] | None = None
    rate: float = 0.0
    duration: float = 0.0
    error: ErrorRecord | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameImage(Image):
    """A frame as the image that methods take; their results keep its capture time.

    Its ``sha256`` is a unique name instead of a hash: hashing 2.7 MB thirty times a
    second would be wasted, as nearly all frames are discarded.

    Attributes:
        number: of the ``VideoFrame``.
        captured: likewise.
        position: likewise.
    """

    number: int
    captured: float
    position: float | None = None


def frame_image(frame: VideoFrame, title: str, opening: int) -> FrameImage:
    """Convert a frame to an image.

    Args:
        frame: of a source.
        title: the source's name for people.
        opening: unique name of this opening of the source.
    """
    return FrameImage(
        frame.pixels,
        f"{title} frame {frame.number}",
        f"frame:{opening}:{frame.number}",
        number=frame.number,
        captured=frame.captured,
        position=frame.position,
    )
