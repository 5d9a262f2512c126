"""Score-CAM: channels weighted by the score of the regions that they uncover."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn

from nnviz.base.info import ATTRIBUTION, LayerInfo, Need, Reference
from nnviz.base.parameters import Help, Lowest, Range, Title
from nnviz.base.results import Report
from nnviz.engine.attribution.ablation import channel_masks, varied
from nnviz.engine.attribution.cam import CamParams, cam_report, cam_results, weighted
from nnviz.engine.compute.batch_size import pass_sizer
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.map_layers import ChosenLayers, choose_layers, map_size
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.targets.resolve import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCamParams(CamParams):
    """Parameters of Score-CAM: target, layers, channels, cover."""

    channels: Annotated[
        int,
        Range(0, 65536),
        Lowest("all"),
        Help(
            "Number of channels, those with the highest variance; 0 uses all, as "
            "published."
        ),
    ] = 0
    cover: Annotated[
        Literal["mean", "black"],
        Title("Cover with"),
        Help("Color that covered parts fade to: the network's zero color, or black."),
    ] = "mean"


@register(
    "score_cam",
    title="Score-CAM",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Wang et al. 2020", "arXiv:1910.01279"),
    needs=(Need.MAPS,),
)
class ScoreCam:
    """A layer's channels, weighted by the score of the image masked by each."""

    Params: ClassVar[type] = ScoreCamParams
    shows: ClassVar[str] = (
        "Which regions raise the score: each channel of a layer uncovers the "
        "positions where it is active, and the channels are weighted by the scores "
        "that result (softmax over the channels)."
    )
    reading: ClassVar[str] = (
        "Bright regions support the target. No gradient is used, but one forward pass"
        " per channel, so it is slow."
    )
    misleads: ClassVar[str] = (
        "A half covered image is unlike anything the network was trained on. After "
        "the softmax a few channels dominate; for a probability, whose differences "
        "are below 1, all channels weigh nearly the same."
    )
    presets: ClassVar[Presets] = {
        "demo": {"channels": 16},
        "quick": {"channels": 64},
        "black": {"cover": "black"},
    }

    def run(self, ctx: Context, params: ScoreCamParams) -> Iterator[Report]:
        """Yield "score_cam" and "map", or a map of each layer, as channels progress."""
        layers = choose_layers(
            ctx.model.info, params.layer, params.layers, params.target
        )
        scorer = ctx.inference.target(params.target)
        uncovered = [_Uncovered(layer) for layer in layers.layers]
        notes = (scorer.target.caption,)
        for each in uncovered:
            for done, total in each.weigh(ctx, scorer, params):
                ctx.step(done, total, noun=f"{each.layer.name}, channel")
                if done < total:
                    so_far = f"{done} of {total} channels so far"
                    yield _report(ctx, uncovered, layers, params, (*notes, so_far))
        yield _report(ctx, uncovered, layers, params, notes)


class _Uncovered:
    """The map of one layer, from the channels scored so far."""

    def __init__(self, layer: LayerInfo) -> None:
        self.layer = layer
        self.cam = torch.zeros(map_size(layer) or (1, 1), dtype=torch.float64)

    def weigh(
        self, ctx: Context, scorer: Scorer, params: ScoreCamParams
    ) -> Iterator[tuple[int, int]]:
        """Score the image masked by each channel; yield the number done and in all."""
        maps = maps_of(ctx.activations(self.layer.name), self.layer)[0]
        # A constant map masks all or nothing, so it is skipped.
        telling = varied(maps)
        if params.channels:
            telling = telling[: params.channels]
        score, picture = _masked_scorer(ctx, scorer, params.cover)

        def uncover(part: slice) -> Tensor:
            masks = channel_masks(maps[telling[part]], ctx.placement.input_size)
            with torch.no_grad():
                return score(masks * picture).double()

        pace = pass_sizer(ctx.model.info, ctx.model.device)
        scores = torch.empty(0, dtype=torch.float64)
        for part, found in ctx.chunks.over(len(telling), pace, uncover):
            scores = torch.cat([scores, found.cpu()])
            known = maps[telling[: part.stop]].double().cpu()
            self.cam = weighted(known, scores.softmax(0))
            yield part.stop, len(telling)


def _masked_scorer(ctx: Context, scorer: Scorer, cover: str) -> tuple[Scorer, Tensor]:
    """Return the scorer of masked images, and the image to mask.

    The network's twin has the same output and is faster, but its inner layers differ.
    """
    model, target = ctx.model, scorer.target
    net = model.net if target.layer else ctx.inference.twin()
    if cover == "black":
        return Scorer(_passes(ctx, net, model.normalizer), target), ctx.pixels
    normalized = model.normalizer(ctx.pixels)
    return Scorer(_passes(ctx, net, nn.Identity()), target), normalized


def _passes(ctx: Context, net: nn.Module, normalizer: nn.Module) -> PixelModel:
    return PixelModel(net=net, normalizer=normalizer, check=ctx.check)


def _report(
    ctx: Context,
    uncovered: list[_Uncovered],
    layers: ChosenLayers,
    params: ScoreCamParams,
    notes: tuple[str, ...],
) -> Report:
    results = cam_results(
        "score_cam",
        [each.cam for each in uncovered],
        layers,
        ctx.placement,
        signed=params.signed,
        unit="activation",
    )
    return cam_report(results, layers, notes)
