"""KernelSHAP: Shapley values of superpixels, by a regression over coalitions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch

from nnviz.base.completeness import Completeness
from nnviz.base.info import ATTRIBUTION, Reference
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Report
from nnviz.engine.attribution.parameters import RegionFill, RegionParams
from nnviz.engine.attribution.regions.coalitions import (
    Coalitions,
    fit_shapley,
    shapley_coalitions,
)
from nnviz.engine.attribution.regions.region_scores import (
    hidden_image,
    quick_scorer,
    region_report,
    require_regions,
    score_coalitions,
)
from nnviz.engine.attribution.regions.superpixels import superpixels
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelShapParams(RegionParams):
    """Parameters of KernelSHAP: target, superpixels, samples."""

    fill: RegionFill = "mean"
    samples: Annotated[
        int,
        Essential(),
        Range(10, 20000, log=True),
        Help("Number of coalitions of regions; with all of them the values are exact."),
    ] = 1000


@register(
    "kernel_shap",
    title="KernelSHAP",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Lundberg & Lee 2017", "arXiv:1705.07874"),
)
class KernelShap:
    """Shapley values of superpixels, estimated by weighted linear regression."""

    Params: ClassVar[type] = KernelShapParams
    shows: ClassVar[str] = (
        "How much each region adds to the score on average over all orders in which "
        "the regions could appear: its Shapley value. The network is treated as a "
        "black box."
    )
    reading: ClassVar[str] = (
        "Red regions support the target, blue ones count against it, in the unit of the"
        " score: together the values are the difference between the image and the "
        "filled image. The second tab shows the standard error region by region."
    )
    misleads: ClassVar[str] = (
        "The fill of a hidden region is itself something to see; another fill or "
        "other regions give other values. With few samples much of the map is "
        "noise: compare its range with the standard error."
    )
    presets: ClassVar[Presets] = {
        "demo": {"regions": 12, "samples": 60},
        "exact": {"regions": 10, "segmentation": "grid", "samples": 1022},
        "fine": {"regions": 100, "samples": 8000},
    }

    def run(self, ctx: Context, params: KernelShapParams) -> Iterator[Report]:
        """Yield "kernel_shap", a map over the input, for growing coalition counts."""
        score = quick_scorer(ctx, params.target)
        labels = superpixels(ctx.pixels, params.segmentation, params.regions)
        count = require_regions(labels)
        random = np.random.default_rng(int(ctx.generator.initial_seed()))
        drawn = shapley_coalitions(count, params.samples, random)
        hidden = hidden_image(ctx, params.fill, labels)
        with torch.no_grad():
            none = float(score(hidden))
        whole = score.target.value
        scores = np.zeros(len(drawn))
        for part, found in score_coalitions(ctx, score, labels, hidden, drawn.kept):
            scores[part] = found
            done = part.stop
            ctx.step(done, len(drawn), noun="coalition")
            whole_set = drawn.complete and done == len(drawn)
            so_far = Coalitions(drawn.kept[:done], drawn.weights[:done], whole_set)
            fit = fit_shapley(so_far, scores[:done], whole, none)
            words = f"the filled image scores {none:.4g}; {count} regions"
            notes = [score.target.caption, words, *_progress(drawn, done)]
            report = region_report(
                ctx, "kernel_shap", labels, fit, score.target.unit, notes
            )
            sums = Completeness(float(fit.values.sum()), whole - none)
            yield Report(report.results, report.notes, sums)


def _progress(drawn: Coalitions, done: int) -> tuple[str, ...]:
    if done < len(drawn):
        return (f"{done} of {len(drawn)} coalitions so far",)
    return ("all coalitions were evaluated: the values are exact",) * drawn.complete
