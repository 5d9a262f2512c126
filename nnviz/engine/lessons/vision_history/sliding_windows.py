"""Sliding windows: a classifier applied to each window of the image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.frames import Frame
from nnviz.base.info import Task, lesson
from nnviz.base.parameters import Essential, Help, Range, TargetText, Unit
from nnviz.base.results import Boxes, Heatmap, Report, Result
from nnviz.engine.attribution.sliding_windows import lay_windows
from nnviz.engine.method import Context, Presets, register

_MOST = 5
_TOGETHER = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidingWindowsParams:
    """Parameters: the windows, and the class."""

    target: Annotated[
        TargetText,
        Essential(),
        Help("The class. Empty: the predicted class of the whole image."),
    ] = ""
    window: Annotated[
        int,
        Range(16, 512),
        Unit("px"),
        Essential(),
        Help("Side of the window on the input."),
    ] = 96
    stride: Annotated[
        int,
        Range(4, 256),
        Unit("px"),
        Essential(),
        Help("Distance from one window to the next."),
    ] = 32


@register(
    "sliding_windows",
    title="Sliding windows",
    group="Learn",
    live=False,
    tasks=(Task.CLASSIFY,),
    capabilities=lesson("History of vision", 4),
)
class SlidingWindows:
    """Lesson: a class's score in each window, resized to the input."""

    Params: ClassVar[type] = SlidingWindowsParams
    shows: ClassVar[str] = (
        "How things were found before detectors: a classifier looks at each window, "
        "and the windows with the highest scores are kept."
    )
    reading: ClassVar[str] = (
        "Each number of the map is the score of one window. Small windows see parts, "
        "large ones the whole: real searches go through several sizes."
    )
    misleads: ClassVar[str] = (
        "The network was trained on whole images; it can be confident of anything "
        "in a small, enlarged window."
    )
    presets: ClassVar[Presets] = {"demo": {"window": 64, "stride": 32}}

    def run(self, ctx: Context, params: SlidingWindowsParams) -> Iterator[Report]:
        """Yield reports as windows are scored, row by row."""
        pixels = ctx.pixels
        height, width = pixels.shape[2:]
        side = min(params.window, height, width)
        windows = lay_windows(
            (height, width), side, min(params.stride, side), cut=False
        )
        scorer = ctx.inference.target(params.target)
        scores = np.zeros((len(windows.rows), len(windows.columns)))
        places = list(np.ndindex(scores.shape))
        seen = 0
        for first in range(0, len(places), _TOGETHER):
            chosen = places[first : first + _TOGETHER]
            batch = [
                pixels[:, :, slice(*windows.rows[r]), slice(*windows.columns[c])]
                for r, c in chosen
            ]
            with torch.no_grad():
                found = scorer(_enlarged(batch, (height, width)))
            for place, score in zip(chosen, found.tolist(), strict=True):
                scores[place] = score
            seen += len(chosen)
            ctx.step(seen, len(places), noun="window")
            edges = windows.rows, windows.columns
            yield _report(ctx, scores, edges, params, seen)


def _enlarged(batch: list[Tensor], size: tuple[int, int]) -> Tensor:
    together = torch.cat(batch)
    return functional.interpolate(together, size, mode="bilinear", align_corners=False)


def _report(
    ctx: Context,
    scores: np.ndarray,
    edges: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]],
    params: SlidingWindowsParams,
    seen: int,
) -> Report:
    rows, columns = edges
    known = np.arange(scores.size) < seen
    order = np.argsort(np.where(known, -scores.ravel(), np.inf), kind="stable")[:_MOST]
    order = order[known[order]]
    boxes = [
        (columns[c][0], rows[r][0], columns[c][1], rows[r][1])
        for r, c in (divmod(int(place), scores.shape[1]) for place in order)
    ]
    span = np.ptp(scores.ravel()[known]) or 1.0
    ranks = (scores.ravel()[order] - scores.ravel()[known].min()) / span
    name = params.target or "the predicted class"
    results: dict[str, Result] = {
        "scores": Heatmap(
            values=scores.astype(np.float32),
            signed=bool(scores.min() < 0),
            unit="score of the window",
            frame=Frame.INPUT,
            placement=ctx.placement,
        ),
        "best_windows": Boxes(
            boxes=np.array(boxes, np.float32).reshape(len(boxes), 4),
            scores=np.clip(ranks, 0, 1).astype(np.float32),
            classes=np.zeros(len(boxes), np.int64),
            labels=(f"window for {name}",),
            frame=Frame.INPUT,
            placement=ctx.placement,
        ),
    }
    words = f"{scores.size} windows, {scores.shape[0]} × {scores.shape[1]}"
    return Report(results, (words, f"searched for {name}"))
