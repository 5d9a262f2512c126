"""LeGrad: gradients of each block's own score with respect to its attention."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import cam_report, cam_results
from nnviz.engine.attribution.parameters import AskedTarget
from nnviz.engine.attribution.transformers.attention_gradients import le_grad_map
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.map_layers import ChosenLayers


@dataclass(frozen=True, slots=True, kw_only=True)
class LeGradParams:
    """Parameters of LeGrad: the target."""

    target: AskedTarget = ""


@register(
    "le_grad",
    title="LeGrad",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Bousselham et al. 2024", "arXiv:2404.03214"),
    needs=(
        Need.ATTENTION,
        Need.GRADIENTS,
    ),
)
class LeGrad:
    """Positive gradients of attention maps, averaged over heads and blocks."""

    Params: ClassVar[type] = LeGradParams
    shows: ClassVar[str] = (
        "Which patches a vision transformer's prediction depends on: how the "
        "prediction from each block's own tokens changes with that block's "
        "attention."
    )
    reading: ClassVar[str] = (
        "Bright patches would raise the score if they were attended to more. The map "
        "has one value per patch, the mean over all blocks."
    )
    misleads: ClassVar[str] = (
        "The head was never trained to read the tokens of early blocks. Only "
        "positive gradients count: nothing here counts against a class."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: LeGradParams) -> Iterator[Report]:
        """Yield one report: "le_grad" and "map"."""
        score = ctx.inference.target(params.target)
        found = le_grad_map(ctx, score)
        results = cam_results(
            "le_grad",
            [found.values],
            ChosenLayers((found.layer,), ()),
            ctx.placement,
            signed=False,
            unit="fraction of the maximum",
        )
        notes = (score.target.caption, f"mean over {found.blocks} blocks")
        yield cam_report(results, ChosenLayers((found.layer,), ()), notes)
