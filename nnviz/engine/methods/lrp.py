"""Layer-wise relevance propagation (LRP): the score redistributed layer by layer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import nn

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Report
from nnviz.engine.attribution.heatmaps import attribution_map, remarks
from nnviz.engine.attribution.parameters import AskedTarget
from nnviz.engine.attribution.relevance_propagation.relevance import (
    Composite,
    RelevancePass,
    relevance_of,
)
from nnviz.engine.attribution.relevance_propagation.relevance_rules import (
    alpha_beta_rule,
    epsilon_rule,
    gamma_rule,
    z_plus_rule,
)
from nnviz.engine.compute.memory import in_words
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.targets.resolve import Scorer

_ALPHA, _BETA = 2.0, 1.0
Rules = Literal[
    "auto",
    "epsilon gamma box",
    "epsilon plus",
    "epsilon alpha2 beta1",
    "epsilon",
    "gamma",
    "z-plus",
]
"""Published composites: epsilon rule for dense layers, then the rule of
convolutions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LrpParams:
    """Parameters of LRP: target, rules, and their strengths."""

    target: AskedTarget = ""
    rules: Annotated[
        Rules,
        Essential(),
        Help(
            "Rules by kind of layer. Auto: epsilon, gamma and box for convolutional "
            "networks, epsilon with attention rules for transformers."
        ),
    ] = "auto"
    gamma: Annotated[
        float,
        Essential(),
        Range(0, 100),
        Help("How much the gamma rule favors positive contributions."),
    ] = 0.25
    epsilon: Annotated[
        float,
        Title("Epsilon"),
        Range(1e-9, 10, log=True),
        Help("How much the epsilon rule damps small outputs."),
    ] = 1e-6


@register(
    "lrp",
    title="LRP",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Bach et al. 2015", "doi:10.1371/journal.pone.0130140"),
    needs=(Need.GRADIENTS,),
)
class Lrp:
    """The score redistributed to inputs in proportion to their contributions."""

    Params: ClassVar[type] = LrpParams
    shows: ClassVar[str] = (
        "How much of the score each pixel accounts for: each layer hands the "
        "relevance of its outputs back to its inputs, in proportion to what each "
        "contributed."
    )
    reading: ClassVar[str] = (
        "Red supports the target, blue counts against it. The notes say how much of "
        "the score arrived at the pixels; what is missing went to the biases."
    )
    misleads: ClassVar[str] = (
        "The rules decide what counts: z-plus and alpha-beta largely show the image "
        "whatever the class, as their randomization check shows. Rules for "
        "attention are approximations."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "epsilon alone": {"rules": "epsilon"},
        "alpha 2, beta 1": {"rules": "epsilon alpha2 beta1"},
        "z-plus": {"rules": "epsilon plus"},
    }

    def run(self, ctx: Context, params: LrpParams) -> Iterator[Report]:
        """Yield one report: "lrp", the map over the input."""
        model, target = ctx.model, ctx.inference.target(params.target).target
        net = _fused(ctx) if not target.layer else model.net
        passes = PixelModel(net=net, normalizer=nn.Identity(), check=ctx.check)
        limits = (torch.zeros_like(ctx.pixels), torch.ones_like(ctx.pixels))
        low, high = (model.normalizer(each) for each in limits)
        rules, name = _composite(ctx, params)
        passing = RelevancePass(rules, low, high)
        with in_words(model.info.title):
            x = model.normalizer(ctx.pixels)
            found = relevance_of(Scorer(passes, target), x, passing)
        heat = attribution_map(found[0], "sum", target.unit, ctx.placement)
        total = float(found.double().sum())
        notes = (
            target.caption,
            f"rules: {name}, on {passing.count} linear layers",
            f"{total:.4g} of {target.value:.4g} arrived at the pixels",
            *remarks(heat.values),
        )
        yield Report({"lrp": heat}, notes)


def _fused(ctx: Context) -> nn.Module:
    """Return the network with batch norms fused into convolutions, if there are any.

    The copy is used only if its output for the image equals the network's.
    """
    model = ctx.model
    if not any(isinstance(each, nn.BatchNorm2d) for each in model.net.modules()):
        return model.net
    return ctx.inference.twin()


def _composite(ctx: Context, params: LrpParams) -> tuple[Composite, str]:
    """Return the composite of rules, and its name."""
    attends = any(isinstance(m, nn.LayerNorm) for m in ctx.model.net.modules())
    name = params.rules
    if name == "auto":
        name = "epsilon" if attends else "epsilon gamma box"
    epsilon = epsilon_rule(params.epsilon)
    gamma, plus = gamma_rule(params.gamma), z_plus_rule()
    composites = {
        "epsilon gamma box": Composite(convolution=gamma, dense=epsilon, box=True),
        "epsilon plus": Composite(convolution=plus, dense=epsilon, box=False),
        "epsilon alpha2 beta1": Composite(
            convolution=alpha_beta_rule(_ALPHA, _BETA), dense=epsilon, box=False
        ),
        "epsilon": Composite(convolution=epsilon, dense=epsilon, box=False),
        "gamma": Composite(convolution=gamma, dense=gamma, box=False),
        "z-plus": Composite(convolution=plus, dense=plus, box=False),
    }
    return composites[name], name
