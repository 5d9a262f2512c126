"""RISE: the mean of random masks, weighted by the score of the masked image."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from nnviz.base.frames import Frame
from nnviz.base.info import ATTRIBUTION, Reference, Task
from nnviz.base.parameters import Essential, Help, Range, TargetText
from nnviz.base.results import Heatmap, Report
from nnviz.engine.attribution.random_masks import RandomMasks, draw_masks
from nnviz.engine.compute.batch_size import pass_sizer
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class RiseParams:
    """Parameters of RISE: target and random masks."""

    target: Annotated[
        TargetText,
        Essential(),
        Help("What to explain. Empty: the probability of the predicted class."),
    ] = ""
    masks: Annotated[
        int,
        Essential(),
        Range(16, 20000, log=True),
        Help("Number of masks: the map's noise falls with its square root."),
    ] = 4000
    cells: Annotated[
        int,
        Essential(),
        Range(2, 64),
        Help("Cells per side of the grid that masks are drawn from."),
    ] = 7
    kept: Annotated[
        float, Range(0.05, 0.95), Help("Probability that a cell of the grid is seen.")
    ] = 0.5


@register(
    "rise",
    title="RISE",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Petsiuk et al. 2018", "arXiv:1806.07421"),
)
class Rise:
    """The mean of random masks, weighted by the score of the masked image."""

    Params: ClassVar[type] = RiseParams
    shows: ClassVar[str] = (
        "How high the score is on average when a position is visible, with random "
        "parts of the image hidden. The network is treated as a black box."
    )
    reading: ClassVar[str] = (
        "Bright: with this position visible the score is high. Only differences "
        "count: the map has no zero. The notes say how large its noise is."
    )
    misleads: ClassVar[str] = (
        "With few masks much of the map is noise. Hidden parts get the mean color, "
        "which is itself something to see; details finer than a cell cannot show."
    )
    presets: ClassVar[Presets] = {
        "demo": {"masks": 64},
        "quick": {"masks": 500},
        "fine": {"masks": 8000, "cells": 14},
    }

    def run(self, ctx: Context, params: RiseParams) -> Iterator[Report]:
        """Yield "rise", the map over the input, for growing numbers of masks."""
        scorer = ctx.inference.target(_asked(ctx, params.target))
        size = ctx.placement.input_size
        drawn = draw_masks(params.masks, params.cells, params.kept, size, ctx.generator)
        total = _Sums(torch.zeros(size, dtype=torch.float64), params.kept)
        pace = pass_sizer(ctx.model.info, ctx.model.device)
        work = _weighing(ctx, scorer, drawn)
        for part, (scores, masks) in ctx.chunks.over(params.masks, pace, work):
            total.add(scores, masks)
            ctx.step(part.stop, params.masks, noun="mask")
            yield _report(ctx, scorer, total, params.masks)


def _asked(ctx: Context, target: str) -> str:
    """Return the target, by default the predicted class's probability, as published."""
    if target or ctx.model.info.task is not Task.CLASSIFY:
        return target
    return f"probability({int(ctx.activations('')[0].argmax())})"


def _weighing(
    ctx: Context, scorer: Scorer, drawn: RandomMasks
) -> Callable[[slice], tuple[Tensor, Tensor]]:
    """Return a function from a slice of masks to scores (n,) and masks (n, H, W)."""
    model, target = ctx.model, scorer.target
    net = model.net if target.layer else ctx.inference.twin()
    score = Scorer(model.normalized_model(ctx.check, net), target)
    image = model.normalizer(ctx.pixels)

    def weigh(part: slice) -> tuple[Tensor, Tensor]:
        masks = drawn.masks(part)
        # Normalized: hidden pixels become zero, the mean color.
        with torch.no_grad():
            scores = score(image * masks.to(image.device))
        return scores.double().cpu(), masks[:, 0].double()

    return weigh


@dataclass(slots=True, eq=False)
class _Sums:
    """Running sums of score times mask (equation 6), and of its square."""

    weighted: Tensor
    kept: float
    count: int = 0
    squares: float = 0.0

    def add(self, scores: Tensor, masks: Tensor) -> None:
        """Add scores (n,) of masks (n, H, W)."""
        products = scores[:, None, None] * masks
        self.weighted = self.weighted + products.sum(0)
        self.squares += float(products.square().mean((1, 2)).sum())
        self.count += len(scores)

    def map(self) -> Tensor:
        """Return the map, (H, W)."""
        return self.weighted / (self.count * self.kept)

    def standard_error(self) -> float:
        """Return the root mean square standard error of the map's positions."""
        mean = float((self.weighted / self.count).square().mean())
        variance = max(0.0, self.squares / self.count - mean)
        return math.sqrt(variance / self.count) / self.kept


def _report(ctx: Context, scorer: Scorer, total: _Sums, masks: int) -> Report:
    values = total.map()
    spread = float(values.max() - values.min())
    heatmap = Heatmap(
        values=values.float().numpy(),
        signed=False,
        unit=f"mean {scorer.target.unit}",
        frame=Frame.INPUT,
        placement=ctx.placement,
    )
    notes = [
        scorer.target.caption,
        f"standard error {total.standard_error():.2g}; the map spans {spread:.2g}",
    ]
    if total.count < masks:
        notes.append(f"{total.count} of {masks} masks so far")
    return Report({"rise": heatmap}, tuple(notes))
