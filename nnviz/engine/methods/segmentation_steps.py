"""Segmentation step by step: output strides, scores, sliding windows, refinement."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import UsageError
from nnviz.base.frames import Frame
from nnviz.base.info import INSPECTION, Reference, Task
from nnviz.base.notation.targets import OPTION, ClassTarget, SegmentTarget, parse_target
from nnviz.base.parameters import (
    Essential,
    Help,
    Lowest,
    Range,
    TargetText,
    Title,
    Unit,
)
from nnviz.base.results import Heatmap, Mask, Report, Result, Table
from nnviz.engine.imaging.guided_filter import guided_filter
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.segmentation.masks import enlarged, input_logits, make_mask
from nnviz.engine.segmentation.resolutions import (
    Resolution,
    resolutions,
    sliding_windows,
)

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationStepsParams:
    """Parameters of the steps: class, refinement, sliding windows."""

    target: Annotated[
        TargetText,
        Title("Class"),
        Help(
            "The class whose scores are shown. Empty: the largest class except the "
            "background."
        ),
        Essential(),
    ] = ""
    radius: Annotated[
        int,
        Title("Refinement radius"),
        Range(1, 64),
        Unit("px"),
        Help("Guided filter: half the side of its windows."),
        Essential(),
    ] = 4
    smoothness: Annotated[
        float,
        Title("Refinement smoothness"),
        Range(1e-5, 1.0, log=True),
        Help(
            "Guided filter: contrast (variance of brightness) below which the image "
            "has no edge to follow."
        ),
        Essential(),
    ] = 1e-3
    window: Annotated[
        int,
        Title("Sliding window"),
        Range(0, 512),
        Lowest("none"),
        Unit("px"),
        Help(
            "Side of windows that are classified one by one, each for its center; "
            "at least the window step, and even or odd like it. 0: none."
        ),
        Essential(),
    ] = 0
    step: Annotated[
        int,
        Title("Window step"),
        Range(4, 128),
        Unit("px"),
        Help("Stride of the windows: the side of the center that each one classifies."),
    ] = 16


@register(
    "segmentation_steps",
    title="Segmentation steps",
    group="Inspect",
    capabilities=INSPECTION,
    live=True,
    reference=Reference("Long, Shelhamer & Darrell 2015", "arXiv:1411.4038"),
    tasks=(Task.SEGMENT,),
)
class SegmentationSteps:
    """The stages of a mask: output strides, scores, refined borders."""

    Params: ClassVar[type] = SegmentationStepsParams
    shows: ClassVar[str] = (
        "The mask at each output stride from 32 px down to the network's own, the "
        "scores of one class, the uncertainty, and the mask after a guided filter; "
        "on request, the mask of sliding windows and the time that they take."
    )
    reading: ClassVar[str] = (
        "Coarse strides say what is there, fine ones where it ends: the table counts "
        "the pixels that each changes. The filter moves borders to edges of the image "
        "nearby. Windows see less around each pixel and take far longer than one pass."
    )
    misleads: ClassVar[str] = (
        "Only networks with a class map for each stride, as the bundled U-Net, "
        "compute these levels; for others the final scores are averaged over cells, "
        "which shows what the stride loses, not what a network of that stride would "
        "have learned. An edge of the image need not be a border of the object."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "sliding windows": {"window": 64},
        "wide refinement": {"radius": 12, "smoothness": 1e-2},
    }

    def run(self, ctx: Context, params: SegmentationStepsParams) -> Iterator[Report]:
        """Yield the stages; with sliding windows, again after each row of windows."""
        began = time.monotonic()
        final = input_logits(ctx)
        passed = time.monotonic() - began
        levels = resolutions(ctx, final)
        index = _class_of(ctx, final, params.target)
        results = _results(ctx, levels, final[0], index, params)
        if not params.window:
            yield Report(results, _notes(ctx, levels, index))
            return
        side = _window_side(ctx, params)
        began = time.monotonic()
        for done, count, cells in sliding_windows(ctx, side, params.step):
            ctx.step(done, count, noun="window")
            if done % cells.shape[3] and done < count:
                continue
            spent = time.monotonic() - began
            size = (final.shape[2], final.shape[3])
            probabilities = enlarged(cells, size)[0].softmax(0)
            windows: dict[str, Result] = {"windows": make_mask(ctx, probabilities)}
            times = f"{spent:.2f} s; the whole in one pass: {passed:.3f} s"
            notes = f"{done} windows of {side} px: {times}", *_notes(ctx, levels, index)
            yield Report(results | windows, notes)


def _results(
    ctx: Context,
    levels: tuple[Resolution, ...],
    final: Tensor,
    index: int,
    params: SegmentationStepsParams,
) -> dict[str, Result]:
    """Return the stages by name: the final mask first, then from coarse to refined."""
    probabilities = final.softmax(0)
    mask = make_mask(ctx, probabilities)
    refined = make_mask(ctx, _refined(ctx, probabilities, params))
    steps: dict[str, Mask] = {
        each.key: make_mask(ctx, each.logits.softmax(0)) for each in levels[:-1]
    }
    name = ctx.model.info.labels[index]
    return {
        "segments": mask,
        **steps,
        "scores": _heatmap(ctx, final[index], f"logit of {name}", signed=True),
        "uncertainty": _heatmap(ctx, _entropy(probabilities), "bits", signed=False),
        "refined": refined,
        "changes": _changes(levels, {**steps, "final": mask, "refined": refined}, mask),
    }


def _refined(
    ctx: Context, probabilities: Tensor, params: SegmentationStepsParams
) -> Tensor:
    """Refine probabilities (K, H, W) by a guided filter along the image's edges."""
    guide = ctx.pixels.mean(1, keepdim=True)
    with torch.no_grad():
        found = guided_filter(
            probabilities[None].detach(), guide, params.radius, params.smoothness
        )[0]
    found = found.clamp(min=0)
    return found / found.sum(0, keepdim=True).clamp(min=1e-6)


def _entropy(probabilities: Tensor) -> Tensor:
    """Return the entropy (H, W) of the class probabilities, bits."""
    entropy: Tensor = torch.special.entr(probabilities).sum(0)
    return entropy / math.log(2)


def _heatmap(ctx: Context, values: Tensor, unit: str, *, signed: bool) -> Heatmap:
    array: NDArray[np.float32] = values.detach().float().cpu().contiguous().numpy()
    return Heatmap(
        values=array,
        signed=signed,
        unit=unit,
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def _changes(
    levels: tuple[Resolution, ...], masks: dict[str, Mask], final: Mask
) -> Table:
    """Return the table of each stage's difference from the network's own mask."""
    cells = {each.key: each.cells for each in levels[:-1]}
    rows = []
    for name, mask in masks.items():
        grid = cells.get(name, final.classes.shape)
        other = _PERCENT * float((mask.classes != final.classes).mean())
        agreement = _PERCENT * _mean_iou(mask.classes, final.classes)
        words = name.replace("_", " ")
        rows.append((words, f"{grid[1]} × {grid[0]}", other, agreement))
    columns = ("step", "cells", "pixels unlike the final, %", "mean IoU with it, %")
    return Table(columns=columns, rows=tuple(rows))


def _mean_iou(ones: NDArray[np.int64], others: NDArray[np.int64]) -> float:
    """Return the mean IoU of two class maps over the classes in either."""
    shares = [
        float(((ones == index) & (others == index)).sum())
        / float(((ones == index) | (others == index)).sum())
        for index in np.union1d(ones, others)
    ]
    return float(np.mean(shares))


def _class_of(ctx: Context, final: Tensor, target: str) -> int:
    """Return the target's class; by default the largest besides the background.

    Raises:
        UsageError: the target names none.
    """
    labels = ctx.model.info.labels
    asked = parse_target(target, labels) if target else None
    match asked:
        case ClassTarget(index=int(index)) | SegmentTarget(index=int(index)):
            return index
        case None | ClassTarget() | SegmentTarget():
            mask = make_mask(ctx, final[0].softmax(0))
            shares = [each for each in mask.shares() if each != mask.background]
            return shares[0] if shares else max(mask.background, 0)
        case _:
            raise UsageError(OPTION, f"{target!r} is not a class", "name a class")


def _window_side(ctx: Context, params: SegmentationStepsParams) -> int:
    """Return the nearest possible side of a window, px.

    It is at least the step and what the network takes, and exceeds the step by an even
    number, so that the middle is in the middle.
    """
    smallest = max(*ctx.model.info.smallest_input, params.step)
    side = max(params.window, smallest)
    return side + (side - params.step) % 2


def _notes(ctx: Context, levels: tuple[Resolution, ...], index: int) -> tuple[str, ...]:
    strides = ", ".join(str(each.stride) for each in levels[:-1])
    name = ctx.model.info.labels[index]
    return (f"scores of {name}", f"strides {strides} px before the network's own")
