"""Kernel decomposition: a large kernel as a sequence of two small ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Title
from nnviz.base.results import Heatmap, Report, Result, Table
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.gray import Floats, correlated, gray_of
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.arithmetic.sliding_window import SlidingWindow
from nnviz.engine.method import Context, Presets, register

_LARGEST = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelDecompositionParams:
    """Parameters: two small kernels, and the large one that they replace."""

    first: Annotated[
        NumberRows,
        Essential(),
        Title("First kernel"),
        Help("Rows of the first small kernel: a Laplacian."),
    ] = "0.2 0.5 0.2; 0.5 -3.1 0.5; 0.2 0.5 0.2"
    second: Annotated[
        NumberRows,
        Essential(),
        Title("Second kernel"),
        Help("Rows of the second small kernel: a Gaussian."),
    ] = (
        "0 0.2 0.3 0.2 0; 0.2 0.6 0.8 0.6 0.2; 0.3 0.8 1.2 0.8 0.3; "
        "0.2 0.6 0.8 0.6 0.2; 0 0.2 0.3 0.2 0"
    )
    large: Annotated[
        NumberRows,
        Essential(),
        Title("Large kernel"),
        Help("Rows of the large kernel that the two small ones should replace."),
    ] = (
        "0.02 0.09 0.2 0.3 0.2 0.09 0.02; 0.09 0.13 0.11 0.4 0.11 0.13 0.09; "
        "0.2 0.11 -0.3 -0.7 -0.3 0.11 0.2; 0.3 0.4 -0.7 -1.3 -0.7 0.4 0.3; "
        "0.2 0.11 -0.3 -0.7 -0.3 0.11 0.2; 0.09 0.13 0.11 0.4 0.11 0.13 0.09; "
        "0.02 0.09 0.2 0.3 0.2 0.09 0.02"
    )


@register(
    "kernel_decomposition",
    title="Kernel factorization",
    group="Learn",
    live=False,
    needs_model=False,
    capabilities=lesson("Convolution", 9),
)
class KernelDecomposition:
    """Lesson: convolution is associative, so two small kernels replace a large one."""

    Params: ClassVar[type] = KernelDecompositionParams
    shows: ClassVar[str] = (
        "Two small kernels, one after the other, do what one large kernel does: "
        "their convolution. The image is filtered both ways, and the "
        "multiplications per pixel are counted."
    )
    reading: ClassVar[str] = (
        "Together 3 × 3 and 5 × 5 span 7 × 7, with 9 + 25 products instead of 49. "
        "Networks do the same: three 3 × 3 layers for one 7 × 7."
    )
    misleads: ClassVar[str] = (
        "Hardly any large kernel is exactly the convolution of two small ones; "
        "where the sum of the weights differs too, uniform areas get another "
        "value. A separable kernel, one of rank 1, is a column and a row. Networks "
        "learn the small ones and put an activation between."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "two averages": {
            "first": "1 1 1",
            "second": "1; 1; 1",
            "large": "1 1 1; 1 1 1; 1 1 1",
        },
    }

    def run(self, ctx: Context, params: KernelDecompositionParams) -> Iterator[Report]:
        """Yield one report: the composed kernel, both responses, the products."""
        first = parse_matrix(params.first, "--first", _LARGEST)
        second = parse_matrix(params.second, "--second", _LARGEST)
        large = parse_matrix(params.large, "--large", 2 * _LARGEST)
        composed = composed_kernel(first, second)
        gray = gray_of(ctx.image)
        ctx.check()
        results: dict[str, Result] = {
            "kernels": _matrix(first, second, composed, large),
            "products": _table(first, second, composed, large),
            "response": _map(correlated(gray, composed)),
            "large response": _map(correlated(gray, large)),
        }
        small = first.size + second.size
        notes = (
            f"{small} products per pixel instead of {large.size}",
            f"weights add up to {_sum(composed)} together, to {_sum(large)} before",
        )
        yield Report(results, notes)


def composed_kernel(first: Floats, second: Floats) -> Floats:
    """Return the full convolution of two kernels, which replaces both."""
    sliding = SlidingWindow(inputs=first, kernel=second[::-1, ::-1], padding="full")
    return sliding.output()


def _sum(kernel: Floats) -> str:
    return amount(float(kernel.sum()))


def _matrix(first: Floats, second: Floats, composed: Floats, large: Floats) -> Matrix:
    grids = [
        Grid(values=first, title="first"),
        Grid(values=second, title="second", operator="*"),
        Grid(values=composed, title="together", operator="="),
        Grid(values=large, title="large kernel", operator="≈"),
    ]
    return Matrix(grids=tuple(grids), answer=2, formula=r"$f * (g * h) = (f * g) * h$")


def _table(first: Floats, second: Floats, composed: Floats, large: Floats) -> Table:
    separable, gap = separable_gap(large)
    small = first.size + second.size
    rows: list[tuple[str | float, ...]] = [
        ("the large kernel", float(large.size), 0.0),
        ("first, then second", float(small), _distance(composed, large)),
        ("a column, then a row", float(separable), gap),
    ]
    return Table(
        columns=("way", "products per pixel", "weights off by"),
        rows=tuple(rows),
    )


def separable_gap(kernel: Floats) -> tuple[int, float]:
    """Return the products a pixel of the nearest rank-1 kernel, and its distance.

    The nearest in the least-squares sense: the first singular vectors.
    """
    left, values, right = np.linalg.svd(kernel)
    nearest = values[0] * np.outer(left[:, 0], right[0])
    return sum(kernel.shape), float(np.abs(nearest - kernel).max())


def _distance(composed: Floats, large: Floats) -> float | str:
    """Return the largest difference of two kernels, or a note if their sizes differ."""
    if composed.shape != large.shape:
        return "another size"
    return float(np.abs(composed - large).max())


def _map(values: Floats) -> Heatmap:
    return Heatmap(
        values=values.astype(np.float32),
        signed=bool(values.min() < 0),
        unit="sum of products",
    )
