"""DeepLIFT: the score's change from a baseline, attributed by the rescale rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from nnviz.base.completeness import Completeness
from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Help
from nnviz.base.results import Report
from nnviz.engine.attribution.baselines import Baseline, baseline_of
from nnviz.engine.attribution.completeness import completeness_notes
from nnviz.engine.attribution.heatmaps import attribution_map, remarks
from nnviz.engine.attribution.parameters import AttributionColors, BaselineParams
from nnviz.engine.attribution.rescale_rule import multipliers
from nnviz.engine.compute.memory import in_words
from nnviz.engine.method import Context, Presets, register

_REMEDY = (
    "the rescale rule does not cover all of this network (attention, products of "
    "activations, softmax): integrated gradients adds up there"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLiftParams(BaselineParams):
    """Parameters of DeepLIFT: target, baseline, colors."""

    baseline: Annotated[
        Baseline,
        Essential(),
        Help('The image that stands for "nothing", which activations are compared to.'),
    ] = "mean"
    colors: AttributionColors = "sum"


@register(
    "deep_lift",
    title="DeepLIFT",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Shrikumar et al. 2017", "arXiv:1704.02685"),
    needs=(Need.GRADIENTS,),
)
class DeepLift:
    """(x - baseline) times the multipliers of the rescale rule."""

    Params: ClassVar[type] = DeepLiftParams
    shows: ClassVar[str] = (
        "How much each pixel adds to the score compared with a baseline, by the rescale"
        " rule: each activation function passes on how much it changed, not its slope, "
        "so a saturated unit still counts. It takes two passes."
    )
    reading: ClassVar[str] = (
        "Red supports the target, blue counts against it, in the unit of the score: "
        "together the values make up the difference in score between image and "
        "baseline. The notes say how far off the sum is."
    )
    misleads: ClassVar[str] = (
        "The choice of baseline matters: pixels equal to it get zero. Where activations"
        " are multiplied with each other (attention, squeeze-and-excitation) the rule "
        "is only an approximation, and the sum is off."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "black baseline": {"baseline": "black"},
        "blurred baseline": {"baseline": "blur"},
    }

    def run(self, ctx: Context, params: DeepLiftParams) -> Iterator[Report]:
        """Yield one report: "deep_lift", the map over the input."""
        score = ctx.inference.target(params.target)
        start = baseline_of(ctx, params.baseline, params.blur)
        with in_words(ctx.model.info.title):
            found = multipliers(score, ctx.pixels, start, ctx.check)
        shares = (ctx.pixels - start)[0].double() * found.values.double()
        heat = attribution_map(shares, params.colors, score.target.unit, ctx.placement)
        total, due = float(shares.sum()), score.target.value - found.start
        completeness = Completeness(total, due)
        notes = (
            score.target.caption,
            f"the {params.baseline} baseline alone scores {found.start:.4g}",
            f"{found.count} activation functions and max poolings rescaled",
            *completeness_notes(completeness, _REMEDY),
            *remarks(heat.values),
        )
        yield Report({"deep_lift": heat}, notes, completeness)
