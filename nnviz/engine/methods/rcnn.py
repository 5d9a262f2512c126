"""R-CNN: a classifier on warped region proposals, boxes by greedy suppression."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.frames import Frame
from nnviz.base.images import to_float
from nnviz.base.info import Capabilities, Reference, Task
from nnviz.base.parameters import ClassList, Essential, Help, Range, Title, Unit
from nnviz.base.preprocess import Interpolation
from nnviz.base.results import Boxes, Heatmap, Report, Table
from nnviz.engine.compute.batch_size import pass_sizer
from nnviz.engine.detection.suppression import class_names, wanted_classes
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.nms import select
from nnviz.engine.proposals.selective_search import search
from nnviz.engine.targets.resolve import probabilities
from nnviz.media.resize import resize

_WORKING = 500
"""px: longer side of the image that is searched and cut from."""
_LIMIT = 100
_SMALLEST, _LONGEST = 16, 5
"""px of a region's shorter side, and how many times longer the other may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RcnnParams:
    """Parameters of R-CNN: regions, score, suppression."""

    regions: Annotated[
        int,
        Title("Regions"),
        Range(1, 2000, log=True),
        Help("How many proposals are classified: one forward pass each."),
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
        Help("Non-maximum suppression within a class, as R-CNN's 0.3."),
    ] = 0.3
    context: Annotated[
        int,
        Title("Context"),
        Range(0, 64),
        Unit("px"),
        Help("How much of the surroundings a warped region shows on each side."),
    ] = 16
    classes: Annotated[
        ClassList,
        Title("Classes"),
        Help("Class names to keep, separated by commas. Empty: all."),
        Essential(),
    ] = ""


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
    """Any classifier made a detector: each proposed region is warped and classified."""

    Params: ClassVar[type] = RcnnParams
    shows: ClassVar[str] = (
        "Boxes where a classifier, which knows no places, sees its classes: each region"
        " of a search without a network is warped to its input and classified."
    )
    reading: ClassVar[str] = (
        "The map shows the highest score of the class with the most boxes. "
        "The notes compare the time with one pass over the whole image: R-CNN needed "
        "47 seconds an image in 2014, single-shot detectors need one pass."
    )
    misleads: ClassVar[str] = (
        "The classifier never learned what background looks like: a patch of grass "
        "also gets some class, often with a high probability. R-CNN trained an SVM a "
        "class and a box regression against that; here neither is done, so boxes are "
        "as rough as the proposals. Expect many false boxes."
    )
    presets: ClassVar[Presets] = {
        "demo": {"regions": 12, "source": "sliding windows", "score": 0.1},
        "as published": {"regions": 2000},
        "sliding windows": {"source": "sliding windows"},
    }

    def run(self, ctx: Context, params: RcnnParams) -> Iterator[Report]:
        """Yield the boxes of ever more regions, their classes and a map."""
        wanted = wanted_classes(ctx.model.info.labels, params.classes)
        began = time.monotonic()
        pixels, scale = _working_image(ctx)
        regions = _regions(ctx, pixels, params)
        searched = time.monotonic() - began
        scores = np.zeros((len(regions), len(ctx.model.info.labels)), np.float32)
        pace = pass_sizer(ctx.model.info, ctx.model.device)
        work = _classifying(ctx, pixels, regions, params.context)
        began = time.monotonic()
        for part, found in ctx.chunks.over(len(regions), pace, work):
            scores[part] = found.numpy()
            passed = time.monotonic() - began
            done = part.stop
            ctx.step(done, len(regions), f"region {done} of {len(regions)}")
            notes = (
                f"{done} regions: {searched:.1f} s to find, {passed:.1f} s to classify",
                f"one pass of the whole image takes about {passed / done:.2f} s",
            )
            kept = scores[:done, wanted] if wanted else scores[:done]
            names = wanted or list(range(scores.shape[1]))
            yield _report(ctx, regions[:done] * scale, (kept, names), params, notes)


def _working_image(ctx: Context) -> tuple[NDArray[np.float32], float]:
    """Return the image, RGB in [0, 1], at the working size, and how much smaller."""
    pixels = to_float(ctx.image.pixels)
    color = pixels.shape[2] >= 3  # noqa: PLR2004
    pixels = pixels[..., :3] if color else pixels[..., :1].repeat(3, 2)
    height, width = ctx.image.size
    scale = max(1.0, max(height, width) / _WORKING)
    goal = max(1, round(height / scale)), max(1, round(width / scale))
    return resize(pixels, goal, Interpolation.BILINEAR).clip(0, 1), scale


def _regions(
    ctx: Context, pixels: NDArray[np.float32], params: RcnnParams
) -> NDArray[np.float32]:
    """Return the regions to classify, float32 (N, 4) corners, px, N at least 1."""
    if params.source == "sliding windows":
        found = windows(pixels.shape[:2], params.regions)
    else:
        random = np.random.default_rng(int(ctx.generator.initial_seed()))
        *_, found = search(pixels, "fast", random, ctx.check)
    found = found[_plausible(found)]
    whole = np.array([[0, 0, pixels.shape[1], pixels.shape[0]]], np.float32)
    return np.concatenate((whole, found))[: params.regions]


def _plausible(regions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which regions are neither tiny nor strips: warped, those mean nothing."""
    sides = regions[:, 2:] - regions[:, :2]
    large, strip = sides.min(1) >= _SMALLEST, sides.max(1) > _LONGEST * sides.min(1)
    kept: NDArray[np.bool_] = large & ~strip
    return kept


def windows(size: tuple[int, ...], count: int) -> NDArray[np.float32]:
    """Return about so many square windows of three sizes on a grid, largest first.

    Their sides are 1, 1/2 and 1/4 of the image's shorter side; neighbors overlap by
    half or more, as the count allows.

    Args:
        size: height and width, px.
        count: most windows.
    """
    height, width = size
    found: list[tuple[float, float, float, float]] = []
    for part, share in ((1, 0.1), (2, 0.3), (4, 0.6)):
        side = min(height, width) / part
        room = height - side, width - side
        steps = max(1.0, share * count)
        aspect = (room[1] + side) / (room[0] + side)
        rows = max(
            1, min(round((steps / aspect) ** 0.5), 1 + round(4 * room[0] / side))
        )
        columns = max(1, min(round(steps / rows), 1 + round(4 * room[1] / side)))
        found += [
            (x, y, x + side, y + side)
            for y in np.linspace(0, room[0], rows) if rows
            for x in np.linspace(0, room[1], columns)
        ]  # fmt: skip
    return np.array(found[:count], np.float32)


def _classifying(
    ctx: Context,
    pixels: NDArray[np.float32],
    regions: NDArray[np.float32],
    context: int,
) -> Callable[[slice], Tensor]:
    """Return what gives class probabilities (n, K) of some of the regions."""
    model = ctx.model
    from torchvision.ops import roi_align  # noqa: PLC0415 -- 2 s, at its first use only

    height, width = model.info.preprocess.input_size
    image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].to(model.device)
    grown = torch.from_numpy(with_context(regions, context, (height, width)))
    passes = model.pixel_model(ctx.check, ctx.inference.twin())
    if model.info.preprocess.channels == 1:
        image = image.mean(1, keepdim=True)

    def classify(part: slice) -> Tensor:
        warped = roi_align(
            image, [grown[part].to(image.device)], (height, width), aligned=True
        )
        with torch.no_grad():
            logits = passes.outputs(warped.clamp(0, 1))[0].cpu()
        return probabilities(logits.double(), model.info).float()

    return classify


def with_context(
    regions: NDArray[np.float32], context: int, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return regions grown so that they fill the input but for a margin.

    Girshick et al. 2014, appendix A: p px of context around the warped region.

    Args:
        regions: (N, 4) corners, px.
        context: p, px of the input.
        size: height and width of the input, px.
    """
    sides = regions[:, 2:] - regions[:, :2]
    shares = context / (np.array(size[::-1], np.float32) - 2 * context)
    margin = sides * shares
    return np.concatenate((regions[:, :2] - margin, regions[:, 2:] + margin), 1)


def _report(
    ctx: Context,
    regions: NDArray[np.float32],
    known: tuple[NDArray[np.float32], list[int]],
    params: RcnnParams,
    notes: tuple[str, ...],
) -> Report:
    scores, names = known
    rows, columns = np.nonzero(scores >= params.score)
    classes = np.array(names, np.int64)[columns]
    kept = select(regions[rows], scores[rows, columns], classes, params.overlap, _LIMIT)
    boxes = Boxes(
        boxes=regions[rows[kept]],
        scores=scores[rows[kept], columns[kept]],
        classes=classes[kept],
        labels=class_names(ctx.model.info, classes),
        threshold=params.score,
        objects=False,
    )
    best = int(scores.max(0).argmax())
    if len(kept):  # the class that most boxes speak for, not one lucky patch's
        votes = np.bincount(columns[kept], scores[rows[kept], columns[kept]])
        best = int(votes.argmax())
    label = class_names(ctx.model.info, np.array([names[best]]))[names[best]]
    heatmap = _highest(ctx, regions, scores[:, best], f"highest probability of {label}")
    counts = Counter(boxes.classes.tolist())
    table = tuple((boxes.labels[each], many) for each, many in counts.most_common())
    return Report(
        {
            "objects": boxes,
            "heat_map": heatmap,
            "classes": Table(columns=("class", "boxes"), rows=table),
        },
        notes,
    )


def _highest(
    ctx: Context, regions: NDArray[np.float32], scores: NDArray[np.float32], unit: str
) -> Heatmap:
    """Return the highest score of the regions over each place of the photo."""
    shrink = max(1.0, max(ctx.image.size) / _WORKING)
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
