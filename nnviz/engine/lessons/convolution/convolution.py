"""Convolution step by step: window, kernel, products and their sum, place by place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Range, Title
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount, sum_of_products
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.arithmetic.sliding_window import SlidingWindow
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionParams:
    """Parameters: the input, the kernel, and its stride, padding and dilation."""

    input: Annotated[
        NumberRows,
        Essential(),
        Help("Rows of the input, separated by semicolons; one row for a signal."),
    ] = "1 1 1 0 0; 0 1 1 1 0; 0 0 1 1 1; 0 0 1 1 0; 0 1 1 0 0"
    kernel: Annotated[
        NumberRows, Essential(), Help("Rows of the kernel, separated by semicolons.")
    ] = "1 0 1; 0 1 0; 1 0 1"
    operation: Annotated[
        Literal["correlation", "convolution"],
        Essential(),
        Help(
            "A convolution first rotates the kernel by 180°; networks compute "
            "correlations."
        ),
    ] = "correlation"
    padding: Annotated[
        Literal["valid", "same", "full"],
        Essential(),
        Help(
            "Zeros around the input: none, enough to keep the size, or as many as "
            "a kernel that overlaps it at all can reach."
        ),
    ] = "valid"
    stride: Annotated[int, Range(1, 8), Help("Step from one window to the next.")] = 1
    rate: Annotated[
        int,
        Range(1, 8),
        Title("Atrous rate"),
        Help("Distance between the cells of the kernel; 1 leaves no holes."),
    ] = 1
    bias: Annotated[float, Range(-1000, 1000), Help("Bias, added to each sum.")] = 0.0


@register(
    "convolution",
    title="Convolution, step by step",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Convolution", 1),
)
class Convolution:
    """Lesson: one- and two-dimensional convolution of numbers."""

    Params: ClassVar[type] = ConvolutionParams
    shows: ClassVar[str] = (
        "A small kernel slides over the input. At each position the numbers below "
        "it are multiplied by it, cell by cell, and added up: that sum is one "
        "output number."
    )
    reading: ClassVar[str] = (
        "The frame is the window of this step; the third grid holds the products "
        'and the last the sums so far. Step with "." and ",", play with Space.'
    )
    misleads: ClassVar[str] = (
        "In networks a layer has one such kernel for each pair of input and output "
        "channels and adds the sums of all input channels."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "signal": {
            "input": "0 1 2 3 4",
            "kernel": "1 -1 2",
            "operation": "convolution",
            "padding": "full",
        },
        "atrous": {
            "input": "1 2 3 4 5 6 7 8",
            "kernel": "1 0 -1",
            "rate": 2,
            "padding": "same",
        },
    }

    def run(self, ctx: Context, params: ConvolutionParams) -> Iterator[Report]:
        """Yield a report for each output position, row by row."""
        sliding = sliding_window(params)
        rows, columns = sliding.shape
        yield from stepped(ctx, _steps(sliding, params), rows * columns, "place")


def sliding_window(params: ConvolutionParams) -> SlidingWindow:
    """Return the sliding window that the parameters describe.

    Raises:
        UsageError: no numbers, or a kernel that does not fit.
    """
    kernel = parse_matrix(params.kernel, "--kernel", 16)
    turned = kernel[::-1, ::-1] if params.operation == "convolution" else kernel
    inputs = parse_matrix(params.input, "--input")
    # A signal is one row high: zeros above and below would change the result.
    padding = params.padding
    return SlidingWindow(
        inputs=inputs,
        kernel=turned,
        padding=padding,
        stride=params.stride,
        rate=params.rate,
        bias=params.bias,
    )


def _steps(
    sliding: SlidingWindow, params: ConvolutionParams
) -> Iterator[tuple[Mapping[str, float], Report]]:
    output = sliding.output()
    notes = _notes(sliding, params)
    for number, (row, column) in enumerate(sliding.places()):
        known = np.arange(output.size).reshape(output.shape) <= number
        matrix = Matrix(
            grids=(
                _input_grid(sliding, row, column),
                Grid(values=sliding.kernel, title=_kernel_title(params), operator="×"),
                _product_grid(sliding, row, column),
                Grid.so_far(output, known, "output", "→", (row, column, 1, 1)),
            ),
            formula=_formula(sliding, row, column),
        )
        yield {"sum": float(output[row, column])}, Report({"steps": matrix}, notes)


def _input_grid(sliding: SlidingWindow, row: int, column: int) -> Grid:
    top, left = row * sliding.stride, column * sliding.stride
    return Grid(
        values=sliding.padded,
        title="input",
        window=(top, left, *sliding.extent),
        faint=sliding.is_padding,
    )


def _product_grid(sliding: SlidingWindow, row: int, column: int) -> Grid:
    products = sliding.products(row, column)
    return Grid(
        values=products,
        title="products",
        operator="=",
        caption=f"sum {amount(products.sum())}",
    )


def _kernel_title(params: ConvolutionParams) -> str:
    return "kernel, turned" if params.operation == "convolution" else "kernel"


def _formula(sliding: SlidingWindow, row: int, column: int) -> str:
    window, products = sliding.window(row, column), sliding.products(row, column)
    total = float(products.sum())
    formula = sum_of_products(window.ravel(), sliding.kernel.ravel(), total)
    if sliding.bias:
        last = amount(total + sliding.bias)
        formula = f"{formula[:-1]},\\quad {amount(total)} + {sliding.bias:g} = {last}$"
    return formula


def _notes(sliding: SlidingWindow, params: ConvolutionParams) -> tuple[str, ...]:
    rows, columns = sliding.shape
    sizes = [
        f"({size} + {sum(margin)} − {extent}) / {sliding.stride} + 1 = {places}"
        for size, margin, extent, places in zip(
            sliding.inputs.shape, sliding.margins, sliding.extent, (rows, columns),
            strict=True,
        )
    ]  # fmt: skip
    axes = sizes[1:] if sliding.inputs.shape[0] == 1 else sizes
    return (
        f"{params.operation}, {rows} × {columns} positions",
        "(n + 2p − k) / s + 1: " + "; ".join(dict.fromkeys(axes)),
    )
