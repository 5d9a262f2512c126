"""Semantic dictionary: the strongest channels at a position, visualized."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.frames import Placement
from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import OPTIMIZATION, LayerInfo, Need, Reference
from nnviz.base.parameters import (
    Help,
    LayerKinds,
    LayerName,
    Lowest,
    Range,
    Unit,
)
from nnviz.base.results import Array, Mosaic, Ranking, Report
from nnviz.engine.attribution.patches import cell_at
from nnviz.engine.imaging.color import COLORS
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_maps import Maps, channel_maps
from nnviz.engine.nn.map_layers import middle
from nnviz.engine.optvis.objectives import channel, each
from nnviz.engine.optvis.optimize import Ascent, AscentStep, StepRules
from nnviz.engine.optvis.parametrizations import Spectrum
from nnviz.engine.optvis.parse_objective import side_of
from nnviz.engine.optvis.transforms import fitted, lucid

_LEARNING_RATE = 0.05
_SHOWN_EVERY = 4
"""Steps between reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticDictionaryParams:
    """Parameters of the semantic dictionary: position, layer, optimization."""

    x: ImageX = 0.5
    y: ImageY = 0.5
    layer: Annotated[
        LayerName,
        LayerKinds("spatial"),
        Help("The layer. Empty: one in the middle."),
    ] = ""
    channels: Annotated[
        int, Range(1, 16), Help("Number of channels to show, strongest first.")
    ] = 6
    size: Annotated[
        int,
        Range(0, 512),
        Lowest("auto"),
        Unit("px"),
        Help("Side of the images; 0 uses the network's input size."),
    ] = 0
    steps: Annotated[
        int, Range(1, 2048, log=True), Help("Optimization steps per image.")
    ] = 128


@dataclass(frozen=True, slots=True)
class _Looked:
    """The strongest channels of a layer at a position.

    Attributes:
        layer: the layer.
        cell: row and column of its map.
        values: of all channels there, float64 (C,).
        indices: of the channels shown, the strongest first.
    """

    layer: LayerInfo
    cell: tuple[int, int]
    values: Array
    indices: tuple[int, ...]


@register(
    "semantic_dictionary",
    title="Semantic dictionary",
    group="Imagine",
    capabilities=OPTIMIZATION,
    live=False,
    reference=Reference("Olah et al. 2018", "doi:10.23915/distill.00010"),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class SemanticDictionary:
    """Semantic dictionary: a position's activation vector shown as feature images."""

    Params: ClassVar[type] = SemanticDictionaryParams
    shows: ClassVar[str] = (
        "The channels of a layer that respond most at one position of the image, each"
        " with the image it responds to most."
    )
    reading: ClassVar[str] = (
        "Read the images as the layer's vocabulary for what is there, and the bars as"
        " how strongly each word applies. Try another position or a later layer."
    )
    misleads: ClassVar[str] = (
        "Channels are compared by activation, though some are stronger than others "
        "by nature, and a strong one need not matter for the prediction. A position "
        "in a late layer sees far more of the image than the point you picked."
    )
    presets: ClassVar[Presets] = {"demo": {"channels": 2, "steps": 3}}

    def run(self, ctx: Context, params: SemanticDictionaryParams) -> Iterator[Report]:
        """Yield "strongest", and "dictionary", one image a channel, as it improves."""
        layer = ctx.model.info.known_layer(params.layer or middle(ctx.model.info).name)
        maps = channel_maps(ctx.activations(layer.name), layer)
        looked = _look(layer, maps, ctx.placement, params)
        objectives = [channel(layer.name, index) for index in looked.indices]
        aim = each(objectives)
        climb = _climb(ctx, looked, params)
        rules = StepRules(
            learning_rate=_LEARNING_RATE, transforms=fitted(lucid(), ctx.model.info)
        )
        while climb.steps < params.steps:
            climbed = climb.step(lambda _view: aim, rules)
            ctx.step(climb.steps, params.steps, noun="step")
            if climb.steps % _SHOWN_EVERY == 0 or climb.steps == params.steps:
                yield _report(looked, climbed)


def _look(
    layer: LayerInfo, maps: Maps, placement: Placement, params: SemanticDictionaryParams
) -> _Looked:
    """Find the cell under the position, and its strongest channels.

    Raises:
        UsageError: the point lies outside the network's input.
    """
    row, column = cell_at(placement, params.x, params.y, maps.shape[1:])
    values = maps[:, row, column].astype(np.float64)
    strongest = np.argsort(-values, kind="stable")[: params.channels]
    return _Looked(layer, (row, column), values, tuple(strongest.tolist()))


def _climb(ctx: Context, looked: _Looked, params: SemanticDictionaryParams) -> Ascent:
    model = ctx.model
    side = side_of(model.info, params.size)
    shape = (len(looked.indices), model.info.preprocess.channels, side, side)
    look = model.feature_extractor((looked.layer.name,), ctx.check)
    make = partial(Spectrum, shape, device=ctx.model.device)
    return Ascent(make, "adam", look, model.mean_color, ctx.generator)


def _report(looked: _Looked, climbed: AscentStep) -> Report:
    values = looked.values[list(looked.indices)]
    layer, (row, column) = looked.layer, looked.cell
    tiles = climbed.pixels.permute(0, 2, 3, 1)
    if tiles.shape[3] != COLORS:
        tiles = tiles[..., 0]
    mosaic = Mosaic(
        tiles=tiles.float().cpu().contiguous().numpy(),
        order=np.arange(len(values)),
        captions=tuple(
            f"{index}  {value:.3g}"
            for index, value in zip(looked.indices, values, strict=True)
        ),
        signed=False,
        shared_scale=True,
        unit="value",
        noun="channel",
        # The tiles are not in the order of the layer's channels, so they are not
        # linked.
        layer="",
    )
    ranking = Ranking(
        labels=tuple(f"channel {index}" for index in looked.indices),
        values=values,
        indices=np.array(looked.indices),
        unit="activation",
    )
    notes = (
        f"{layer.name} at row {row}, column {column} of its map",
        f"{(looked.values > 0).sum()} of {len(looked.values)} channels are above zero",
    )
    return Report({"dictionary": mosaic, "strongest": ranking}, notes)
