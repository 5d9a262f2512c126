"""Object queries of DETR-type detectors: boxes, scores and cross-attention of each."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import UsageError
from nnviz.base.frames import Frame
from nnviz.base.info import INSPECTION, Reference, Task
from nnviz.base.parameters import Essential, Help, Lowest, Range, TargetText, Title
from nnviz.base.results import Boxes, Heatmap, Mosaic, Report, Result, Table
from nnviz.engine.attribution.transformers.attention import open_attention
from nnviz.engine.compute.memory import in_words
from nnviz.engine.detection.suppression import (
    Suppression,
    class_names,
    rank_of,
    suppress,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.detection import stages_of
from nnviz.engine.nn.nms import on_photo

_FLOOR = 0.005
_AXES = 4
"""Axes of attention weights: images, heads, queries, positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectQueriesParams:
    """Parameters of object queries: object, score, decoder layer."""

    target: Annotated[
        TargetText,
        Title("Object"),
        Help("The box whose query is shown: box:0, a class. Empty: the best box's."),
        Essential(),
    ] = ""
    score: Annotated[
        float,
        Title("Minimum score"),
        Range(_FLOOR, 1.0),
        Help("A query is an object if its class has a score above this."),
        Essential(),
    ] = 0.3
    layer: Annotated[
        int,
        Title("Decoder layer"),
        Range(-1, 32),
        Lowest("last"),
        Help(
            "Decoder layer whose cross-attention is shown, 0 being the first; -1 is "
            "the last."
        ),
        Essential(),
    ] = -1


@register(
    "object_queries",
    title="Object queries",
    group="Inspect",
    capabilities=INSPECTION,
    live=False,
    reference=Reference("Carion et al. 2020", "arXiv:2005.12872"),
    tasks=(Task.DETECT,),
)
class ObjectQueries:
    """The queries of a DETR-type detector, with their cross-attention."""

    Params: ClassVar[type] = ObjectQueriesParams
    shows: ClassVar[str] = (
        "The object that each learned query stands for, and the cross-attention of "
        "one query: the positions of the image that its decoder layers attend to, "
        "per head and per layer."
    )
    reading: ClassVar[str] = (
        "Bright positions get the most attention; in trained networks they lie on "
        "the ends of an object, where its box is decided. Queries without an object "
        'predict the class "no object". Nothing is suppressed: two boxes on one '
        "thing are two queries. Detectors with anchors, cells or regions have no "
        "queries: see Detection steps."
    )
    misleads: ClassVar[str] = (
        "The positions are those of the encoder, which has already mixed the whole "
        "image: a weight says where the decoder reads, not which pixels mattered."
    )
    presets: ClassVar[Presets] = {"demo": {}, "first layer": {"layer": 0}}

    def run(self, ctx: Context, params: ObjectQueriesParams) -> Iterator[Report]:
        """Yield one report: objects, the attention of one query, heads and layers."""
        found = suppress(ctx, params.score, 1.0, 1000)
        layers = _cross_attention(ctx)
        if not layers:
            shown = _objects(ctx, found, 0, params.score, named=False)
            yield Report({"objects": shown}, _without_attention(ctx, found))
            return
        if not -1 <= params.layer < len(layers):
            known = f"layers are 0 to {len(layers) - 1}; -1 is the last"
            raise UsageError("--layer", f"there is no layer {params.layer}", known)
        if not len(found.kept):
            words = "no query is above the minimum score; lower it"
            yield Report({"objects": _objects(ctx, found, -1, params.score)}, (words,))
            return
        rank = rank_of(ctx.model.info, found, params.target)
        query = _queries(found)[rank]
        results: dict[str, Result] = {
            "objects": _objects(ctx, found, rank, params.score),
            **_attention_results(ctx, layers, params.layer, query),
            "queries": _table(ctx, found),
        }
        yield Report(results, _notes(layers, found, query))


def _cross_attention(ctx: Context) -> list[Tensor]:
    """Return the weights (heads, queries, rows, columns) of each decoder layer.

    None for a detector without queries that attend to the image.
    """
    info = ctx.model.info
    with open_attention() as opened, in_words(info.title), torch.no_grad():
        ctx.inference.pixel_model.forward(ctx.pixels)
    crossed = [
        each[0].double().cpu()
        for each in opened
        if each.ndim == _AXES and each.shape[2] != each.shape[3]
    ]
    if not crossed:
        return []
    grid = cell_grid(crossed[-1].shape[2], ctx.placement.input_size)
    return [each.reshape(*each.shape[:2], *grid) for each in crossed]


def cell_grid(count: int, size: tuple[int, int]) -> tuple[int, int]:
    """Factor a number of cells into rows and columns with the input's aspect ratio.

    Args:
        count: rows times columns.
        size: height and width of the input.
    """
    pairs = [(rows, count // rows) for rows in range(1, count + 1) if not count % rows]
    return min(
        pairs, key=lambda pair: abs(math.log(pair[0] / pair[1] * size[1] / size[0]))
    )


def _queries(found: Suppression) -> NDArray[np.int64]:
    """Return the query of each kept box, -1 if unknown."""
    sources = found.chosen.sources
    if sources is None:
        return np.full(len(found.kept), -1, np.int64)
    return sources.cpu().numpy().astype(np.int64)


def _objects(
    ctx: Context,
    found: Suppression,
    rank: int,
    threshold: float,
    *,
    named: bool = True,
) -> Boxes:
    """Return the boxes with their queries, the unselected ones thin.

    Args:
        ctx: with the network.
        found: the boxes.
        rank: of the selected one.
        threshold: minimum score.
        named: whether the boxes come from queries, which are named.
    """
    chosen = found.chosen
    classes = chosen.classes.cpu().numpy()
    labels = class_names(ctx.model.info, classes)
    queries = _queries(found)
    return Boxes(
        boxes=on_photo(chosen.boxes.cpu().numpy(), ctx.placement),
        scores=chosen.scores.cpu().numpy(),
        classes=classes,
        labels=labels,
        captions=tuple(
            f"query {query}: {labels[index]}" if query >= 0 else labels[index]
            for query, index in zip(queries, classes, strict=True)
        )
        if named
        else (),
        faint=np.arange(len(classes)) != rank,
        threshold=threshold,
    )


def _without_attention(ctx: Context, found: Suppression) -> tuple[str, ...]:
    """Return a note on the source of the boxes where no attention of queries is seen.

    Boxes of which none is suppressed may come from queries: a file can hold their
    attention as plain products, which are not recognized.
    """
    if found.found.distinct:
        words = "no queries that attend to the image: there are none, or this file "
        return (f"{words}holds their attention as plain products",)
    with torch.no_grad():
        stages = stages_of(
            ctx.model.net, ctx.inference.outputs(), ctx.placement.input_size
        )
    source = "its boxes come from candidates that are suppressed"
    if stages is not None and stages.proposals is not None:
        source = "its boxes come from proposals of regions"
    elif stages is not None:
        grids = ", ".join(grid.title for grid in stages.anchors.grids)
        source = f"its boxes come from the cells of grids ({grids})"
    return (f"this detector has no queries: {source}; see Detection steps",)


def _attention_results(
    ctx: Context, layers: list[Tensor], layer: int, query: int
) -> dict[str, Result]:
    """Return a query's cross-attention: over the image, by head, and by layer."""
    heads = layers[layer][:, query]
    means = torch.stack([each[:, query].mean(0) for each in layers])
    large = functional.interpolate(
        heads.mean(0)[None, None], ctx.placement.input_size, mode="bilinear"
    )
    return {
        "attention": Heatmap(
            values=large[0, 0].float().contiguous().numpy(),
            signed=False,
            unit="attention weight",
            frame=Frame.INPUT,
            placement=ctx.placement,
        ),
        "heads": _mosaic(ctx, heads, "head"),
        "layers": _mosaic(ctx, means, "layer"),
    }


def _mosaic(ctx: Context, maps: Tensor, noun: str) -> Mosaic:
    return Mosaic(
        tiles=maps.float().contiguous().numpy(),
        order=np.arange(len(maps)),
        captions=tuple(f"{noun} {index}" for index in range(len(maps))),
        signed=False,
        shared_scale=False,
        unit="attention weight",
        noun=noun,
        layer="",
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def _table(ctx: Context, found: Suppression) -> Table:
    chosen = found.chosen
    classes = chosen.classes.cpu().numpy()
    labels = class_names(ctx.model.info, classes)
    rows = tuple(
        (int(query), labels[index], 100 * float(score))
        for query, index, score in zip(
            _queries(found), classes, chosen.scores.cpu(), strict=True
        )
    )
    return Table(columns=("query", "class", "score, %"), rows=rows)


def _notes(layers: list[Tensor], found: Suppression, query: int) -> tuple[str, ...]:
    heads, queries, rows, columns = layers[-1].shape
    return (
        f"query {query} of {queries}; {len(found.kept)} above the minimum score",
        f"{len(layers)} decoder layers of {heads} heads over {columns} × {rows} cells",
    )
