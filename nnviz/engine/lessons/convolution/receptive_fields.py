"""Receptive fields drawn on the image: the region that a position depends on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.errors import ModelError
from nnviz.base.frames import Frame
from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import LayerInfo, Need, lesson
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Boxes, Report, Result, Table
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptiveFieldsParams:
    """Parameters: the position on the image, and the number of layers."""

    x: Annotated[ImageX, Essential()] = 0.5
    y: Annotated[ImageY, Essential()] = 0.5
    layers: Annotated[
        int, Range(1, 24), Essential(), Help("Number of layers to draw, evenly spaced.")
    ] = 6


@register(
    "receptive_fields",
    title="Receptive fields on the image",
    group="Learn",
    live=False,
    needs=(Need.MAPS,),
    capabilities=lesson("Convolution", 12),
)
class ReceptiveFields:
    """Lesson: receptive fields of one position, layer by layer."""

    Params: ClassVar[type] = ReceptiveFieldsParams
    shows: ClassVar[str] = (
        "For one position of the image, the rectangle that each layer can see "
        "there: its receptive field."
    )
    reading: ClassVar[str] = (
        "Early layers see a few pixels, deep ones most of the image. Strided layers "
        "and pooling make the field grow fast, atrous kernels too."
    )
    misleads: ClassVar[str] = (
        "What a value depends on in practice is smaller: the middle of the field "
        "counts most (effective receptive field)."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: ReceptiveFieldsParams) -> Iterator[Report]:
        """Yield one report: the rectangles, and a table of all layers."""
        ctx.check()
        layers = growing_layers(ctx.model.info.layers)
        if not layers:
            raise ModelError(ctx.model.info.title, "has no receptive fields to draw")
        spread = np.linspace(0, len(layers) - 1, min(params.layers, len(layers)))
        chosen = [layers[round(float(place))] for place in spread]
        results: dict[str, Result] = {
            "fields": _boxes(ctx, chosen, params),
            "layers": _table(layers),
        }
        last = layers[-1]
        side = max(last.receptive_field or (0, 0))
        yield Report(results, (f"{last.name} sees {side} px",))


def growing_layers(layers: tuple[LayerInfo, ...]) -> list[LayerInfo]:
    """Return the layers that enlarge the receptive field, in their order."""
    found: list[LayerInfo] = []
    largest = 1
    for layer in layers:
        field = layer.receptive_field
        if field and layer.leaf and layer.calls and max(field) > largest:
            largest = max(field)
            found.append(layer)
    return found


def _boxes(
    ctx: Context, layers: list[LayerInfo], params: ReceptiveFieldsParams
) -> Boxes:
    """Return the fields around the position, smallest first, clipped to the input."""
    height, width = ctx.image.size
    y, x = ctx.placement.to_input(params.y * height, params.x * width)
    rows, columns = ctx.placement.input_size
    edges = []
    for layer in layers:
        down, across = layer.receptive_field or (1, 1)
        left, right = max(0.0, x - across / 2), min(float(columns), x + across / 2)
        top, bottom = max(0.0, y - down / 2), min(float(rows), y + down / 2)
        edges.append((min(left, right), min(top, bottom), right, bottom))
    names = [layer.name for layer in layers]
    sides = [max(layer.receptive_field or (0, 0)) for layer in layers]
    captions = [f"{name}: {side} px" for name, side in zip(names, sides, strict=True)]
    areas = Boxes.marked_areas(edges, names, Frame.INPUT, ctx.placement)
    return replace(areas, captions=tuple(captions))


def _table(layers: list[LayerInfo]) -> Table:
    rows = tuple(
        (layer.name, layer.kind, float(max(layer.receptive_field or (0, 0))))
        for layer in layers
    )
    columns = ("layer", "kind", "receptive field, px")
    return Table(columns=columns, rows=rows, of_layers=True)
