"""Scores of an image of which only some superpixels are seen."""

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import UsageError
from nnviz.base.results import Report
from nnviz.engine.attribution.baselines import baseline
from nnviz.engine.attribution.heatmaps import input_map
from nnviz.engine.attribution.regions.coalitions import Fit, Kept
from nnviz.engine.attribution.regions.superpixels import Labels
from nnviz.engine.compute.batch_size import pass_sizer
from nnviz.engine.context import Context
from nnviz.engine.targets.resolve import Scorer

Fill = Literal["mean", "black", "white", "blur", "region mean"]
"""Replacement for a hidden region; "region mean" is its own mean color."""
_BLUR = 10.0
_LEAST_REGIONS = 2


def quick_scorer(ctx: Context, target: str) -> Scorer:
    """Return the scorer on the fastest equivalent network, unless it reads a layer."""
    score = ctx.inference.target(target)
    if score.target.layer:
        return score
    passes = ctx.model.pixel_model(ctx.check, ctx.inference.twin())
    return Scorer(passes, score.target)


def hidden_image(ctx: Context, fill: Fill, labels: Labels) -> Tensor:
    """Return the image that fills hidden regions, (1, C, H, W)."""
    if fill == "region mean":
        return _region_means(ctx.pixels, labels)
    return baseline(
        fill,
        ctx.pixels,
        ctx.model.mean_color,
        sigma=_BLUR,
        generator=ctx.generator,
    )


def _region_means(pixels: Tensor, labels: Labels) -> Tensor:
    places = torch.from_numpy(labels.ravel()).to(pixels.device)
    flat = pixels[0].flatten(1)
    counts = torch.bincount(places).to(pixels)
    sums = flat.new_zeros((len(flat), len(counts))).index_add(1, places, flat)
    return (sums / counts)[:, places].view_as(pixels)


def require_regions(labels: Labels) -> int:
    """Return the number of regions; refuse a single one.

    Raises:
        UsageError: there is one region only: nothing could be hidden.
    """
    count = int(labels.max()) + 1
    if count < _LEAST_REGIONS:
        raise UsageError(
            "--segmentation", "finds one region only", "choose grid, or more regions"
        )
    return count


def score_coalitions(
    ctx: Context, score: Scorer, labels: Labels, hidden: Tensor, kept: Kept
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield the scores of the coalitions chunk by chunk, float64 (n,).

    Args:
        ctx: of the method.
        score: of images.
        labels: (H, W), the region of each pixel.
        hidden: (1, C, H, W), shown where a region is not kept.
        kept: bool (N, M).
    """
    pace = pass_sizer(ctx.model.info, ctx.model.device)
    yield from ctx.chunks.over(
        len(kept), pace, _scoring(ctx.pixels, score, labels, hidden, kept)
    )


def _scoring(
    pixels: Tensor, score: Scorer, labels: Labels, hidden: Tensor, kept: Kept
) -> Callable[[slice], NDArray[np.float64]]:
    def work(part: slice) -> NDArray[np.float64]:
        seen = torch.from_numpy(kept[part][:, labels]).to(pixels.device)[:, None]
        with torch.no_grad():
            scores = score(torch.where(seen, pixels, hidden))
        found: NDArray[np.float64] = scores.double().cpu().numpy()
        return found

    return work


def region_report(
    ctx: Context, name: str, labels: Labels, fit: Fit, unit: str, notes: list[str]
) -> Report:
    """Return the report: a map of region values, and one of their standard errors."""
    values, errors = (
        torch.from_numpy(each[labels]) for each in (fit.values, fit.errors)
    )
    of_errors = f"standard error, {unit}"
    results = {
        name: input_map(values, unit, ctx.placement, signed=True),
        "standard error": input_map(errors, of_errors, ctx.placement, signed=False),
    }
    error = float(np.sqrt(np.square(fit.errors).mean()))
    spread = float(fit.values.max() - fit.values.min())
    notes = [*notes, f"standard error {error:.2g}; the regions span {spread:.2g}"]
    return Report(results, tuple(notes))
