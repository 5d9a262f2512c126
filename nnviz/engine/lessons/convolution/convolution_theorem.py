"""Convolution theorem: convolution of images as a product of their spectra."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.parameters import Essential, Help, NumberRows, Range, Unit
from nnviz.base.results import Heatmap, Report, Result, Table
from nnviz.engine.lessons.arithmetic.gray import gray_of
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.method import Context, Presets, register

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionTheoremParams:
    """Parameters: the kernel, and the image's size."""

    kernel: Annotated[
        NumberRows, Essential(), Help("Rows of the kernel, separated by semicolons.")
    ] = "1 2 1; 2 4 2; 1 2 1"
    size: Annotated[
        int,
        Range(16, 256),
        Unit("px"),
        Essential(),
        Help("Side of the square that is cut from the middle of the image."),
    ] = 128


@register(
    "convolution_theorem",
    title="Convolution theorem",
    group="Learn",
    live=False,
    needs_model=False,
    capabilities=lesson("Convolution", 10),
)
class ConvolutionTheorem:
    """Lesson: convolution as a product of Fourier spectra, against direct summation."""

    Params: ClassVar[type] = ConvolutionTheoremParams
    shows: ClassVar[str] = (
        "The spectra of image and kernel, their product, and the image whose "
        "spectrum the product is: the convolution."
    )
    reading: ClassVar[str] = (
        "The middle of a spectrum holds slow changes, its edge fine detail. A "
        "blurring kernel is bright in the middle: it lets slow changes pass."
    )
    misleads: ClassVar[str] = (
        "The Fourier transform treats the image as if it repeated beyond its edges, "
        "so the convolution that it is compared with does so too."
    )
    presets: ClassVar[Presets] = {
        "demo": {"size": 32},
        "edges": {"kernel": "-1 0 1; -2 0 2; -1 0 1"},
    }

    def run(self, ctx: Context, params: ConvolutionTheoremParams) -> Iterator[Report]:
        """Yield one report: result, spectra, and the largest difference."""
        kernel = parse_matrix(params.kernel, "--kernel", 16)
        gray = _middle(gray_of(ctx.image), params.size)
        spectra = np.fft.fft2(gray), np.fft.fft2(kernel, gray.shape)
        by_spectra = np.fft.ifft2(spectra[0] * spectra[1]).real
        direct = circular_convolution(gray, kernel)
        ctx.check()
        gap = float(np.abs(by_spectra - direct).max())
        results: dict[str, Result] = {
            "result": _map(by_spectra, "by the spectra"),
            "image": _map(gray, "gray"),
            "spectrum_of_image": _map(_shown(spectra[0]), "log of the magnitude"),
            "spectrum_of_kernel": _map(_shown(spectra[1]), "log of the magnitude"),
            "product": _map(_shown(spectra[0] * spectra[1]), "log of the magnitude"),
            "operations": _operations(gray.shape[0], kernel.shape),
        }
        yield Report(results, (f"the two differ by at most {gap:.1e}",))


def circular_convolution(values: Floats, kernel: Floats) -> Floats:
    """Return the circular convolution by summation of weighted, shifted copies."""
    found = np.zeros(values.shape)
    for (row, column), weight in np.ndenumerate(kernel):
        found += weight * np.roll(values, (row, column), (0, 1))
    return found


def _middle(gray: Floats, size: int) -> Floats:
    side = min(size, *gray.shape)
    top, left = ((length - side) // 2 for length in gray.shape)
    return np.ascontiguousarray(gray[top : top + side, left : left + side])


def _shown(spectrum: NDArray[np.complex128]) -> Floats:
    """Return the logarithm of a spectrum's magnitude, low frequencies centered."""
    shown: Floats = np.log1p(np.abs(np.fft.fftshift(spectrum)))
    return shown


def _map(values: Floats, unit: str) -> Heatmap:
    return Heatmap(
        values=values.astype(np.float32), signed=bool(values.min() < 0), unit=unit
    )


def _operations(side: int, kernel: tuple[int, ...]) -> Table:
    """Return the multiplication counts of both ways, N log2 N for each transform."""
    places = side * side
    direct = places * kernel[0] * kernel[1]
    transforms = 3 * places * np.log2(places) + places
    return Table(
        columns=("way", "multiplications"),
        rows=(
            ("sum written out", float(direct)),
            ("spectra", float(round(transforms))),
        ),
    )
