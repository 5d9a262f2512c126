"""Convolution over channels: one kernel a color, their sums added, then the bias."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.errors import UsageError
from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Range
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.arithmetic.sliding_window import SlidingWindow
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

_NAMES = ("red", "green", "blue")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColorConvolutionParams:
    """Parameters: an input and a kernel for each channel, and the bias."""

    red: Annotated[NumberRows, Essential(), Help("Rows of the first channel.")] = (
        "156 155 156 158 158; 153 154 157 159 159; 149 151 155 158 159; "
        "146 146 149 153 158; 145 143 143 148 158"
    )
    green: Annotated[NumberRows, Essential(), Help("Rows of the second channel.")] = (
        "167 166 167 169 169; 164 165 168 170 170; 160 162 166 169 170; "
        "156 156 159 163 168; 155 153 153 158 168"
    )
    blue: Annotated[NumberRows, Essential(), Help("Rows of the third channel.")] = (
        "163 162 163 165 165; 160 161 164 166 166; 156 158 162 165 166; "
        "155 155 158 162 167; 154 152 152 157 167"
    )
    red_kernel: Annotated[
        NumberRows, Essential(), Help("Kernel of the first channel.")
    ] = "-1 -1 1; 0 1 -1; 0 1 1"
    green_kernel: Annotated[
        NumberRows, Essential(), Help("Kernel of the second channel.")
    ] = "1 0 0; 1 -1 -1; 1 0 -1"
    blue_kernel: Annotated[
        NumberRows, Essential(), Help("Kernel of the third channel.")
    ] = "0 1 1; 0 1 0; 1 -1 1"
    bias: Annotated[
        float, Range(-1000, 1000), Help("Bias, added once to the three sums.")
    ] = 1.0
    padding: Annotated[
        Literal["valid", "same"],
        Help("Zeros around the image: none, or enough to keep the size."),
    ] = "same"


@register(
    "color_convolution",
    title="Convolution of a color image",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Convolution", 2),
)
class ColorConvolution:
    """Lesson: convolution over three channels with one kernel each."""

    Params: ClassVar[type] = ColorConvolutionParams
    shows: ClassVar[str] = (
        "A color image has three channels. One output channel has a kernel for each "
        "of them: their sums of products are added, and the bias once."
    )
    reading: ClassVar[str] = (
        "The frames are the window of this step, at the same position in all "
        "channels. The output has one channel, however many went in."
    )
    misleads: ClassVar[str] = (
        "A layer has as many such sets of kernels as output channels, each with a bias "
        "of its own."
    )
    presets: ClassVar[Presets] = {"demo": {"padding": "valid"}}

    def run(self, ctx: Context, params: ColorConvolutionParams) -> Iterator[Report]:
        """Yield a report for each output position, row by row."""
        channels = channel_windows(params)
        rows, columns = channels[0].shape
        yield from stepped(ctx, _steps(channels, params.bias), rows * columns, "place")


def channel_windows(params: ColorConvolutionParams) -> list[SlidingWindow]:
    """Return the sliding window of each channel.

    Raises:
        UsageError: no numbers, channels or kernels of different sizes, or a kernel
            that does not fit.
    """
    found = [
        SlidingWindow(
            inputs=parse_matrix(getattr(params, name), f"--{name}"),
            kernel=parse_matrix(getattr(params, f"{name}_kernel"), _option(name), 16),
            padding=params.padding,
        )
        for name in _NAMES
    ]
    first = found[0]
    for name, each in zip(_NAMES[1:], found[1:], strict=True):
        _match(f"--{name}", each.inputs.shape, first.inputs.shape)
        _match(_option(name), each.kernel.shape, first.kernel.shape)
    return found


def _option(name: str) -> str:
    return f"--{name}-kernel"


def _match(option: str, found: tuple[int, ...], first: tuple[int, ...]) -> None:
    if found != first:
        words = " × ".join(map(str, found))
        remedy = "make it " + " × ".join(map(str, first)) + ", as the first"
        raise UsageError(option, f"is {words}", remedy)


def _steps(
    channels: list[SlidingWindow], bias: float
) -> Iterator[tuple[Mapping[str, float], Report]]:
    total = np.sum([each.output() for each in channels], axis=0) + bias
    for number, place in enumerate(channels[0].places()):
        sums = [float(each.products(*place).sum()) for each in channels]
        value = float(total[place])
        results = {
            "steps": _matrix(channels, total, place, number),
            "sums": _table(sums, bias, value),
        }
        notes = (" + ".join(map(amount, (*sums, bias))) + f" = {amount(value)}",)
        yield {"sum": value}, Report(results, notes)


def _matrix(
    channels: list[SlidingWindow],
    total: np.ndarray,
    place: tuple[int, int],
    number: int,
) -> Matrix:
    grids: list[Grid] = []
    for name, channel in zip(_NAMES, channels, strict=True):
        products = channel.products(*place)
        grids += [
            Grid(
                values=channel.padded,
                title=name,
                window=(*place, *channel.extent),
                faint=channel.is_padding,
                colors="none",
                starts_line=True,
            ),
            Grid(values=channel.kernel, title=f"{name} kernel", operator="×"),
            Grid(
                values=products,
                title=f"{name} products",
                operator="=",
                caption=f"sum {amount(float(products.sum()))}",
            ),
        ]
    known = np.arange(total.size).reshape(total.shape) <= number
    output = Grid(
        values=np.where(known, total, 0.0),
        title="output",
        operator="→",
        known=known,
        window=(*place, 1, 1),
    )
    return Matrix(
        grids=(*grids, output),
        formula=r"$y = \sum_c \sum_{i,j} w_{c,i,j}\, x_{c,i,j} + b$",
    )


def _table(sums: list[float], bias: float, value: float) -> Table:
    rows = [*zip(_NAMES, sums, strict=True), ("bias", bias), ("output", value)]
    return Table(columns=("part", "sum of products"), rows=tuple(rows))
