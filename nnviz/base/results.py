"""Results of methods: a Report of Results, frozen and numpy only.

The kinds are a closed list; each has one painter in ``nnviz.render`` and one view in
``nnviz.gui.views``.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.completeness import Completeness
from nnviz.base.frames import Frame, Placement

Array = NDArray[Any]
BACKGROUNDS = frozenset({"background", "__background__"})
"""Names of the background class."""


class Result:
    """Base of all kinds of results.  Arrays are made read-only when one is built."""

    __slots__: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make all arrays read-only."""
        for name in self.__slots__:
            _freeze(getattr(self, name))

    @abstractmethod
    def arrays(self) -> dict[str, Array]:
        """Return the arrays to save, the main one under the name ``""``."""


def _freeze(value: object) -> None:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, Mapping):
        for part in value.values():
            _freeze(part)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking(Result):
    """Names with a number each, in descending order: the top classes.

    Attributes:
        labels: N names.
        values: float64 (N,), falling.
        indices: int64 (N,), index of each in the network's output.
        unit: quantity of the values: "probability", "logit".
        limits: smallest and largest possible value, for the bars; None for unbounded
            values, whose bars start at zero.
        earlier: float64 (N,), values of the same names before a change; None without
            one.
    """

    labels: tuple[str, ...]
    values: NDArray[np.float64]
    indices: NDArray[np.int64]
    unit: str
    limits: tuple[float, float] | None = None
    earlier: NDArray[np.float64] | None = None

    def arrays(self) -> dict[str, Array]:
        """Return values, indices, labels and, where known, the earlier values."""
        earlier = {} if self.earlier is None else {"earlier": self.earlier}
        return {
            "": self.values,
            "indices": self.indices,
            "labels": np.array(self.labels, dtype=np.str_),
            **earlier,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heatmap(Result):
    """A scalar map: one number at each position.

    Attributes:
        values: float (H, W), any range; NaN and infinities are reported, not painted.
        signed: whether zero is the middle (diverging colors) or not (sequential).
        unit: quantity of the values, for the legend.
        frame: frame that the map lies over; None for none.
        placement: where the input lies on the photo, if there is a photo.
    """

    values: Array
    signed: bool
    unit: str
    frame: Frame | None = None
    placement: Placement | None = None

    def arrays(self) -> dict[str, Array]:
        """Return the map as the main array."""
        return {"": self.values}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColorImage(Result):
    """A color image to look at.

    Attributes:
        pixels: float32 (H, W, C) in [0, 1].
        frame: the frame that it replaces; None for an independent image.
        placement: as in Heatmap.
        alpha: float32 (H, W) in [0, 1], opacity of a sticker; None where the image is
            not a sticker.
    """

    pixels: NDArray[np.float32]
    frame: Frame | None = None
    placement: Placement | None = None
    alpha: NDArray[np.float32] | None = None

    def arrays(self) -> dict[str, Array]:
        """Return the pixels, and a sticker's ``alpha``."""
        transparency = {} if self.alpha is None else {"alpha": self.alpha}
        return {"": self.pixels, **transparency}


Picture = ColorImage
"""Former name, still used in packed reports and by methods from other packages."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mosaic(Result):
    """A grid of small maps of one size: a layer's channels, a convolution's kernels.

    Attributes:
        tiles: (N, h, w) numbers or (N, h, w, 3) colors, in the network's own order.
            Colors are raw too: the painter scales them.
        order: int64 (M,), M <= N: which tiles to show, first to last.
        captions: one short name a tile ("12", "12 dead"); () means the indices.
        signed: whether zero is the middle of the color scale.
        shared_scale: one scale for all tiles, or one each.
        unit: quantity of the numbers, for the legend.
        noun: what a tile shows: "channel", "filter".
        layer: name of the layer that the tiles belong to; it links the selection.
            Empty where a tile's index is not a channel index.
        frame: set where each tile covers the network's input.
        placement: as in Heatmap.
        empty: text shown in place of the tiles while there are none.
        room: number of tiles to reserve space for while more are to come; 0 for the
            given ones.
    """

    tiles: Array
    order: NDArray[np.int64]
    captions: tuple[str, ...] = ()
    signed: bool
    shared_scale: bool
    unit: str
    noun: str
    layer: str
    frame: Frame | None = None
    placement: Placement | None = None
    empty: str = ""
    room: int = 0

    def arrays(self) -> dict[str, Array]:
        """Return the tiles and the order."""
        return {"": self.tiles, "order": self.order}

    def caption(self, index: int) -> str:
        """Return the caption of tile ``index`` (in the network's own order)."""
        return self.captions[index] if self.captions else str(index)

    def name(self, index: int) -> str:
        """Return noun and caption of a tile; the noun once where the caption has it."""
        caption = self.caption(index)
        if caption.startswith(f"{self.noun} "):
            return caption
        return f"{self.noun} {caption}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves(Result):
    """Series of numbers over a common axis: line plots or histograms.

    Attributes:
        x: float (P,), P = 0 while there is no data; for bars the P edges of P - 1 bins.
        series: name -> float (P,), for bars (P - 1,).
        x_label: name and unit of the axis.
        y_label: likewise.
        style: lines, or the bars of a histogram.
        limits: smallest and largest possible value; None for unbounded values, whose
            axis is fitted to the curves.
    """

    x: Array
    series: Mapping[str, Array]
    x_label: str
    y_label: str
    style: Literal["lines", "bars"] = "lines"
    limits: tuple[float, float] | None = None

    @classmethod
    def over_steps(
        cls,
        series: Mapping[str, Sequence[float] | Array],
        x_label: str,
        y_label: str,
        first: int = 0,
    ) -> Self:
        """Build curves whose x axis counts steps.

        Args:
            series: name -> numbers, equally many in each.
            x_label: the quantity that is counted.
            y_label: name and unit of the numbers.
            first: x of the first number.
        """
        values = {name: np.array(each, np.float64) for name, each in series.items()}
        count = len(next(iter(values.values())))
        x = np.arange(first, first + count, dtype=np.float64)
        return cls(x=x, series=values, x_label=x_label, y_label=y_label)

    def arrays(self) -> dict[str, Array]:
        """Return the axis as ``x`` and the series stacked (S, P) as the main array."""
        return {"": np.stack(list(self.series.values())), "x": self.x}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table(Result):
    """Rows of words and numbers.

    Attributes:
        columns: headings, with units.
        rows: one value for each column, text or number.
        of_layers: whether the first column names layers of the network.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    of_layers: bool = False

    def arrays(self) -> dict[str, Array]:
        """Return the rows as text (R, C) and the headings."""
        cells = np.array([[str(cell) for cell in row] for row in self.rows], np.str_)
        return {
            "": cells.reshape(len(self.rows), len(self.columns)),
            "columns": np.array(self.columns, np.str_),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Text(Result):
    """Text: a remark, a warning, a description."""

    text: str
    warning: bool = False

    def arrays(self) -> dict[str, Array]:
        """Return the text as an array of one string."""
        return {"": np.array([self.text], np.str_)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackMarks:
    """Identities and trails of objects tracked from frame to frame.

    Attributes:
        ids: int64 (N,), the number of each object, counted from 1.
        trails: float32 (N, P, 2): past x, y of each object, oldest first, px of the
            boxes' frame; NaN before it appeared.
        line: left, top, right, bottom of a counting line, px; None for none.
        line_words: text of the counts at the line.
    """

    ids: NDArray[np.int64]
    trails: NDArray[np.float32]
    line: tuple[float, float, float, float] | None = None
    line_words: str = ""

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        _freeze(self.ids)
        _freeze(self.trails)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boxes(Result):
    """Objects found in an image, in descending order of score.

    Attributes:
        boxes: float32 (N, 4): left, top, right, bottom in px of ``frame``, continuous
            (a pixel in column j covers j to j + 1).
        scores: float32 (N,) in [0, 1], descending.
        classes: int64 (N,), indices into ``labels``.
        labels: name of each class that the network knows.
        frame: frame in whose pixels the boxes are given.
        placement: as in Heatmap.
        masks: bool (N, H, W) over the frame, where the network returns masks.
        keypoints: float32 (N, K, 3): x, y in px and a score (logit), where the network
            returns them.
        skeleton: pairs of keypoints to join with a line.
        threshold: score below which objects were left out, in [0, 1].
        captions: a label for each box in place of its class and score; empty ones are
            not drawn; () for class and score.
        faint: bool (N,), boxes drawn thin because they were discarded.
        tracks: identities from frame to frame; None without tracking.
        objects: whether the boxes are detected objects, which can be targets by index;
            anchors and regions are not.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    labels: tuple[str, ...]
    frame: Frame = Frame.PHOTO
    placement: Placement | None = None
    masks: NDArray[np.bool_] | None = None
    keypoints: NDArray[np.float32] | None = None
    skeleton: tuple[tuple[int, int], ...] = ()
    threshold: float = 0.0
    captions: tuple[str, ...] = ()
    faint: NDArray[np.bool_] | None = None
    tracks: TrackMarks | None = None
    objects: bool = True

    @classmethod
    def marked_areas(
        cls,
        edges: Sequence[Sequence[float]],
        names: Sequence[str],
        frame: Frame,
        placement: Placement | None,
    ) -> Self:
        """Build named areas of an image that are no detected objects.

        Args:
            edges: left, top, right, bottom of each, px of the frame.
            names: name of each area.
            frame: frame in whose pixels the edges are given.
            placement: as in Heatmap.
        """
        count = len(edges)
        return cls(
            boxes=np.array(edges, np.float32),
            scores=np.ones(count, np.float32),
            classes=np.arange(count, dtype=np.int64),
            labels=tuple(names),
            captions=tuple(names),
            objects=False,
            frame=frame,
            placement=placement,
        )

    def arrays(self) -> dict[str, Array]:
        """Return the boxes as the main array, and every other field that is set."""
        found: dict[str, Array] = {
            "": self.boxes,
            "scores": self.scores,
            "classes": self.classes,
            "labels": np.array(self.labels, np.str_),
        }
        captions = np.array(self.captions, np.str_) if self.captions else None
        extra: dict[str, Array | None] = {
            "masks": self.masks,
            "keypoints": self.keypoints,
            "captions": captions,
            "faint": self.faint,
            "tracks": None if self.tracks is None else self.tracks.ids,
            "trails": None if self.tracks is None else self.tracks.trails,
        }
        return found | {k: v for k, v in extra.items() if v is not None}

    def caption(self, index: int) -> str:
        """Return the label of a box: its own, or class and score, "dog 87 %"."""
        if self.captions:
            return self.captions[index]
        if self.tracks is not None:
            return f"#{self.tracks.ids[index]} {self.labels[self.classes[index]]}"
        return f"{self.labels[self.classes[index]]} {100 * self.scores[index]:.0f} %"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mask(Result):
    """A segmentation: a class for each pixel.

    Attributes:
        classes: int64 (H, W), indices into ``labels``.
        confidence: float32 (H, W) in [0, 1], probability of that class.
        labels: name of each class that the network knows.
        background: index of the class that is not painted; -1 for none.
        frame: frame of the pixels.
        placement: as in Heatmap.
    """

    classes: NDArray[np.int64]
    confidence: NDArray[np.float32]
    labels: tuple[str, ...]
    background: int = 0
    frame: Frame = Frame.INPUT
    placement: Placement | None = None

    def arrays(self) -> dict[str, Array]:
        """Return the classes as the main array, the confidence and the labels."""
        return {
            "": self.classes,
            "confidence": self.confidence,
            "labels": np.array(self.labels, np.str_),
        }

    def shares(self) -> dict[int, float]:
        """Return the share of the image that each class covers, largest first."""
        counts = np.bincount(self.classes.ravel(), minlength=len(self.labels))
        found = np.flatnonzero(counts)
        order = found[np.argsort(-counts[found], kind="stable")]
        return {int(each): float(counts[each] / self.classes.size) for each in order}


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagramNode:
    """A box of a diagram: a layer or an operation.

    Attributes:
        name: dotted path, unlike any other node's; nodes whose paths begin with a
            group's lie inside that group's box.
        title: text in the box, "Conv2d", "add".
        kind: kind of operation, which sets the color; one of ``DIAGRAM_KINDS``.
        detail: a second line, "3 × 3, stride 2"; may be empty.
        layer: name of the layer that it selects; empty for none.
        value: associated number (an activation); None for none.
        cell: column and row where it is drawn, from the left and the top; None for
            automatic layout.  Only used if all nodes have one and there are no groups.
    """

    name: str
    title: str
    kind: str = "other"
    detail: str = ""
    layer: str = ""
    value: float | None = None
    cell: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagramEdge:
    """An arrow of a diagram.

    Attributes:
        source: index of the node where it begins.
        target: index of the node where it ends.
        label: size of the data along it, "64 × 56 × 56"; may be empty.
        value: associated number (a weight); None for none.
    """

    source: int
    target: int
    label: str = ""
    value: float | None = None


DIAGRAM_KINDS = (
    *("input", "output", "convolution", "linear", "normalization", "activation"),
    *("pooling", "attention", "join", "resize", "reshape", "other"),
)
"""Kinds of operations of a diagram's nodes; each has a color."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diagram(Result):
    """Nodes and arrows between them: the graph of a network.

    Attributes:
        nodes: nodes in computing order.
        edges: arrows from earlier nodes to later ones.
        groups: title of each enclosing box, by its path: "layer1" -> "Sequential".
    """

    nodes: tuple[DiagramNode, ...]
    edges: tuple[DiagramEdge, ...]
    groups: Mapping[str, str] = field(default_factory=dict)

    def arrays(self) -> dict[str, Array]:
        """Return the edges (E, 2) as indices, and names, titles, details and labels."""
        ends = [(edge.source, edge.target) for edge in self.edges]
        return {
            "": np.array(ends, np.int64).reshape(len(ends), 2),
            "names": np.array([node.name for node in self.nodes], np.str_),
            "titles": np.array([node.title for node in self.nodes], np.str_),
            "details": np.array([node.detail for node in self.nodes], np.str_),
            "kinds": np.array([node.kind for node in self.nodes], np.str_),
            "labels": np.array([edge.label for edge in self.edges], np.str_),
        }


OfKind = TypeVar("OfKind", bound=Result)


class TargetNote(str):
    """A note with a map's target and score, as text and as data.

    Attributes:
        target: in words, "logit of tabby".
        score: score of the image.
    """

    __slots__ = ("score", "target")
    target: str
    score: float

    def __new__(cls, target: str, score: float) -> Self:
        """Return the note: "logit of tabby, 12.3"."""
        note = super().__new__(cls, f"{target}, {score:.4g}")
        note.target, note.score = target, score
        return note

    def __getnewargs__(self) -> tuple[str, float]:  # type: ignore[override]
        """Return the arguments of ``__new__``, for copying and pickling."""
        return self.target, self.score


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an attack: goal reached or not, and the network's answers.

    Attributes:
        verdict: the goal and whether it was reached.
        answers: the network's answers without and with the attack.
    """

    verdict: str
    answers: str

    def __str__(self) -> str:
        """Return verdict and answers in one line."""
        return f"{self.verdict}; {self.answers}"


@dataclass(frozen=True, slots=True, eq=False)
class Report(Mapping[str, Result]):
    """The results of one run by name, in order; the first is the main one.

    Attributes:
        results: at least one.
        notes: remarks to show beside the results ("3 of 64 channels are dead").
        completeness: check of attributions that should add up; None for all others.
        outcome: of an attack; None for all other methods.
    """

    results: Mapping[str, Result]
    notes: tuple[str, ...] = field(default=())
    completeness: Completeness | None = None
    outcome: Outcome | None = None

    def __getitem__(self, name: str) -> Result:
        """Return a result by name."""
        return self.results[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, the main result's first."""
        return iter(self.results)

    def __len__(self) -> int:
        """Return the number of results."""
        return len(self.results)

    @property
    def main(self) -> Result:
        """The first result."""
        return next(iter(self.results.values()))

    @property
    def layer(self) -> str:
        """The layer whose channels are shown; "" where there is none."""
        mosaic = self.first(Mosaic)
        return mosaic.layer if mosaic is not None else ""

    @property
    def target(self) -> TargetNote | None:
        """The target of a map and its score; None where no note states it."""
        return next((each for each in self.notes if isinstance(each, TargetNote)), None)

    def first(self, kind: type[OfKind]) -> OfKind | None:
        """Return the first result of a kind; None where there is none."""
        found = (each for each in self.results.values() if isinstance(each, kind))
        return next(found, None)

    def arrays(self) -> dict[str, Array]:
        """Return the arrays of all results, named as in an .npz file.

        The main result's main array is ``data``; others are ``NAME`` or
        ``NAME.PART``.
        """
        found: dict[str, Array] = {}
        for index, (name, result) in enumerate(self.results.items()):
            for part, array in result.arrays().items():
                head = "data" if index == 0 and not part else name
                found[f"{name}.{part}" if part else head] = array
        return found
