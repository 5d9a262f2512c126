"""Pixels as numbers: a small part of the image, channel by channel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.frames import Frame
from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.images import to_float
from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, Range, Unit
from nnviz.base.results import Boxes, Report, Result
from nnviz.engine.lessons.arithmetic.gray import WHITE, gray_of
from nnviz.engine.method import Context, Presets, register

_NAMES = ("red", "green", "blue")


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelsParams:
    """Parameters: the position and size of the region."""

    x: Annotated[ImageX, Essential()] = 0.5
    y: Annotated[ImageY, Essential()] = 0.5
    size: Annotated[
        int,
        Range(3, 24),
        Unit("px"),
        Essential(),
        Help("Number of rows and columns to read."),
    ] = 9
    channels: Annotated[
        Literal["gray", "colors"], Essential(), Help("One number per pixel, or three.")
    ] = "gray"


@register(
    "pixels",
    title="Pixels are numbers",
    group="Learn",
    live=False,
    needs_model=False,
    capabilities=lesson("History of vision", 1),
)
class Pixels:
    """Lesson: the pixel values of a region."""

    Params: ClassVar[type] = PixelsParams
    shows: ClassVar[str] = (
        "The numbers behind a small square of the image, 0 for black to 255 for white."
    )
    reading: ClassVar[str] = (
        "Click the image to read another position. This is all that a network is "
        "given: what is an eye to you is a table of numbers to it."
    )
    misleads: ClassVar[str] = (
        "A network is given the image resized to its own input size and normalized: "
        "other numbers than those in the file."
    )
    presets: ClassVar[Presets] = {"demo": {}, "colors": {"channels": "colors"}}

    def run(self, ctx: Context, params: PixelsParams) -> Iterator[Report]:
        """Yield one report: the values, and their location."""
        ctx.check()
        height, width = ctx.image.size
        side = min(params.size, height, width)
        top = min(max(round(params.y * height - side / 2), 0), height - side)
        left = min(max(round(params.x * width - side / 2), 0), width - side)
        rows, columns = slice(top, top + side), slice(left, left + side)
        if params.channels == "gray" or ctx.image.channels < len(_NAMES):
            parts = {"gray": WHITE * gray_of(ctx.image)[rows, columns]}
        else:
            colors = to_float(ctx.image.pixels)[rows, columns].astype(np.float64)
            parts = {name: WHITE * colors[..., n] for n, name in enumerate(_NAMES)}
        labels = tuple(str(row) for row in range(top, top + side))
        grids = tuple(
            Grid(
                values=np.rint(values).astype(np.float64),
                title=name,
                colors="gray",
                rows=labels if index == 0 else (),
            )
            for index, (name, values) in enumerate(parts.items())
        )
        box = np.array([[left, top, left + side, top + side]], np.float32)
        results: dict[str, Result] = {
            "numbers": Matrix(grids=grids, answer=0),
            "place": Boxes(
                boxes=box,
                scores=np.ones(1, np.float32),
                classes=np.zeros(1, np.int64),
                labels=("read here",),
                captions=("read here",),
                objects=False,
                frame=Frame.PHOTO,
                placement=ctx.placement,
            ),
        }
        yield Report(results, (f"rows {top} on, columns {left} on",))
