"""D-RISE: random masks weighted by the similarity of a box to detections."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.explanations.box_maps import EACH_BOX
from nnviz.base.frames import Frame
from nnviz.base.info import ATTRIBUTION, Reference, Task
from nnviz.base.parameters import Essential, Help, Range, TargetText, Title
from nnviz.base.results import Boxes, Heatmap, Mosaic, Report
from nnviz.engine.attribution.random_masks import RandomMasks, draw_masks
from nnviz.engine.compute.batch_size import pass_sizer
from nnviz.engine.detection.suppression import (
    Suppression,
    class_names,
    rank_of,
    suppress,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.detection import Candidates, candidates_of
from nnviz.engine.nn.nms import on_photo

_OVERLAP = 0.5
_MOST = 24
"""Maximum number of boxes explained together."""
_UNIT = "mean overlap × score"
_FLOOR = 0.01
"""Minimum score of a box that counts as detected again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DRiseParams:
    """Parameters of D-RISE: box, masks."""

    target: Annotated[
        TargetText,
        Title("Box"),
        Help("The box to show first, such as box:0 or a class. Empty: the best."),
        Essential(),
    ] = ""
    masks: Annotated[
        int,
        Help("Number of masks: the map's noise falls with its square root."),
        Range(16, 20000, log=True),
        Essential(),
    ] = 2000
    cells: Annotated[
        int,
        Help("Cells per side of the grid that masks are drawn from."),
        Range(2, 64),
        Essential(),
    ] = 16
    kept: Annotated[
        float, Range(0.05, 0.95), Help("Probability that a cell of the grid is seen.")
    ] = 0.5
    score: Annotated[
        float,
        Title("Minimum score"),
        Range(0.01, 1.0),
        Help("Boxes with a higher score are explained."),
    ] = 0.3


@register(
    "d_rise",
    title="D-RISE",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Petsiuk et al. 2021", "arXiv:2006.03204"),
    tasks=(Task.DETECT,),
)
class DRise:
    """The mean of random masks, weighted by how similar detections are to each box."""

    Params: ClassVar[type] = DRiseParams
    shows: ClassVar[str] = (
        "For every detected box, which parts of the image have to be visible for "
        "the network to find that box again: one run explains them all."
    )
    reading: ClassVar[str] = (
        "Bright: with this position visible, the same box of the same class is "
        "found with a high score. A map that is bright outside its box shows that "
        "the network uses the surroundings. Each box has its own tile; select a box "
        "under Boxes to see its map."
    )
    misleads: ClassVar[str] = (
        "With few masks much of the map is noise. Hidden parts get the mean color, "
        "which is itself something to see. Details finer than a cell cannot show."
    )
    presets: ClassVar[Presets] = {
        "demo": {"masks": 64, "score": 0.02},
        "fine": {"masks": 5000},
    }

    def run(self, ctx: Context, params: DRiseParams) -> Iterator[Report]:
        """Yield a box's map, all boxes and their maps, for growing numbers of masks."""
        found = suppress(ctx, params.score, _OVERLAP, _MOST)
        if not len(found.kept):
            words = f"no box has a score above {100 * params.score:g} %; lower it"
            blank = _heatmap(ctx, np.zeros(ctx.placement.input_size, np.float32))
            yield Report({"d_rise": blank}, (words,))
            return
        shown = rank_of(ctx.model.info, found, params.target)
        size = ctx.placement.input_size
        drawn = draw_masks(params.masks, params.cells, params.kept, size, ctx.generator)
        sums = torch.zeros(len(found.kept), *size, dtype=torch.float64)
        pace = pass_sizer(ctx.model.info, ctx.model.device)
        work = _weighing(ctx, found.chosen, drawn)
        for part, (weights, masks) in ctx.chunks.over(params.masks, pace, work):
            sums += torch.einsum("nk,nhw->khw", weights, masks)
            done = part.stop
            ctx.step(done, params.masks, noun="mask")
            yield _report(ctx, found, shown, sums / (done * params.kept))


def similarity(target: Candidates, found: Candidates) -> Tensor:
    """Return each box's similarity to the best detection, float64 (K,).

    Equation 4 of the paper with one-hot classes: the largest product of overlap and
    score among the candidates of the box's class; the cosine of class vectors is then 1
    for the same class and 0 for another.

    Args:
        target: the K boxes.
        found: candidates in another image.
    """
    from torchvision.ops import box_iou  # noqa: PLC0415 -- 2 s, at its first use only

    shares: Tensor = box_iou(target.boxes, found.boxes)
    same = target.classes[:, None] == found.classes
    worth: Tensor = shares * same * found.scores
    if not len(found.scores):
        return target.scores.new_zeros(len(target.scores)).double()
    best: Tensor = worth.amax(1)
    return best.double()


def _weighing(
    ctx: Context, target: Candidates, drawn: RandomMasks
) -> Callable[[slice], tuple[Tensor, Tensor]]:
    """Return a function from a slice of masks to weights (n, K) and masks (n, H, W)."""
    model, size = ctx.model, ctx.placement.input_size
    image = model.normalizer(ctx.pixels)
    passes = model.normalized_model(ctx.check, ctx.inference.twin())

    def weigh(part: slice) -> tuple[Tensor, Tensor]:
        masks = drawn.masks(part)
        weights = []
        with torch.no_grad():
            # One by one: a detector's outputs for several images have no common format.
            for mask in masks:
                outputs = passes.outputs(image * mask.to(image.device))
                found = candidates_of(model.net, outputs, size, _FLOOR)
                weights.append(similarity(target, found).cpu())
        return torch.stack(weights), masks[:, 0].double()

    return weigh


def _heatmap(ctx: Context, values: NDArray[np.float32]) -> Heatmap:
    return Heatmap(
        values=values,
        signed=False,
        unit=_UNIT,
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def _report(ctx: Context, found: Suppression, shown: int, maps: Tensor) -> Report:
    chosen = found.chosen
    classes = chosen.classes.cpu().numpy()
    names = class_names(ctx.model.info, classes)
    scores = chosen.scores.cpu().numpy()
    captions = tuple(
        f"{rank} {names[kind]} {100 * score:.0f} %"
        for rank, (kind, score) in enumerate(zip(classes, scores, strict=True))
    )
    tiles = maps.float().numpy()
    return Report(
        {
            "d_rise": _heatmap(ctx, tiles[shown]),
            "boxes": Boxes(
                boxes=on_photo(chosen.boxes.cpu().numpy(), ctx.placement),
                scores=scores,
                classes=classes,
                labels=names,
            ),
            EACH_BOX: Mosaic(
                tiles=tiles,
                order=np.arange(len(tiles)),
                captions=captions,
                signed=False,
                shared_scale=False,
                unit=_UNIT,
                noun="object",
                layer="",
                frame=Frame.INPUT,
                placement=ctx.placement,
            ),
        },
        (captions[shown],),
    )
