"""Tracking: detections with stable ids and colors from frame to frame."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.info import INSPECTION, Reference, Task
from nnviz.base.parameters import (
    ClassList,
    Essential,
    Help,
    Range,
    Title,
    Unit,
    When,
)
from nnviz.base.results import Boxes, Report, Table, TrackMarks
from nnviz.base.video import FrameImage
from nnviz.engine.detection.suppression import arrays, class_names, suppress
from nnviz.engine.detection.tracking import (
    Detections,
    Tracks,
    no_tracks,
    rejoin,
    update,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.nms import on_photo, select

_LOW = 0.4
"""Fraction of the minimum score above which a detection can continue a track."""
_LIMIT = 200
_ONE_OBJECT = 0.6
"""Overlap above which boxes of two classes count as one object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackParams:
    """Parameters of tracking: score, patience, trails, counting line."""

    score: Annotated[
        float,
        Title("Minimum score"),
        Range(0.01, 1.0),
        Help("A new object needs this score; a tracked one needs 40 % of it."),
        Essential(),
    ] = 0.4
    line: Annotated[
        Literal["none", "vertical", "horizontal"],
        Title("Counting line"),
        Help("Counts the objects whose center crosses a line."),
        Essential(),
    ] = "none"
    position: Annotated[
        float,
        Title("Position of the line"),
        Range(0.0, 1.0),
        Help("A fraction of the image's width, or height for a horizontal line."),
        When("line", ("vertical", "horizontal")),
        Essential(),
    ] = 0.5
    trail: Annotated[
        int,
        Title("Trail"),
        Range(0, 200),
        Unit("frames"),
        Help("Draws the path of each object over this many frames."),
        Essential(),
    ] = 30
    patience: Annotated[
        float,
        Range(0.0, 10.0),
        Unit("s"),
        Help("An object that is not found for this long is dropped."),
    ] = 2.0
    overlap: Annotated[
        float,
        Title("Maximum overlap"),
        Range(0.0, 1.0),
        Help(
            "Overlap (IoU) above which non-maximum suppression drops the "
            "lower-scored of two boxes of a class."
        ),
    ] = 0.5
    classes: Annotated[
        ClassList,
        Title("Classes"),
        Help("Class names to follow, separated by commas. Empty: all."),
    ] = ""


@register(
    "track",
    title="Track",
    group="Inspect",
    capabilities=INSPECTION,
    live=True,
    reference=Reference("Bewley et al. 2016", "arXiv:1602.00763"),
    tasks=(Task.DETECT,),
)
class Track:
    """Detected objects with ids that are stable from frame to frame."""

    Params: ClassVar[type] = TrackParams
    shows: ClassVar[str] = (
        "Each object with a number and a color that it keeps while it is in view, "
        "its trail, and counts of objects per class or across a line."
    )
    reading: ClassVar[str] = (
        "Use it in Live, on a camera or a video. An object that is hidden keeps its "
        "number for as long as the patience allows; later it counts as a new one."
    )
    misleads: ClassVar[str] = (
        "Boxes are matched by overlap, predicted motion and class, not by "
        "appearance: two similar objects that meet may swap numbers. On a single "
        "image every object is new."
    )
    presets: ClassVar[Presets] = {"demo": {}, "crossings": {"line": "vertical"}}

    def run(self, ctx: Context, params: TrackParams) -> Iterator[Report]:
        """Yield one report: "objects" (main) and "counts" by class."""
        state = _State.from_earlier(ctx, params.trail)
        found = suppress(
            ctx, _LOW * params.score, params.overlap, _LIMIT, params.classes
        )
        boxes, scores, classes = arrays(found.chosen)
        alone = select(boxes, scores, np.zeros_like(classes), _ONE_OBJECT, _LIMIT)
        boxes, scores, classes = boxes[alone], scores[alone], classes[alone]
        seen = Detections(on_photo(boxes, ctx.placement), scores, classes)
        time = ctx.image.captured if isinstance(ctx.image, FrameImage) else 0.0
        state.advance(ctx, seen, time, params)
        state.leave(ctx)
        drawn = state.drawn(ctx, seen, params)
        yield Report({"objects": drawn, "counts": state.table(ctx)}, state.notes())


@dataclass(slots=True, eq=False)
class _State:
    """State of tracking, carried from frame to frame.

    Attributes:
        tracks: the current tracks.
        trails: float32 (T, P, 2), oldest first.
        crossed: float64 (2,), number of crossings in both directions.
        totals: float64 (K,), objects of each class seen so far.
        counted: int64 (T,), the class under which each track is among the totals.
        of: the detection of each track in this frame, -1 for none.
    """

    tracks: Tracks
    trails: NDArray[np.float32]
    crossed: NDArray[np.float64]
    totals: NDArray[np.float64]
    counted: NDArray[np.int64]
    of: NDArray[np.int64]

    @classmethod
    def from_earlier(cls, ctx: Context, length: int) -> "_State":
        """Restore the state of the previous frame, or create an empty one."""
        left = {name: each.numpy() for name, each in ctx.inference.earlier.items()}
        classes = max(1, len(ctx.model.info.labels))
        if not left or left["trails"].shape[1] != length + 1:
            trails = np.zeros((0, length + 1, 2), np.float32)
            first = no_tracks(classes, 0.0)
            return cls(
                first, trails, np.zeros(2), np.zeros(classes), first.ids, first.ids
            )
        time, following = left["clock"].tolist()
        parts = {name: left[name] for name in _PARTS}
        tracks = Tracks(**parts, time=time, next_id=int(following))
        return cls(
            tracks,
            trails=left["trails"],
            crossed=left["crossed"],
            totals=left["totals"],
            counted=left["counted"],
            of=np.full(len(tracks.ids), -1, np.int64),
        )

    def leave(self, ctx: Context) -> None:
        """Store the state for the next frame."""
        kept = {name: getattr(self.tracks, name) for name in _PARTS}
        clock = np.array([self.tracks.time, self.tracks.next_id], np.float64)
        kept |= {"trails": self.trails, "crossed": self.crossed}
        kept |= {"totals": self.totals, "counted": self.counted, "clock": clock}
        ctx.inference.earlier.update(
            {name: torch.from_numpy(np.ascontiguousarray(kept[name])) for name in kept}
        )

    def advance(
        self, ctx: Context, seen: Detections, time: float, params: TrackParams
    ) -> None:
        """Update the tracks with a frame's detections."""
        ids, trails = self.tracks.ids, self.trails
        first_new = self.tracks.next_id
        updated = update(self.tracks, seen, time, params.score, params.patience)
        self.tracks, self.of, joined = rejoin(*updated)
        rows = np.searchsorted(ids, self.tracks.ids)
        old = self.tracks.ids < first_new
        self.trails = np.full((len(old), *trails.shape[1:]), np.nan, np.float32)
        self.trails[old] = trails[rows[old]]
        centers = self.tracks.mean[:, :2, 0].astype(np.float32)
        self._cross(ctx, centers, params)
        self.trails = np.concatenate((self.trails[:, 1:], centers[:, None]), 1)
        self._count(old, rows, np.isin(ids, joined))

    def _count(
        self,
        old: NDArray[np.bool_],
        rows: NDArray[np.int64],
        joined: NDArray[np.bool_],
    ) -> None:
        """Count each track among the totals once, under its present class.

        Args:
            old: which tracks were there before.
            rows: their rows then.
            joined: which of the tracks then turned out to be others.
        """
        lacking = self.tracks.votes.shape[1] - len(self.totals)
        self.totals = np.pad(self.totals, (0, max(0, lacking)))
        left = np.concatenate((self.counted[joined], self.counted[rows[old]]))
        np.subtract.at(self.totals, left, 1)
        self.counted = self.tracks.classes
        np.add.at(self.totals, self.counted, 1)

    def _cross(
        self, ctx: Context, centers: NDArray[np.float32], params: TrackParams
    ) -> None:
        """Count the tracks whose center crossed the line since the last frame."""
        if params.line == "none":
            return
        axis = 0 if params.line == "vertical" else 1
        height, width = ctx.image.size
        place = params.position * (width, height)[axis]
        before, after = self.trails[:, -1, axis], centers[:, axis]
        self.crossed += (
            int(((before < place) & (after >= place)).sum()),
            int(((before >= place) & (after < place)).sum()),
        )

    def drawn(self, ctx: Context, seen: Detections, params: TrackParams) -> Boxes:
        """Return this frame's objects with ids and trails."""
        (rows,) = np.nonzero(self.of >= 0)
        found = self.of[rows]
        order = np.argsort(-seen.scores[found], kind="stable")
        rows, found = rows[order], found[order]
        classes = self.tracks.classes[rows]
        return Boxes(
            boxes=seen.boxes[found],
            scores=seen.scores[found],
            classes=classes,
            labels=class_names(ctx.model.info, classes),
            threshold=_LOW * params.score,
            tracks=TrackMarks(
                ids=self.tracks.ids[rows],
                trails=self.trails[rows],
                line=_line(ctx, params),
                line_words=self._crossings(),
            ),
        )

    def table(self, ctx: Context) -> Table:
        """Return the table of current and total objects by class."""
        now = np.bincount(self.tracks.classes[self.of >= 0], minlength=len(self.totals))
        names = class_names(ctx.model.info, np.array([len(self.totals) - 1]))
        order = np.argsort(-self.totals, kind="stable")
        rows = tuple(
            (names[each], int(now[each]), int(self.totals[each]))
            for each in order.tolist()
            if self.totals[each]
        )
        return Table(columns=("class", "in view", "in all"), rows=rows)

    def notes(self) -> tuple[str, ...]:
        """Return notes on objects in view, in total, and across the line."""
        now, total = int((self.of >= 0).sum()), int(self.totals.sum())
        words = f"{now} in view, {total} in all"
        crossings = self._crossings()
        return (words, crossings) if crossings else (words,)

    def _crossings(self) -> str:
        forth, back = map(int, self.crossed)
        return f"{forth} crossed forth, {back} back" if forth or back else ""


_PARTS = ("ids", "votes", "mean", "covariance", "seen", "born")


def _line(
    ctx: Context, params: TrackParams
) -> tuple[float, float, float, float] | None:
    """Return the ends of the counting line on the image, px."""
    height, width = map(float, ctx.image.size)
    match params.line:
        case "vertical":
            return params.position * width, 0.0, params.position * width, height
        case "horizontal":
            return 0.0, params.position * height, width, params.position * height
        case _:
            return None
