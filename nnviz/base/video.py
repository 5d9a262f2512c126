"""Moving pictures: where they come from and what is known of each frame."""

from dataclasses import dataclass
from enum import StrEnum

from nnviz.base.errors import ErrorRecord
from nnviz.base.images import Pixels


class SourceKind(StrEnum):
    """What sort of thing gives frames."""

    CAMERA = "camera"
    FILE = "file"
    STREAM = "stream"
    """RTSP or HTTP."""
    FOLDER = "folder"
    """The pictures of a folder in the order of their names, played as a film."""
    SCREEN = "screen"
    SCRIPT = "script"
    """A camera that plays a script, faults included: for tests and demonstrations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRequest:
    """A source of frames and how it is to be played.

    Attributes:
        kind: what it is.
        address: index or device path of a camera, path of a file, folder or script,
            address of a stream, "left,top,width,height" of a part of the screen
            (empty for all of it).
        size: (height, width) wished for, px; None for the source's own.
        rate: frames a second wished for; 0 for the source's own.
        mirrored: left and right swapped, as a person in front of a camera expects.
        loop: a file or folder begins again at its end.
        speed: of a file or folder, 1 for its own.
    """

    kind: SourceKind
    address: str = ""
    size: tuple[int, int] | None = None
    rate: float = 0.0
    mirrored: bool = False
    loop: bool = True
    speed: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One picture of a moving one.

    Attributes:
        pixels: uint8 (H, W, 3), RGB, read-only.
        number: counts up from 0 while a source is open; gaps are frames left out.
        captured: when it was taken, s of ``time.monotonic``.
        position: where it stands in a file or folder, s; None for what never ends.
    """

    pixels: Pixels
    number: int
    captured: float
    position: float | None = None

    def __post_init__(self) -> None:
        """Make the pixels read-only."""
        self.pixels.flags.writeable = False


class SourceState(StrEnum):
    """How a source is."""

    OPENING = "opening"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    """It gives nothing at the moment, and is tried again."""
    ENDED = "ended"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How a source is, told whenever it changes.

    Attributes:
        state: of the source.
        title: its name for people, "USB camera", "film.mp4".
        size: height and width of its frames, px; None before the first.
        rate: frames a second as it says or as measured; 0 where unknown.
        duration: of a file or folder, s; 0 where it never ends.
        error: why it waits or failed, in words.
    """

    state: SourceState
    title: str
    size: tuple[int, int] | None = None
    rate: float = 0.0
    duration: float = 0.0
    error: ErrorRecord | None = None
