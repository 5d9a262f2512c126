"""R-CNN: warped region proposals, a classifier or SVMs, box regression, suppression."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.frames import Frame
from nnviz.base.info import Capabilities, Reference, Task
from nnviz.base.parameters import (
    BoxList,
    ClassList,
    Essential,
    Help,
    ImageFolder,
    Range,
    Title,
    Unit,
)
from nnviz.base.results import Boxes, Heatmap, Report, Result, Table
from nnviz.engine.compute.batch_size import BatchSizer, pass_bytes
from nnviz.engine.data.annotated import Annotations, joined
from nnviz.engine.detection.region_heads import RegionHeads
from nnviz.engine.detection.region_training import TrainedHeads, sampled, train_heads
from nnviz.engine.detection.suppression import class_names, wanted_classes
from nnviz.engine.detection.warped_regions import (
    WORKING_SIZE,
    RegionPasses,
    propose_regions,
    working_image,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.nms import Corners, select

_LIMIT = 100
_PUBLISHED = (
    ("R-CNN", 50.0, 66.0),
    ("Fast R-CNN", 2.0, 66.9),
    ("Faster R-CNN", 0.2, 66.9),
    ("SSD300", 0.022, 74.3),
)
"""Seconds per image on a GPU, including proposals, and mAP on VOC 2007, %, with VGG16:
Ren et al. 2015 (arXiv:1506.01497), Liu et al. 2016 (arXiv:1512.02325)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RcnnParams:
    """Parameters of R-CNN: regions, score, suppression."""

    regions: Annotated[
        int,
        Title("Regions"),
        Range(1, 2000, log=True),
        Help("Number of proposals to classify: one forward pass each."),
        Essential(),
    ] = 150
    source: Annotated[
        Literal["selective search", "sliding windows"],
        Title("Regions from"),
        Help("Selective search, or squares of three sizes on a grid."),
        Essential(),
    ] = "selective search"
    score: Annotated[
        float,
        Title("Minimum score"),
        Range(0.01, 1.0),
        Help("Hides boxes with a lower class probability."),
        Essential(),
    ] = 0.6
    overlap: Annotated[
        float,
        Title("Maximum overlap"),
        Range(0.0, 1.0),
        Help(
            "Overlap (IoU) above which non-maximum suppression drops the "
            "lower-scored of two boxes of a class; R-CNN used 0.3."
        ),
    ] = 0.3
    context: Annotated[
        int,
        Title("Context"),
        Range(0, 64),
        Unit("px"),
        Help("Surroundings that a warped region shows on each side."),
    ] = 16
    classes: Annotated[
        ClassList,
        Title("Classes"),
        Help("Class names to keep, separated by commas. Empty: all."),
        Essential(),
    ] = ""
    boxes: Annotated[
        BoxList,
        Title("Drawn boxes"),
        Help(
            "Examples drawn on the Boxes page: CLASS LEFT TOP RIGHT BOTTOM in px, "
            "several separated by commas, then @ FILE; images separated by ;. A linear "
            "SVM and a box regression are trained for each class."
        ),
        Essential(),
    ] = ""
    examples: Annotated[
        ImageFolder,
        Title("Examples"),
        Help(
            "Folder of images with COCO boxes, used like drawn boxes. With neither, "
            "the network's own classes and the boxes as proposed."
        ),
    ] = ""
    example_count: Annotated[
        int,
        Title("Example images"),
        Range(1, 1000, log=True),
        Help("Maximum number of training images from the folder."),
    ] = 20
    regression: Annotated[
        bool,
        Title("Box regression"),
        Help("Moves and grows each box as its features say; needs examples."),
    ] = True


@register(
    "rcnn",
    title="R-CNN",
    group="Inspect",
    capabilities=Capabilities(workspace="Inspect"),
    live=False,
    reference=Reference("Girshick et al. 2014", "arXiv:1311.2524"),
    tasks=(Task.CLASSIFY,),
)
class Rcnn:
    """Any classifier as a detector: each proposed region is warped and classified."""

    Params: ClassVar[type] = RcnnParams
    shows: ClassVar[str] = (
        "Boxes found with an image classifier, which outputs no positions: each "
        "region proposed by a search without a network is warped to the "
        "classifier's input and classified."
    )
    reading: ClassVar[str] = (
        "The map shows the highest score of the class with the most boxes. With "
        "boxes that you draw, or a folder of examples, a linear SVM scores each "
        "class, shown as the sigmoid of its margin: 50 % is its boundary. The notes "
        "compare the time with one pass over the whole image, a table with "
        "published detectors."
    )
    misleads: ClassVar[str] = (
        "The classifier never learned what background looks like: a patch of grass "
        "also gets some class, often with a high probability. R-CNN's SVMs and box "
        "regression help against that and need examples; without them expect many "
        "false boxes, as rough as the proposals."
    )
    presets: ClassVar[Presets] = {
        "demo": {"regions": 12, "source": "sliding windows", "score": 0.1},
        "as published": {"regions": 2000},
        "sliding windows": {"source": "sliding windows"},
    }

    def run(self, ctx: Context, params: RcnnParams) -> Iterator[Report]:
        """Yield boxes, their classes and a map, for growing numbers of regions."""
        passes = RegionPasses(ctx, params.context)
        trained = TrainedHeads()
        examples = _annotations(ctx, params)
        if examples is not None:
            for trained in train_heads(ctx, passes, examples, params.regions):
                if trained.heads is None:
                    yield _learning(trained)
        yield from _detect(ctx, passes, params, trained)


def _annotations(ctx: Context, params: RcnnParams) -> Annotations | None:
    """Return the images to learn from: drawn boxes, a folder, both; None for neither.

    Raises:
        InputError: no such file or folder, or no boxes in the folder.
    """
    drawn = ctx.files.boxes(params.boxes) if params.boxes.strip() else None
    if not params.examples:
        return drawn
    given = sampled(ctx.files.annotations(params.examples), params.example_count)
    if not given.pictures:
        raise InputError(params.examples, "has no images with boxes", "annotate some")
    return given if drawn is None else joined(drawn, given)


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Regions of the image with their class scores.

    Attributes:
        regions: (n, 4) corners, px.
        scores: (n, K) in [0, 1].
        boxes: (n, K, 4), the regions after each class's box regression.
        classes: int64 (K,), indices into the labels.
        labels: names of all classes.
    """

    regions: Corners
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    labels: tuple[str, ...]


def _detect(
    ctx: Context, passes: RegionPasses, params: RcnnParams, trained: TrainedHeads
) -> Iterator[Report]:
    """Yield reports for growing numbers of regions."""
    heads, info = trained.heads, ctx.model.info
    began = time.monotonic()
    pixels, scale = working_image(ctx.image)
    regions = propose_regions(ctx, pixels, params.source, params.regions)
    searched = time.monotonic() - began
    work = (passes.probabilities if heads is None else passes.features)(pixels, regions)
    pace = BatchSizer(ctx.model.device, info.macs, pass_bytes(info.layers))
    given: list[NDArray[np.float32]] = []
    began = time.monotonic()
    for part, numbers in ctx.chunks.over(len(regions), pace, work):
        given.append(numbers)
        done, passed = part.stop, time.monotonic() - began
        ctx.step(done, len(regions), noun="region")
        notes: tuple[str, ...] = (
            f"{done} regions: {searched:.1f} s to find, {passed:.1f} s to classify",
            f"one pass of the whole image takes about {1e3 * passed / done:.1f} ms",
        )
        scored = _scored(ctx, heads, regions[:done], np.concatenate(given), params)
        notes += _remarks(scored, params)
        results = _results(ctx, _enlarged(scored, scale, ctx.image.size), params)
        if trained.rows:
            results["examples"] = _examples(trained)
        yield Report(results, notes)


def _scored(
    ctx: Context,
    heads: RegionHeads | None,
    regions: Corners,
    given: NDArray[np.float32],
    params: RcnnParams,
) -> _Scored:
    """Return the regions with the scores and boxes of the wanted classes.

    Args:
        ctx: with the network.
        heads: trained on examples; None to use the network's own classes.
        regions: (n, 4) corners, px of the working image.
        given: (n, D) features of the regions; without heads (n, K) probabilities.
        params: of the run.
    """
    labels = (
        heads.labels
        if heads
        else class_names(ctx.model.info, np.arange(given.shape[1]))
    )
    scores = _sigmoid(heads.margins(given)) if heads else given
    kept = wanted_classes(labels, params.classes) or list(range(scores.shape[1]))
    classes = np.array(kept, np.int64)
    boxes = np.broadcast_to(regions[:, None], (len(regions), len(classes), 4))
    if heads and params.regression:
        each = [
            heads.regressed(regions, given, np.full(len(regions), index))
            for index in kept
        ]
        boxes = np.stack(each, 1)
    return _Scored(regions, scores[:, classes], boxes, classes, labels)


def _remarks(scored: _Scored, params: RcnnParams) -> tuple[str, ...]:
    """Return the highest score where none reaches the minimum score."""
    best = int(scored.scores.max(0).argmax())
    highest = float(scored.scores[:, best].max())
    if highest >= params.score:
        return ()
    name = scored.labels[scored.classes[best]]
    return (
        f"the highest score is {100 * highest:.0f} %, of {name}: lower the minimum",
    )


def _sigmoid(margins: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 / (1 + np.exp(-margins))).astype(np.float32)


def _enlarged(scored: _Scored, scale: float, size: tuple[int, int]) -> _Scored:
    """Scale regions and boxes to px of the image, boxes clipped to it."""
    sides = np.array((size[1], size[0]) * 2, np.float32)
    return replace(
        scored,
        regions=scored.regions * np.float32(scale),
        boxes=(scored.boxes * np.float32(scale)).clip(0, sides),
    )


def _results(ctx: Context, scored: _Scored, params: RcnnParams) -> dict[str, Result]:
    rows, columns = np.nonzero(scored.scores >= params.score)
    scores, boxes = scored.scores[rows, columns], scored.boxes[rows, columns]
    kept = select(boxes, scores, scored.classes[columns], params.overlap, _LIMIT)
    found = Boxes(
        boxes=boxes[kept],
        scores=scores[kept],
        classes=scored.classes[columns[kept]],
        labels=scored.labels,
        threshold=params.score,
        objects=False,
    )
    best = int(scored.scores.max(0).argmax())
    if len(kept):  # the class of most boxes, not of one lucky patch
        best = int(np.bincount(columns[kept], scores[kept]).argmax())
    name = scored.labels[scored.classes[best]]
    counts = Counter(found.classes.tolist())
    rows_of = tuple((scored.labels[each], many) for each, many in counts.most_common())
    return {
        "objects": found,
        "heat_map": _highest(
            ctx, scored.regions, scored.scores[:, best], f"highest score of {name}"
        ),
        "classes": Table(columns=("class", "boxes"), rows=rows_of),
        "published": Table(
            columns=("detector", "time per image, s", "mAP on VOC 2007, %"),
            rows=_PUBLISHED,
        ),
    }


def _learning(trained: TrainedHeads) -> Report:
    """Return the report during training: the number of examples, no boxes."""
    none = np.zeros((0, 4), np.float32)
    boxes = Boxes(
        boxes=none,
        scores=none[:, 0],
        classes=np.zeros(0, np.int64),
        labels=(),
        objects=False,
    )
    return Report({"objects": boxes, "examples": _examples(trained)}, ())


def _examples(trained: TrainedHeads) -> Table:
    return Table(columns=("example", "boxes", "regions"), rows=tuple(trained.rows))


def _highest(
    ctx: Context, regions: NDArray[np.float32], scores: NDArray[np.float32], unit: str
) -> Heatmap:
    """Return the highest region score at each position of the image."""
    shrink = max(1.0, max(ctx.image.size) / WORKING_SIZE)
    size = [max(1, round(side / shrink)) for side in ctx.image.size]
    values = np.zeros(size, np.float32)
    for region, score in zip(
        (regions / shrink).round().astype(int), scores, strict=True
    ):
        left, top, right, bottom = region
        area = values[top:bottom, left:right]
        np.maximum(area, score, out=area)
    return Heatmap(
        values=values,
        signed=False,
        unit=unit,
        frame=Frame.PHOTO,
        placement=ctx.placement,
    )
