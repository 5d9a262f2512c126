"""Detection: the objects that a network finds, with boxes and scores."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.frames import Frame
from nnviz.base.info import INSPECTION, Reference, Task
from nnviz.base.parameters import ClassList, Formerly, Help, Range, Title
from nnviz.base.results import Boxes, Report, Table
from nnviz.engine.detection.suppression import class_names, suppress
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.detection import Candidates, KeypointFinder, Outliner
from nnviz.engine.nn.nms import on_photo

_FLOOR = 0.005
"""Minimum allowed score: below it nearly every position has a box."""
_MASK_BYTES = 256 << 20
"""Maximum memory for the masks of all objects in a large image."""
_INSIDE = 0.5
"""Probability above which a pixel belongs to an object (He et al. 2017)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectParams:
    """Parameters of detection: score, overlap (NMS), limit, classes."""

    score: Annotated[
        float,
        Title("Minimum score"),
        Range(_FLOOR, 1.0),
        Help("Hides boxes with a lower score."),
    ] = 0.4
    overlap: Annotated[
        float,
        Title("Maximum overlap"),
        Range(0.0, 1.0),
        Help(
            "Non-maximum suppression: of two boxes of one class with a larger "
            "intersection over union, the one with the lower score is dropped."
        ),
    ] = 0.5
    limit: Annotated[
        int,
        Title("Maximum boxes"),
        Range(1, 1000),
        Help("Keeps this many of the best boxes."),
    ] = 100
    classes: Annotated[
        ClassList,
        Formerly("only"),
        Title("Classes"),
        Help("Class names to keep, separated by commas. Empty: all."),
    ] = ""


@register(
    "detect",
    title="Detect",
    group="Inspect",
    capabilities=INSPECTION,
    live=True,
    reference=Reference("Liu et al. 2016", "arXiv:1512.02325"),
    tasks=(Task.DETECT,),
)
class Detect:
    """Boxes around the objects that a network finds, with class and score."""

    Params: ClassVar[type] = DetectParams
    shows: ClassVar[str] = (
        "A box around each object that the network finds, with its class and score; "
        "masks and keypoints where the network provides them."
    )
    reading: ClassVar[str] = (
        "Lower the score threshold to see what else was considered. Several boxes on "
        "one object: lower the maximum overlap. Close objects that lose a box: raise "
        "it. Neither needs another forward pass."
    )
    misleads: ClassVar[str] = (
        "No box does not mean that nothing is there: a network finds only the classes"
        " it was trained on, at sizes that occurred in training. A score is not a "
        "calibrated probability."
    )
    presets: ClassVar[Presets] = {"demo": {}, "everything considered": {"score": 0.05}}

    def run(self, ctx: Context, params: DetectParams) -> Iterator[Report]:
        """Yield one report: "objects" (main) and "classes", how many of each."""
        found = suppress(
            ctx, params.score, params.overlap, params.limit, params.classes
        )
        boxes = _described(ctx, found.chosen, params)
        yield Report(
            {"objects": boxes, "classes": _table(boxes)}, _remarks(boxes, params)
        )


def _described(ctx: Context, found: Candidates, params: DetectParams) -> Boxes:
    """Return the boxes on the image, with masks and keypoints if available."""
    net, place = ctx.model.net, ctx.placement
    masks = keypoints = None
    if isinstance(net, Outliner):
        masks = _masks(ctx, net, found)
    if isinstance(net, KeypointFinder):
        keypoints = _keypoints(ctx, net, found)
    return Boxes(
        boxes=on_photo(found.boxes.cpu().numpy(), place),
        scores=found.scores.cpu().numpy(),
        classes=found.classes.cpu().numpy(),
        labels=class_names(ctx.model.info, found.classes.cpu().numpy()),
        frame=Frame.PHOTO,
        masks=masks,
        keypoints=keypoints,
        skeleton=net.skeleton if isinstance(net, KeypointFinder) else (),
        threshold=params.score,
    )


def _masks(ctx: Context, net: Outliner, found: Candidates) -> NDArray[np.bool_]:
    """Return the mask of each object, (N, H, W) over the image."""
    masks = np.zeros((len(found.scores), *ctx.image.size), np.bool_)
    if not len(masks):
        return masks
    with torch.no_grad():
        outlines = net.outlines(ctx.inference.outputs(), found, ctx.placement)
        for mask, outline in zip(masks, outlines, strict=True):
            ctx.check()
            mask[:] = (outline > _INSIDE).cpu().numpy()
    return masks


def _keypoints(
    ctx: Context, net: KeypointFinder, found: Candidates
) -> NDArray[np.float32]:
    """Return the keypoints of each object, (N, P, 3): x, y on the image, a logit."""
    if not len(found.scores):
        return np.zeros((0, 0, 3), np.float32)
    place = ctx.placement
    with torch.no_grad():
        points = (
            net.keypoints(ctx.inference.outputs(), found, place.input_size)
            .cpu()
            .numpy()
        )
    flat = np.repeat(points[..., :2].reshape(-1, 2), 2, axis=0).reshape(-1, 4)
    points[..., :2] = on_photo(flat, place)[:, :2].reshape(*points.shape[:2], 2)
    return points


def _table(boxes: Boxes) -> Table:
    """Return the table of object counts by class."""
    best: dict[int, float] = {}
    for index, score in zip(boxes.classes.tolist(), boxes.scores.tolist(), strict=True):
        best.setdefault(index, score)
    counts = Counter(boxes.classes.tolist())
    rows = tuple(
        (boxes.labels[index], count, 100 * best[index])
        for index, count in counts.most_common()
    )
    return Table(columns=("class", "found", "highest score, %"), rows=rows)


def _remarks(boxes: Boxes, params: DetectParams) -> tuple[str, ...]:
    count = len(boxes.scores)
    if not count:
        return (f"nothing was found with a score above {100 * params.score:g} %",)
    if count == params.limit:
        return (f"the best {count} are shown; there may be more",)
    return (f"{count} found" if count > 1 else "one found",)
