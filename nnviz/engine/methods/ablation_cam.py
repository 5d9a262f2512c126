"""Ablation-CAM: channels weighted by the score that is lost without them."""

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from nnviz.base.info import ATTRIBUTION, LayerInfo, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.ablation import (
    ablation_weights,
    tail_macs,
    without_channels,
)
from nnviz.engine.attribution.cam import CamParams, cam_report, cam_results, weighted
from nnviz.engine.compute.batch_size import BatchSizer
from nnviz.engine.compute.memory import in_words
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.map_layers import ChosenLayers, choose_layers, map_size
from nnviz.engine.nn.partial_forward import PartialForward, record_partial_forward
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.targets.resolve import ResolvedTarget, Scorer, resolve

_AT_ONCE = 256
"""Channels ablated in one run of a short tail."""
_COPIES = 4
"""Copies of a layer's output in a run: the ablated one and the values computed from
it."""


@register(
    "ablation_cam",
    title="Ablation-CAM",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Desai & Ramaswamy 2020", "doi:10.1109/WACV45572.2020.9093360"),
    needs=(Need.MAPS,),
)
class AblationCam:
    """Ablation-CAM: channels weighted by the relative drop of the score."""

    Params: ClassVar[type] = CamParams
    shows: ClassVar[str] = (
        "Which regions raise the score: a layer's channels, each weighted by the "
        "fraction of the score that is lost when it is set to zero."
    )
    reading: ClassVar[str] = (
        "Bright regions support the target, as in Grad-CAM, but the weights are "
        "measured instead of derived from a gradient."
    )
    misleads: ClassVar[str] = (
        "Channels are removed one at a time: two that carry the same information each"
        " lose little and look unimportant. Zero is not a neutral value in layers "
        "with negative activations."
    )
    presets: ClassVar[Presets] = {"demo": {}, "for and against": {"signed": True}}

    def run(self, ctx: Context, params: CamParams) -> Iterator[Report]:
        """Yield "ablation_cam" and "map", or a map of each layer, as channels go."""
        layers = choose_layers(
            ctx.model.info, params.layer, params.layers, params.target
        )
        ablations = [_Ablation(layer) for layer in layers.layers]
        for ablation in ablations:
            for done, total in ablation.weigh(ctx, params.target):
                ctx.step(done, total, noun=f"{ablation.layer.name}, channel")
                if done < total:
                    yield _report(ctx, ablations, layers, signed=params.signed)
        yield _report(ctx, ablations, layers, signed=params.signed)


class _Ablation:
    """Ablation weights of one layer's channels, computed so far."""

    def __init__(self, layer: LayerInfo) -> None:
        self.layer = layer
        self.cam = torch.zeros(map_size(layer) or (1, 1), dtype=torch.float64)
        self.notes: tuple[str, ...] = ()

    def weigh(self, ctx: Context, text: str) -> Iterator[tuple[int, int]]:
        """Ablate the channels; yield the number done and the total."""
        tail, target = _record(ctx, self.layer, text)
        self.notes = (target.caption,)
        if target.value <= 0:
            self.notes += (
                "the score is not positive: weights are divided by its magnitude",
            )
        maps = maps_of(tail.activation, self.layer)[0]
        # Ablating a channel that is zero everywhere changes nothing.
        alive = maps.flatten(1).any(1).nonzero().flatten()
        scorer = Scorer(
            PixelModel(net=tail.net, normalizer=nn.Identity(), check=ctx.check), target
        )

        def ablate(part: slice) -> Tensor:
            batch = without_channels(tail.activation, self.layer, alive[part])
            return tail.run(batch, scorer)

        pace = BatchSizer(
            ctx.model.device,
            tail_macs(tail, ctx.model.info),
            _COPIES * tail.activation.nbytes,
            _AT_ONCE,
        )
        for part, scores in ctx.chunks.over(len(alive), pace, ablate):
            weights = ablation_weights(target.value, scores.double())
            self.cam += weighted(maps[alive[part]].double(), weights).cpu()
            yield part.stop, len(alive)


def _record(
    ctx: Context, layer: LayerInfo, text: str
) -> tuple[PartialForward, ResolvedTarget]:
    """Run the network once; return the forward pass after a layer, and the target."""
    model = ctx.model
    with in_words(model.info.title):
        tail = record_partial_forward(
            model.net, model.normalizer(ctx.pixels), layer, ctx.check
        )

    def activations(name: str) -> Tensor:
        return ctx.activations(name) if name else tail.answer

    return tail, resolve(text, model.info, activations, ctx.inference.subject)


def _report(
    ctx: Context,
    ablations: list[_Ablation],
    layers: ChosenLayers,
    *,
    signed: bool,
) -> Report:
    results = cam_results(
        "ablation_cam",
        [each.cam for each in ablations],
        layers,
        ctx.placement,
        signed=signed,
        unit="activation",
    )
    return cam_report(results, layers, ablations[-1].notes or ablations[0].notes)
