"""FullGrad: gradients of the input and of every bias of a network, on one map."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from nnviz.base.completeness import Completeness
from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.completeness import completeness_notes
from nnviz.engine.attribution.full_gradients import full_gradient
from nnviz.engine.attribution.heatmaps import input_map, remarks
from nnviz.engine.attribution.parameters import AskedTarget
from nnviz.engine.compute.memory import in_words
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import Scorer

_REMEDY = (
    "the split does not cover all of this network (attention, products of activations, "
    "layer norms): read the map with care"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullGradParams:
    """The parameter of FullGrad: the target."""

    target: AskedTarget = ""


_UNIT = "sum over layers of shares of each one's maximum"


@register(
    "full_grad",
    title="FullGrad",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Srinivas & Fleuret 2019", "arXiv:1905.00780"),
    needs=(Need.GRADIENTS,),
)
class FullGrad:
    """Input times gradient and bias times gradient of all layers, rescaled, summed."""

    Params: ClassVar[type] = FullGradParams
    shows: ClassVar[str] = (
        "Where the score comes from, over all layers: input times gradient, and at "
        "every position of every layer bias times gradient, stretched to a common "
        "scale and added up."
    )
    reading: ClassVar[str] = (
        "Bright positions matter in many layers, for or against the target: the map "
        "has no sign. Fine detail comes from early layers, broad regions from late "
        "ones. The notes say whether input and biases account for the whole score."
    )
    misleads: ClassVar[str] = (
        "Each layer is stretched to the same range, however small its share of the "
        "score: the map itself adds up to nothing, and depends on how the network is "
        "cut into layers. Large regions may only reflect how many layers are coarse."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: FullGradParams) -> Iterator[Report]:
        """Yield one report: "full_grad", the map over the input."""
        model = ctx.model
        target = ctx.inference.target(params.target).target
        scorer = Scorer(model.normalized_model(ctx.check), target)
        image = model.normalizer(ctx.pixels)
        with in_words(model.info.title):
            found = full_gradient(scorer, model.net, image, ctx.check)
        heat = input_map(found.saliency(), _UNIT, ctx.placement, signed=False)
        notes = (
            target.caption,
            f"the input and {len(found.biases)} maps of biases, stretched and added",
            *completeness_notes(Completeness(found.total, target.value), _REMEDY),
            *remarks(heat.values),
        )
        yield Report({"full_grad": heat}, notes)
