"""Unpooling: nearest neighbor, bed of nails, max unpooling by stored positions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Range, When
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.arithmetic.pooling import (
    Pooling,
    depth_to_space,
    unpool_bed_of_nails,
    unpool_max,
    unpool_nearest,
)
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpoolingParams:
    """Parameters: the small map, and the method of unpooling."""

    values: Annotated[
        NumberRows, Essential(), Help("Rows of the small map, separated by semicolons.")
    ] = "1 2; 3 4"
    kind: Annotated[
        Literal["nearest", "bed of nails", "max", "sub-pixel"],
        Essential(),
        Help("How the values in between are filled in."),
    ] = "max"
    factor: Annotated[int, Range(2, 4), Help("Factor by which each side grows.")] = 2
    pooled: Annotated[
        NumberRows,
        When("kind", ("max",)),
        Essential(),
        Help(
            "The input of the earlier max pooling: the positions of its maxima are "
            "remembered."
        ),
    ] = "1 2 6 3; 3 5 2 1; 1 2 2 1; 7 3 4 8"


@register(
    "unpooling",
    title="Unpooling and sub-pixel convolution",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Convolution", 5),
)
class Unpooling:
    """Lesson: unpooling of a small map to a large one."""

    Params: ClassVar[type] = UnpoolingParams
    shows: ClassVar[str] = (
        "Ways to get from a small map back to a large one, as the decoders of "
        "segmentation networks do."
    )
    reading: ClassVar[str] = (
        "Max unpooling puts each value where the largest had been before pooling "
        "(SegNet); sub-pixel convolution interleaves the channels of a small map."
    )
    misleads: ClassVar[str] = (
        "None of them restores what pooling discarded: the numbers in between are "
        "zeros or copies."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "sub-pixel": {"kind": "sub-pixel", "values": "1 2; 3 4; 5 6; 7 8"},
    }

    def run(self, ctx: Context, params: UnpoolingParams) -> Iterator[Report]:
        """Yield one report: the small map and the large one."""
        ctx.check()
        grids = _sub_pixel(params) if params.kind == "sub-pixel" else _larger(params)
        rows, columns = grids[-1].values.shape
        note = f"{params.kind}: {rows} × {columns}"
        yield Report({"unpooling": Matrix(grids=grids)}, (note,))


def _larger(params: UnpoolingParams) -> tuple[Grid, ...]:
    values = parse_matrix(params.values, "--values", 12)
    small = Grid(values=values, title="values")
    if params.kind == "nearest":
        large = unpool_nearest(values, params.factor)
    elif params.kind == "bed of nails":
        large = unpool_bed_of_nails(values, params.factor)
    else:
        before = parse_matrix(params.pooled, "--pooled")
        pooling = Pooling(inputs=before, size=params.factor, stride=params.factor)
        large = unpool_max(values, pooling)
        return (
            Grid(values=before, title="before pooling"),
            Grid(values=pooling.output(), title="max pooled", operator="→"),
            Grid(values=values, title="values", operator="…"),
            Grid(values=large, title="unpooled", operator="→"),
        )
    return small, Grid(values=large, title="unpooled", operator="→")


def _sub_pixel(params: UnpoolingParams) -> tuple[Grid, ...]:
    """Show sub-pixel convolution, each row as a channel one row high, r² of them."""
    values = parse_matrix(params.values, "--values", 16)
    count = params.factor**2
    spare = -len(values) % count
    channels = values[: len(values) - (len(values) % count)] if spare else values
    if not len(channels):
        channels = values.repeat(count, 0)[:count]
    large = depth_to_space(channels[:count, None, :], params.factor)
    names = tuple(f"channel {index}" for index in range(count))
    small = Grid(values=channels[:count], title="channels", rows=names)
    return small, Grid(values=large, title="interleaved", operator="→")
