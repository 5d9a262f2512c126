"""Recordings of optimizations, as the window shows, lists, resumes and exports them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nnviz.base.documents.dropped import Saved
from nnviz.base.images import Colors
from nnviz.base.parameters import Value
from nnviz.base.recipes import Recipe
from nnviz.base.results import Report

_MEASURES = ("objective", "loss")
"""Names of the optimized quantity, in order of preference."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordingState:
    """The state of a recording on disk.

    Attributes:
        folder: folder of the recording.
        recipe: recipe that reproduces it, steered values included.
        numbers: measurements of each step.
        frames: steps with a frame, ascending.
        total: number of planned steps, 0 where not known.
        finished: whether all steps were done.
        blends: whether the image can be blended in.
    """

    folder: str
    recipe: Recipe
    numbers: tuple[Mapping[str, float], ...]
    frames: tuple[int, ...]
    total: int = 0
    finished: bool = False
    blends: bool = False

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.numbers)

    @property
    def measure(self) -> str:
        """Name of the optimized measure; "" where nothing was measured."""
        names = list(self.numbers[0]) if self.numbers else []
        known = [name for name in _MEASURES if name in names]
        return (known or names or [""])[0]

    @property
    def curve(self) -> tuple[float, ...]:
        """The optimized measure at each step; NaN where it was not measured."""
        measure, missing = self.measure, float("nan")
        return tuple(each.get(measure, missing) for each in self.numbers)

    def nearest(self, step: int) -> int:
        """Return the nearest step that has a frame; -1 where there is none."""
        return min(self.frames, key=lambda kept: abs(kept - step), default=-1)

    def values_at(self, step: int) -> dict[str, Value]:
        """Return the parameters in effect at a step, steered changes included."""
        values = dict(self.recipe.values)
        for at, changes in self.recipe.changes:
            if at <= step + 1:
                values |= changes
        return values


@dataclass(frozen=True, slots=True, eq=False)
class RecordedFrame:
    """A frame of a recording.

    Attributes:
        folder: of the recording.
        step: number of the step.
        pixels: uint8 (H, W, 3), with the image blended in on request; None where the
            step is not an image.
        report: the step's report, where it is not an image.
    """

    folder: str
    step: int
    pixels: Colors | None
    report: Report | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RecordingEntry:
    """An entry in the list of recordings.

    Attributes:
        folder: folder of the recording.
        title: one line, what the method was run on.
        method: name of the recorded method; empty where unknown.
        steps: number of steps.
        total: number of planned steps.
        finished: whether all steps were done.
        changed: time of the last write, s since 1970.
        thumbnail: uint8 (h, w, 3) of the newest frame; None where there is none.
        trouble: why it cannot be opened, in words; empty where it can.
        values: parameters of the method.
    """

    folder: str
    title: str
    method: str = ""
    steps: int = 0
    total: int = 0
    finished: bool = False
    changed: float = 0.0
    thumbnail: Colors | None = None
    trouble: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class OpenedRecording:
    """An opened recording, with what is needed to resume it.

    Attributes:
        recording: state of the recording.
        saved: network, image and its last parameter values.
    """

    recording: RecordingState
    saved: Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoExport:
    """The export of a recording as a video.

    Attributes:
        folder: of the recording.
        out: .mp4 or .gif, else a folder for numbered PNG files.
        rate: frames a second.
        blend: share of the image in each frame, 0 to 1; no effect where the
            optimization started without an image.
    """

    folder: str
    out: str
    rate: float = 15.0
    blend: float = 0.0
