"""User-defined kernels on the image, with atrous rates, and after unpooling."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.errors import InputError
from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Range, Title, When
from nnviz.base.results import Heatmap, Report, Result
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.gray import (
    WHITE,
    correlated,
    gray_of,
    pooled_back,
)
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.method import Context, Presets, register

_LARGEST = 15
_IMAGE = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelOnImageParams:
    """Parameters: the kernel, its input, and the position whose window is shown."""

    kernel: Annotated[
        NumberRows,
        Essential(),
        Help("Rows of the kernel, separated by semicolons; up to 15 × 15."),
    ] = "-1 0 1; -2 0 2; -1 0 1"
    rate: Annotated[
        int,
        Title("Atrous rate"),
        Range(1, 16),
        Help("Spacing of the weights in pixels, as in DeepLab; 1 is usual."),
        Essential(),
    ] = 1
    source: Annotated[
        Literal["image", "max unpooling", "bed of nails", "nearest"],
        Title("Kernel on"),
        Help(
            "The image, or what is left of it after max pooling and unpooling: "
            "maxima at their remembered positions (SegNet), one per window with "
            "zeros in between (the kernel then makes it a transposed convolution), "
            "or copied."
        ),
        Essential(),
    ] = "image"
    factor: Annotated[
        int,
        Title("Pooling factor"),
        Range(2, 16),
        When("source", ("max unpooling", "bed of nails", "nearest")),
        Help("Side of the pooling windows, and stride of the unpooling."),
        Essential(),
    ] = 4
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
        "The gray image correlated with your kernel, and the window at one position "
        "with its products; gray values run from 0 to 255. The kernel can be "
        "dilated by an atrous rate, and applied to what pooling and unpooling leave "
        "of the image."
    )
    reading: ClassVar[str] = (
        "Kernels whose weights add up to 0 respond to change, those that add up to "
        "1 smooth. Try the presets, then change a weight. A dilated kernel sees "
        "more with the same number of weights and skips what is in between; max "
        "unpooling keeps edges in place where a fixed grid moves them."
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
        "atrous, rate 6": {"rate": 6},
        "max unpooling": {"source": "max unpooling", "kernel": "1"},
        "transposed convolution": {
            "source": "bed of nails",
            "factor": 2,
            "kernel": "0.25 0.5 0.25; 0.5 1 0.5; 0.25 0.5 0.25",
        },
        "nearest": {"source": "nearest", "kernel": "1"},
    }

    def run(self, ctx: Context, params: KernelOnImageParams) -> Iterator[Report]:
        """Yield one report: the whole map, and the window at the position."""
        kernel = parse_matrix(params.kernel, "--kernel", _LARGEST)
        gray = WHITE * gray_of(ctx.image)
        if params.source != _IMAGE:
            if min(gray.shape) < params.factor:
                reason = f"has no window of {params.factor} px"
                raise InputError(ctx.image.name, reason, "make the factor smaller")
            gray = pooled_back(gray, params.factor, params.source)
        found = correlated(gray, kernel, params.rate)
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
        if params.source != _IMAGE:
            results["unpooled"] = Heatmap(
                values=gray.astype(np.float32), signed=False, unit="gray"
            )
        total = float(kernel.sum())
        yield Report(results, (f"the weights add up to {amount(total)}",))


def _window(
    gray: np.ndarray, kernel: np.ndarray, found: np.ndarray, params: KernelOnImageParams
) -> Matrix:
    """Return the window at the position, its products and their sum."""
    rows, columns = kernel.shape
    row = min(int(params.y * len(gray)), len(gray) - 1)
    column = min(int(params.x * gray.shape[1]), gray.shape[1] - 1)
    rate = params.rate
    down = row + rate * (np.arange(rows) - (rows - 1) // 2)
    across = column + rate * (np.arange(columns) - (columns - 1) // 2)
    window = gray[
        np.ix_(down.clip(0, len(gray) - 1), across.clip(0, gray.shape[1] - 1))
    ]
    total = float(found[row, column])
    title, sum_ = f"gray at row {row}, column {column}", f"sum {amount(total)}"
    title += f", every {rate} px" if rate > 1 else ""
    products = window * kernel
    return Matrix(
        grids=(
            Grid(values=np.rint(window), title=title, colors="gray"),
            Grid(values=kernel, title="kernel", operator="×"),
            Grid(values=products, title="products", operator="=", caption=sum_),
        )
    )
