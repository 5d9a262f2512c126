"""Conductance: the score's flow through a layer, or through one of its channels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch

from nnviz.base.completeness import Completeness
from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import (
    Essential,
    Help,
    LayerKinds,
    LayerName,
    Lowest,
    Range,
    When,
)
from nnviz.base.results import Report
from nnviz.engine.attribution.baselines import baseline_of
from nnviz.engine.attribution.cam import cam_results
from nnviz.engine.attribution.completeness import completeness_notes
from nnviz.engine.attribution.flow import LayerFlow
from nnviz.engine.attribution.heatmaps import attribution_map, remarks
from nnviz.engine.attribution.parameters import (
    AskedTarget,
    BaselineBlur,
    BaselineParams,
    PathBaseline,
    PathSteps,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.map_layers import ChosenLayers, choose_layers

_REMEDY = "increase the number of steps to reduce this error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductanceParams(BaselineParams):
    """Parameters of conductance: target, layer, channel, path."""

    target: AskedTarget = ""
    layer: Annotated[
        LayerName,
        LayerKinds("spatial"),
        Help("The layer that the score flows through. Empty: chosen automatically."),
    ] = ""
    channel: Annotated[
        int,
        Essential(),
        Range(-1, 65535),
        Lowest("all"),
        Help("One channel, whose flow is followed to the pixels; -1: all of them."),
    ] = -1
    baseline: PathBaseline = "black"
    blur: Annotated[BaselineBlur, When("baseline", ("blur",))] = 20.0
    steps: PathSteps = 50


@register(
    "conductance",
    title="Conductance",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Dhamdhere et al. 2018", "arXiv:1805.12233"),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class Conductance:
    """The flow of integrated gradients through a layer, or through one channel."""

    Params: ClassVar[type] = ConductanceParams
    shows: ClassVar[str] = (
        "How much of the score flows through each position of a layer on the path "
        "from a baseline to the image. For one channel: which pixels its flow comes "
        "from."
    )
    reading: ClassVar[str] = (
        "Red positions carry what supports the target, blue ones what counts "
        "against it, in the unit of the score. The values of a layer add up to the "
        "difference in score between image and baseline; those of one channel add "
        "up to its part of it."
    )
    misleads: ClassVar[str] = (
        "A layer that is skipped by shortcuts carries only part of the score. The "
        "choice of baseline matters as for integrated gradients."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 8},
        "one channel": {"channel": 0},
        "white baseline": {"baseline": "white"},
    }

    def run(self, ctx: Context, params: ConductanceParams) -> Iterator[Report]:
        """Yield "conductance" and, for a whole layer, "map", as the sum grows."""
        score = ctx.inference.target(params.target)
        layers = choose_layers(ctx.model.info, params.layer, "", params.target)
        start = baseline_of(ctx, params.baseline, params.blur)
        flow = LayerFlow(ctx, score, layers.layers[-1], start, params.steps)
        parts = ctx.chunks.over_gradients(
            params.steps, lambda part: flow.of(part, params.channel)
        )
        total: torch.Tensor | None = None
        for part, found in parts:
            total = found if total is None else total + found
            ctx.step(part.stop, params.steps, noun="step")
            done = part.stop == params.steps
            yield _report(ctx, params, flow, layers, total, done=done)


def _report(
    ctx: Context,
    params: ConductanceParams,
    flow: LayerFlow,
    layers: ChosenLayers,
    total: torch.Tensor,
    *,
    done: bool,
) -> Report:
    target = flow.score.target
    notes = [target.caption, *layers.notes]
    if not done:
        notes.append("more steps are coming")
    if params.channel >= 0:
        return _channel_report(ctx, params.channel, flow, total, notes)
    results = cam_results(
        "conductance", [total], layers, ctx.placement, signed=True, unit=target.unit
    )
    sums = Completeness(float(total.sum()), target.value - flow.start_score())
    if done:
        notes += completeness_notes(sums, _REMEDY)
    return Report(results, tuple(notes), sums)


def _channel_report(
    ctx: Context, channel: int, flow: LayerFlow, total: torch.Tensor, notes: list[str]
) -> Report:
    heat = attribution_map(total, "sum", flow.score.target.unit, ctx.placement)
    words = (
        f"{float(total.sum()):.4g} of the difference in score flows through "
        f"channel {channel} of {flow.layer.name}"
    )
    return Report({"conductance": heat}, (*notes, words, *remarks(heat.values)))
