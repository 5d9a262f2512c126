"""Messages of the live loop: frames, the results found in them, latencies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nnviz.base.explanations.occluder import Fill
from nnviz.base.info import ModelEntry, ModelInfo, Task
from nnviz.base.parameters import Value
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest
from nnviz.base.results import Boxes, Heatmap, Mask, Ranking
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.base.stickers.placed import Placed
from nnviz.base.video import FrameImage, SourceRequest


@dataclass(frozen=True, slots=True)
class Figures:
    """Performance of the live loop: frame rate, latency, inference time.

    Attributes:
        rate: frames shown a second.
        age: time from the capture of the frame to its display, s.
        inference: running time of the method, s; 0 without a method.
        dropped: frames not shown since the source was opened.
        scale: size of the frames as a fraction of the source's own.
    """

    rate: float
    age: float
    inference: float
    dropped: int
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A frame to show, with the method's result for it.

    Attributes:
        image: the frame.
        run: the method's run on it; None without a method.
        figures: performance figures.
        bars: the ranking smoothed over frames; None where the method returns no
            ranking.
    """

    image: FrameImage
    run: Run | None
    figures: Figures
    bars: Ranking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A square that hides part of each frame from the network.

    Attributes:
        y: center, as a fraction of the frame's height; may lie outside [0, 1].
        x: likewise, of the frame's width.
        side: side, as a fraction of the frame's shorter side.
        fill: what fills the square.
        mean: the color that "mean" stands for, red, green and blue, 0 to 255.
    """

    y: float
    x: float
    side: float
    fill: Fill = "gray"
    mean: tuple[int, int, int] = (128, 128, 128)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome of recording a video.

    Attributes:
        paths: of the video and its table; empty where no frame was shown.
        frames: number of frames in the video.
        left_out: frames missing from the video because the disk was too slow.
    """

    paths: tuple[Path, ...]
    frames: int
    left_out: int


def found(shown: Shown) -> tuple[str, str]:
    """Return what was found in a frame as a name and a number: "cat", "0.713".

    For detections the best object's name and score, for segmentations the largest
    segment's name and share, for explanations the target and its score; empty where
    there is none.
    """
    main = shown.run.report.main if shown.run is not None else None
    if isinstance(main, Ranking) and shown.bars is not None:
        main = shown.bars
    match main:
        case Ranking() if main.labels:
            return main.labels[0], f"{main.values[0]:.3f}"
        case Boxes() if len(main.boxes):
            return main.labels[main.classes[0]], f"{main.scores[0]:.3f}"
        case Mask():
            shares = main.shares().items()
            named = [pair for pair in shares if pair[0] != main.background]
            for index, share in named[:1]:
                return main.labels[index], f"{share:.3f}"
        case Heatmap() if shown.run is not None and shown.run.report.target:
            about = shown.run.report.target
            return about.target, f"{about.score:.4g}"
        case _:
            pass
    return "", ""


class SourceControls(Protocol):
    """Playback controls of an open source; may be called from any thread."""

    def pause(self) -> None:
        """Pause the source."""
        ...

    def resume(self) -> None:
        """Resume the source."""
        ...

    def step(self, frames: int) -> None:
        """Pause, and advance by some frames."""
        ...

    def seek(self, seconds: float) -> None:
        """Seek to a time in a video."""
        ...

    def set_speed(self, speed: float) -> None:
        """Set the playback speed of a video; 1 for its own."""
        ...

    def set_mirrored(self, mirrored: bool) -> None:  # noqa: FBT001
        """Set whether frames are mirrored left to right."""
        ...

    def set_scale(self, share: float) -> None:
        """Set the scale of the frames: a fraction of width and height."""
        ...


@dataclass(frozen=True, slots=True)
class Content:
    """A kind of analysis that Live offers: classes, objects, segments.

    Attributes:
        name: name on the command line.
        title: name in the window.
        method: the method that shows it.
        task: task of the networks that it needs; None for any.
        model: default network, where the open one does not suit.
    """

    name: str
    title: str
    method: str
    task: Task | None
    model: str = ""

    def suits(self, model: ModelInfo) -> bool:
        """Return whether a network suits this kind of analysis."""
        return bool(model.layers) if self.task is None else model.task == self.task

    def network(self, models: Iterable[ModelEntry], present: Iterable[str]) -> str:
        """Return the reference of the network to begin with; "" for none installed.

        Networks trained on real images come first.
        """
        held = set(present)
        entries = sorted(models, key=lambda entry: bool(entry.trained_on))
        fitting = [
            entry.reference
            for entry in entries
            if entry.reference in held and self.task in (None, entry.task)
        ]
        return self.model if self.model in fitting else next(iter(fitting), "")


CONTENTS = (
    Content("classify", "Classify", "predictions", Task.CLASSIFY, DEFAULT_MODEL),
    Content("features", "Features", "activations", None, DEFAULT_MODEL),
    Content("detect", "Detect", "detect", Task.DETECT, "bundled:everyday-detector"),
    Content("track", "Track", "track", Task.DETECT, "bundled:everyday-detector"),
    Content("segment", "Segment", "segment", Task.SEGMENT),
    Content("why", "Why", "grad_cam", Task.CLASSIFY, DEFAULT_MODEL),
    Content("repaint", "Repaint", "fast_style", Task.REPAINT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOrder:
    """The live source and method that the program starts with.

    Attributes:
        source: of the frames; None for the window's default.
        content: the analysis to run.
        model: how the network is opened.
        values: parameters of the method by name.
        record: path of a video to write; None for none.
        stickers: stickers to paste onto each frame, the lowest first.
    """

    source: SourceRequest | None
    content: Content
    model: ModelRequest
    values: Mapping[str, Value]
    record: Path | None = None
    stickers: tuple[Placed, ...] = ()
