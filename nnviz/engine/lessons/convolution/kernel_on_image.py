"""User-defined kernels on the image: Sobel, blur, Laplacian, template."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows
from nnviz.base.results import Heatmap, Report, Result
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.gray import WHITE, correlated, gray_of
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.method import Context, Presets, register

_LARGEST = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelOnImageParams:
    """Parameters: the kernel, and the position whose window is shown."""

    kernel: Annotated[
        NumberRows,
        Essential(),
        Help("Rows of the kernel, semicolons between; up to 15 × 15."),
    ] = "-1 0 1; -2 0 2; -1 0 1"
    x: Annotated[ImageX, Essential()] = 0.5
    y: Annotated[ImageY, Essential()] = 0.5


@register(
    "kernel_on_image",
    title="A kernel on the image",
    group="Learn",
    live=False,
    needs_model=False,
    capabilities=lesson("Convolution", 8),
)
class KernelOnImage:
    """Lesson: correlation of the image with a user-defined kernel."""

    Params: ClassVar[type] = KernelOnImageParams
    shows: ClassVar[str] = (
        "The gray image correlated with your kernel, and the window at one place with "
        "its products; gray values count from 0 to 255."
    )
    reading: ClassVar[str] = (
        "Kernels whose weights add up to 0 answer to change, those that add up to 1 "
        "smooth. Try the presets, then change a weight."
    )
    misleads: ClassVar[str] = (
        "The kernels of a trained network are found by learning; few look like these."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "sobel, horizontal edges": {"kernel": "-1 -2 -1; 0 0 0; 1 2 1"},
        "first derivative": {"kernel": "0.5 -0.5"},
        "second derivative": {"kernel": "-0.25 0.5 -0.25"},
        "smoothing": {"kernel": "0.2 0.2 0.2 0.2 0.2"},
        "laplacian of gaussian": {
            "kernel": "0 0 1 1 1 0 0; 0 1 3 3 3 1 0; 1 3 0 -7 0 3 1; "
            "1 3 -7 -24 -7 3 1; 1 3 0 -7 0 3 1; 0 1 3 3 3 1 0; 0 0 1 1 1 0 0"
        },
        "sharpen": {"kernel": "0 -1 0; -1 5 -1; 0 -1 0"},
    }

    def run(self, ctx: Context, params: KernelOnImageParams) -> Iterator[Report]:
        """Yield one report: the whole map, and the window at the position."""
        kernel = parse_matrix(params.kernel, "--kernel", _LARGEST)
        gray = WHITE * gray_of(ctx.image)
        found = correlated(gray, kernel)
        ctx.check()
        signed = bool(found.min() < 0)
        results: dict[str, Result] = {
            "map": Heatmap(
                values=found.astype(np.float32),
                signed=signed,
                unit="sum of products",
            ),
            "window": _window(gray, kernel, found, params),
        }
        total = float(kernel.sum())
        yield Report(results, (f"the weights add up to {amount(total)}",))


def _window(
    gray: np.ndarray, kernel: np.ndarray, found: np.ndarray, params: KernelOnImageParams
) -> Matrix:
    """Return the window at the position, its products and their sum."""
    rows, columns = kernel.shape
    row = min(int(params.y * len(gray)), len(gray) - 1)
    column = min(int(params.x * gray.shape[1]), gray.shape[1] - 1)
    top, left = (rows - 1) // 2, (columns - 1) // 2
    margins = ((top, rows - 1 - top), (left, columns - 1 - left))
    padded = np.pad(gray, margins, mode="edge")
    window = padded[row : row + rows, column : column + columns]
    total = float(found[row, column])
    title, sum_ = f"gray at row {row}, column {column}", f"sum {amount(total)}"
    products = window * kernel
    return Matrix(
        grids=(
            Grid(values=np.rint(window), title=title, colors="gray"),
            Grid(values=kernel, title="kernel", operator="×"),
            Grid(values=products, title="products", operator="=", caption=sum_),
        )
    )
