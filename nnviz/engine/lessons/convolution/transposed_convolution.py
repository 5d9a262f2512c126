"""Transposed convolution: a kernel added per input number; checkerboard artifacts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Range
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransposedConvolutionParams:
    """Parameters: the input, the kernel, and the stride."""

    input: Annotated[
        NumberRows, Essential(), Help("Rows of the input, separated by semicolons.")
    ] = "1 2 5 5; 3 4 5 5; 5 5 5 5; 5 5 5 5"
    kernel: Annotated[
        NumberRows, Essential(), Help("Rows of the kernel, separated by semicolons.")
    ] = "1 1 1; 1 1 1; 1 1 1"
    stride: Annotated[
        int, Range(1, 6), Essential(), Help("Distance between two copies.")
    ] = 2


@register(
    "transposed_convolution",
    title="Transposed convolution and checkerboards",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Odena et al. 2016", "doi:10.23915/distill.00003"),
    capabilities=lesson("Convolution", 6),
)
class TransposedConvolution:
    """Lesson: transposed convolution as a sum of one kernel copy per input number."""

    Params: ClassVar[type] = TransposedConvolutionParams
    shows: ClassVar[str] = (
        "Each input number adds a copy of the kernel, multiplied by that number, to "
        "the output; overlapping copies are summed."
    )
    reading: ClassVar[str] = (
        "The last grid counts how many copies reach each position. Uneven counts "
        "are the checkerboard; a kernel whose side is a multiple of the stride has "
        "none."
    )
    misleads: ClassVar[str] = (
        "Training can shape the kernel so that the pattern is weaker, but cannot "
        "remove its cause."
    )
    presets: ClassVar[Presets] = {
        "demo": {"input": "1 2; 3 4"},
        "without checkerboard": {"kernel": "1 1; 1 1"},
    }

    def run(
        self, ctx: Context, params: TransposedConvolutionParams
    ) -> Iterator[Report]:
        """Yield a report for each input number, row by row."""
        inputs = parse_matrix(params.input, "--input", 12)
        kernel = parse_matrix(params.kernel, "--kernel", 8)
        steps = _steps(inputs, kernel, params.stride)
        yield from stepped(ctx, steps, inputs.size, "number")


def _steps(
    inputs: Floats, kernel: Floats, stride: int
) -> Iterator[tuple[Mapping[str, float], Report]]:
    height, width = kernel.shape
    rows = (inputs.shape[0] - 1) * stride + height
    columns = (inputs.shape[1] - 1) * stride + width
    output, counts = np.zeros((rows, columns)), np.zeros((rows, columns))
    for row, column in np.ndindex(inputs.shape):
        top, left = row * stride, column * stride
        output[top : top + height, left : left + width] += inputs[row, column] * kernel
        counts[top : top + height, left : left + width] += 1
        window = (top, left, height, width)
        grids = (
            Grid(values=inputs, title="input", window=(row, column, 1, 1)),
            Grid(values=kernel, title="kernel", operator="×"),
            Grid(values=output.copy(), title="output", operator="→", window=window),
            Grid(values=counts.copy(), title="copies at each position"),
        )
        matrix = Matrix(grids=grids, answer=2)
        note = f"({inputs.shape[0]} − 1) · {stride} + {height} = {rows} rows"
        report = Report({"steps": matrix}, (note, _even(counts)))
        yield {"sum": float(output.sum())}, report


def _even(counts: Floats) -> str:
    """Describe whether the inner positions are covered by equally many copies."""
    inner = counts[counts.shape[0] // 3 : -(counts.shape[0] // 3) or None]
    inner = inner[:, counts.shape[1] // 3 : -(counts.shape[1] // 3) or None]
    low, high = int(inner.min()), int(inner.max())
    if low == high:
        return "the middle is reached evenly: no checkerboard"
    return f"{low} to {high} copies in the middle: a checkerboard"
