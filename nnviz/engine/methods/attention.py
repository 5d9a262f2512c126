"""Attention rollout and relevance: the patches behind a transformer's answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.info import ATTRIBUTION, LayerInfo, Layout, Need, Reference
from nnviz.base.parameters import Help, TargetText, When
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import cam_report, cam_results
from nnviz.engine.attribution.transformers.attention import (
    gradient_relevance,
    open_attention,
    rollout,
    token_map,
)
from nnviz.engine.compute.memory import in_words
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.hooks import output_of
from nnviz.engine.nn.map_layers import ChosenLayers
from nnviz.engine.targets.resolve import Scorer

_SQUARE = 4
"""Axes of attention weights: images, heads, tokens, tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionParams:
    """Parameters of attention: rule and target."""

    rule: Annotated[
        Literal["gradient", "rollout"],
        Help("Attention weighted by the score's gradient, or attention alone."),
    ] = "gradient"
    target: Annotated[
        TargetText,
        When("rule", ("gradient",)),
        Help("What to explain. Empty: the predicted class."),
    ] = ""


@register(
    "attention",
    title="Attention map",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Chefer et al. 2021", "arXiv:2103.15679"),
    needs=(
        Need.ATTENTION,
        Need.GRADIENTS,
    ),
)
class Attention:
    """Attention of all layers, weighted by the score's gradient and propagated."""

    Params: ClassVar[type] = AttentionParams
    shows: ClassVar[str] = (
        "Which patches a vision transformer's prediction relies on: the attention "
        "of all layers, weighted by the positive part of the score's gradient and "
        "propagated to the class token. Rollout uses attention alone and ignores "
        "the class."
    )
    reading: ClassVar[str] = (
        "Bright patches contribute most to the class token. The map has one value per"
        " patch and is interpolated in between."
    )
    misleads: ClassVar[str] = (
        "Attention shows where information may flow, not what becomes of it: the "
        "layers in between may discard it. Negative parts are dropped, so nothing "
        "here counts against a class; a rollout is the same for every class."
    )
    presets: ClassVar[Presets] = {"demo": {}, "rollout": {"rule": "rollout"}}

    def run(self, ctx: Context, params: AttentionParams) -> Iterator[Report]:
        """Yield one report: "attention" and "map"."""
        layer = _token_layer(ctx)
        if params.rule == "rollout":
            weights = _weights(ctx)
            relevance = rollout([each[0].double().cpu() for each in weights])
            notes: tuple[str, ...] = ("the class plays no part in a rollout",)
        else:
            scorer = ctx.inference.target(params.target)
            relevance = _gradient_relevance(ctx, scorer)
            notes = (scorer.target.caption,)
        cam = token_map(relevance, layer.grid or (1, 1), layer.extra_tokens)
        layers = ChosenLayers((layer,), ())
        results = cam_results(
            "attention", [cam], layers, ctx.placement, signed=False, unit="relevance"
        )
        yield cam_report(results, layers, notes)


def _token_layer(ctx: Context) -> LayerInfo:
    """Return the last layer whose tokens form a grid.

    Raises:
        ModelError: there is none: not a vision transformer, or one with windowed
            attention.
    """
    layers = [
        layer
        for layer in ctx.model.info.layers
        if layer.layout is Layout.TOKENS and layer.spatial
    ]
    if not layers:
        raise _no_attention(ctx)
    return layers[-1]


def _weights(ctx: Context) -> list[Tensor]:
    """Return the attention of every layer for the image."""
    model = ctx.model
    x = model.normalizer(ctx.pixels)
    with open_attention() as weights, in_words(model.info.title):
        output_of(model.net, x, "", check=ctx.check)
    return _chained(ctx, weights)


def _gradient_relevance(ctx: Context, scorer: Scorer) -> Tensor:
    with in_words(ctx.model.info.title), torch.enable_grad():
        with open_attention() as opened:
            scores = scorer(ctx.pixels)
        weights = _chained(ctx, opened)
        if not scores.requires_grad:
            raise _no_attention(ctx)
        gradients = torch.autograd.grad(
            scores.sum(), weights, allow_unused=True, materialize_grads=True
        )
    return gradient_relevance(
        [each.detach()[0].double().cpu() for each in weights],
        [each[0].double().cpu() for each in gradients],
    )


def _chained(ctx: Context, weights: list[Tensor]) -> list[Tensor]:
    """Return the weights if all attend between the same tokens of one image.

    Raises:
        ModelError: they do not, or there are none.
    """
    shapes = {tuple(each.shape[2:]) for each in weights if each.ndim == _SQUARE}
    alike = len(shapes) == 1 and all(len(each) == 1 for each in weights)
    if not alike or len(set(next(iter(shapes)))) != 1:
        raise _no_attention(ctx)
    return weights


def _no_attention(ctx: Context) -> ModelError:
    return ModelError(
        ctx.model.info.title,
        "has no attention over all patches that could be propagated",
        "use grad_cam, which works on any layer with a map",
    )
