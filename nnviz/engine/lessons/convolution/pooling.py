"""Pooling window by window, with the routing of its gradient."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Range
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.arithmetic.pooling import Pooling
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

_WORDS = {"max": r"\max", "average": r"\mathrm{mean}", "sum": r"\Sigma", "L2": r"L_2"}
_MOST = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolingParams:
    """Parameters: the input, and the pooling windows."""

    input: Annotated[
        NumberRows, Essential(), Help("Rows of the input, separated by semicolons.")
    ] = "1 0 2 3; 4 6 6 8; 3 1 1 0; 1 2 2 4"
    kind: Annotated[
        Literal["max", "average", "sum", "L2"],
        Essential(),
        Help("Value computed from each window."),
    ] = "max"
    size: Annotated[int, Range(1, 8), Essential(), Help("Side of the window.")] = 2
    stride: Annotated[
        int,
        Range(1, 8),
        Essential(),
        Help("Step of the window; smaller than its side, windows overlap."),
    ] = 2


@register(
    "pooling",
    title="Pooling and its gradient",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Convolution", 4),
)
class PoolingLesson:
    """Lesson: pooling of windows; max pooling routes the gradient to the maximum."""

    Params: ClassVar[type] = PoolingParams
    shows: ClassVar[str] = (
        "Each window of the input becomes one number of the output. The third grid "
        "shows where a gradient of 1 at every output goes."
    )
    reading: ClassVar[str] = (
        "The gradient of max pooling goes to the largest number of a window only: "
        'all others learn nothing from it. Step with "." and ",".'
    )
    misleads: ClassVar[str] = (
        "Where several numbers of a window are equally large, the first of them gets "
        "the gradient here, as in PyTorch."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "overlapping": {"size": 3, "stride": 1},
        "average": {"kind": "average"},
    }

    def run(self, ctx: Context, params: PoolingParams) -> Iterator[Report]:
        """Yield a report for each window, row by row."""
        pooling = Pooling(
            inputs=parse_matrix(params.input, "--input"),
            kind=params.kind,
            size=params.size,
            stride=params.stride,
        )
        rows, columns = pooling.shape
        yield from stepped(ctx, _steps(pooling), rows * columns, "window")


def _steps(pooling: Pooling) -> Iterator[tuple[Mapping[str, float], Report]]:
    output = pooling.output()
    rows, columns = output.shape
    note = f"{pooling.kind} pooling, {rows} × {columns} windows"
    for number, place in enumerate(np.ndindex(output.shape)):
        row, column = place
        known = np.arange(output.size).reshape(output.shape) <= number
        window = (row * pooling.stride, column * pooling.stride, *[pooling.size] * 2)
        gradient = pooling.gradient(known.astype(np.float64))
        matrix = Matrix(
            grids=(
                Grid(values=pooling.inputs, title="input", window=window),
                Grid.so_far(output, known, "output", "→", (row, column, 1, 1)),
                Grid(values=gradient, title="gradient of the input", operator="←"),
            ),
            answer=1,
            formula=_formula(pooling, row, column),
        )
        value = float(output[place])
        yield {"output": value}, Report({"steps": matrix}, (note,))


def _formula(pooling: Pooling, row: int, column: int) -> str:
    cells = pooling.window(row, column).ravel()
    shown = ",\\, ".join(term(float(cell)) for cell in cells[:_MOST])
    dots = r",\, \ldots" if cells.size > _MOST else ""
    value = amount(pooling.value(row, column))
    return rf"${_WORDS[pooling.kind]}\,({shown}{dots}) = {value}$"
