"""LIME: a linear model of the score over superpixels that are kept or hidden."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.info import ATTRIBUTION, Reference
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Report
from nnviz.engine.attribution.parameters import RegionFill, RegionParams
from nnviz.engine.attribution.regions.coalitions import (
    Coalitions,
    fit_lime,
    lime_coalitions,
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
class LimeParams(RegionParams):
    """Parameters of LIME: target, superpixels, samples, kernel."""

    fill: RegionFill = "region mean"
    samples: Annotated[
        int,
        Essential(),
        Range(10, 20000, log=True),
        Help("Number of images with random regions hidden."),
    ] = 1000
    kernel: Annotated[
        float,
        Range(0.05, 5, log=True),
        Help(
            "Width of the kernel that weights the images: a smaller one counts "
            "nearly whole images more."
        ),
    ] = 0.25
    ridge: Annotated[
        float, Range(0, 100), Help("Ridge penalty that keeps the weights small.")
    ] = 1.0


@register(
    "lime",
    title="LIME",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Ribeiro et al. 2016", "arXiv:1602.04938"),
)
class Lime:
    """A ridge regression of the score on the visibility of superpixels."""

    Params: ClassVar[type] = LimeParams
    shows: ClassVar[str] = (
        "How much each region adds to the score, by a linear model fitted to the "
        "scores of images with random regions hidden. The network is treated as a "
        "black box."
    )
    reading: ClassVar[str] = (
        "Red regions support the target, blue ones count against it. The notes say how "
        "large the noise is and how much of the scores the linear model explains; the "
        "second tab shows the noise region by region."
    )
    misleads: ClassVar[str] = (
        "Other regions, another fill or another seed give another map. A linear "
        "model cannot express that regions only matter together: see how much it "
        "explains."
    )
    presets: ClassVar[Presets] = {
        "demo": {"regions": 20, "samples": 60},
        "as published": {"segmentation": "quickshift"},
        "fine": {"regions": 120, "samples": 4000},
    }

    def run(self, ctx: Context, params: LimeParams) -> Iterator[Report]:
        """Yield "lime", a map over the input, for growing numbers of samples."""
        score = quick_scorer(ctx, params.target)
        labels = superpixels(ctx.pixels, params.segmentation, params.regions)
        count = require_regions(labels)
        seed = int(ctx.generator.initial_seed())
        random = np.random.default_rng(seed)
        drawn = lime_coalitions(count, params.samples, params.kernel, random)
        hidden = hidden_image(ctx, params.fill, labels)
        scores = np.zeros(len(drawn))
        for part, found in score_coalitions(ctx, score, labels, hidden, drawn.kept):
            scores[part] = found
            ctx.step(part.stop, len(drawn), noun="sample")
            so_far = Coalitions(drawn.kept[: part.stop], drawn.weights[: part.stop])
            fit = fit_lime(so_far, scores[: part.stop], params.ridge)
            explained = f"{100 * max(0.0, fit.explained):.0f} % of the scores' variance"
            words = f"{count} regions; the linear model explains {explained}"
            notes = [score.target.caption, words]
            if part.stop < len(drawn):
                notes.append(f"{part.stop} of {len(drawn)} samples so far")
            yield region_report(ctx, "lime", labels, fit, score.target.unit, notes)
