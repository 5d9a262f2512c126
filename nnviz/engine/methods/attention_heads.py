"""Attention heads: the weights of one layer's attention, a map for each head."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.frames import Frame, Placement
from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import INSPECTION, LayerInfo, Layout, Need, Reference
from nnviz.base.parameters import Help, Lowest, Range, Title, When
from nnviz.base.results import Mosaic, Report
from nnviz.engine.attribution.heatmaps import input_map
from nnviz.engine.attribution.patches import cell_at
from nnviz.engine.attribution.transformers.attention import open_attention
from nnviz.engine.compute.memory import in_words
from nnviz.engine.method import Context, Presets, register

_SQUARE = 4
"""Axes of attention weights: images, heads, queries, keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionHeadsParams:
    """Parameters of attention heads: layer and query."""

    depth: Annotated[
        int,
        Range(-1, 200),
        Lowest("last"),
        Title("Attention layer"),
        Help("Index of the layer, in the order in which layers run; -1 is the last."),
    ] = -1
    query: Annotated[
        Literal["class token", "patch", "mean"],
        Help("Query: the class token, the patch at a position, or the average of all."),
    ] = "class token"
    x: Annotated[ImageX, When("query", ("patch",))] = 0.5
    y: Annotated[ImageY, When("query", ("patch",))] = 0.5


_UNIT = "attention weight"


@register(
    "attention_heads",
    title="Attention heads",
    group="Inspect",
    capabilities=INSPECTION,
    live=False,
    reference=Reference("Caron et al. 2021", "arXiv:2104.14294"),
    needs=(Need.ATTENTION,),
)
class AttentionHeads:
    """The weights of one layer's attention, one map for each head."""

    Params: ClassVar[type] = AttentionHeadsParams
    shows: ClassVar[str] = (
        "Where each head of an attention layer looks: the weights with which one "
        "query attends to the patches. Class and register tokens are left out; the "
        "notes say how much attention they get."
    )
    reading: ClassVar[str] = (
        "Each tile is a head; bright patches get the most attention. Heads often "
        "differ: some look nearby, some at one object, some at nothing in "
        "particular."
    )
    misleads: ClassVar[str] = (
        "Weights say where a head looks, not what it takes from there or what becomes "
        "of it. Some patches collect attention without meaning anything (Darcet et al. "
        "2024, arXiv:2309.16588)."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "first layer": {"depth": 0},
        "of a patch": {"query": "patch"},
    }

    def run(self, ctx: Context, params: AttentionHeadsParams) -> Iterator[Report]:
        """Yield one report: "heads" (main) and "mean" over the image."""
        layer, weights = _attention_of(ctx, params.depth)
        grid = layer.grid or (1, 1)
        rows = _rows(ctx, params, layer, weights)
        maps = rows[:, layer.extra_tokens :].reshape(-1, *grid)
        mean = functional.interpolate(
            maps.mean(0)[None, None], ctx.placement.input_size
        )
        overlay = input_map(mean[0, 0], _UNIT, ctx.placement, signed=False)
        aside = 100 * float(rows[:, : layer.extra_tokens].sum(1).mean())
        notes = [f"{len(maps)} heads, {grid[0]} x {grid[1]} patches"]
        if layer.extra_tokens:
            several = f"{layer.extra_tokens} class and register tokens"
            whom = several if layer.extra_tokens > 1 else "the class token"
            notes.append(f"{aside:.3g} % of the attention goes to {whom}, left out")
        results = {"heads": _mosaic(maps, ctx.placement), "mean": overlay}
        yield Report(results, tuple(notes))


def _mosaic(maps: Tensor, placement: Placement) -> Mosaic:
    """Return the maps of the heads, (heads, rows, columns), as tiles."""
    return Mosaic(
        tiles=np.ascontiguousarray(maps.float().numpy()),
        order=np.arange(len(maps)),
        captions=tuple(f"head {index}" for index in range(len(maps))),
        signed=False,
        shared_scale=False,
        unit=_UNIT,
        noun="head",
        layer="",
        frame=Frame.INPUT,
        placement=placement,
    )


def _attention_of(ctx: Context, depth: int) -> tuple[LayerInfo, Tensor]:
    """Return the token layer, and the weights of one attention, (heads, T, T).

    Raises:
        UsageError: there is no attention of that index.
        ModelError: there is none between all patches.
    """
    info = ctx.model.info
    tokens = [
        each for each in info.layers if each.layout is Layout.TOKENS and each.spatial
    ]
    with open_attention() as opened, in_words(info.title), torch.no_grad():
        ctx.inference.pixel_model.forward(ctx.pixels)
    fitting = [
        each
        for each in opened
        if tokens and each.ndim == _SQUARE and _fits(each, tokens[-1])
    ]
    if not fitting:
        raise ModelError(
            info.title,
            "has no attention between all patches",
            "use patch_similarity, which works on any layer with maps",
        )
    if depth >= len(fitting):
        raise UsageError(
            "--depth",
            f"there is no attention layer {depth}",
            f"it has {len(fitting)}: 0 to {len(fitting) - 1}",
        )
    return tokens[-1], fitting[depth][0].double().cpu()


def _fits(weights: Tensor, layer: LayerInfo) -> bool:
    """Tell whether attention weights are between all tokens of one image."""
    rows, columns = layer.grid or (0, 0)
    count = layer.extra_tokens + rows * columns
    return len(weights) == 1 and tuple(weights.shape[2:]) == (count, count)


def _rows(
    ctx: Context, params: AttentionHeadsParams, layer: LayerInfo, weights: Tensor
) -> Tensor:
    """Return the attention weights of the query, (heads, T)."""
    if params.query == "patch":
        grid = layer.grid or (1, 1)
        row, column = cell_at(ctx.placement, params.x, params.y, grid)
        return weights[:, layer.extra_tokens + row * grid[1] + column]
    if params.query == "class token" and layer.extra_tokens:
        return weights[:, 0]
    return weights.mean(1)
