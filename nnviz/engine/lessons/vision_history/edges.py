"""Edge detection by Canny: smoothing, gradient, thinning and hysteresis."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.parameters import Essential, Help, Range, Unit
from nnviz.base.results import Heatmap, Report, Result
from nnviz.engine.lessons.arithmetic.gray import WHITE, correlated, gray_of
from nnviz.engine.method import Context, Presets, register

Floats = NDArray[np.float64]
_SOBEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
_QUARTER, _TURNS = 45.0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgesParams:
    """Parameters: the smoothing's width, and the edge thresholds."""

    sigma: Annotated[
        float,
        Range(0.3, 8),
        Unit("px"),
        Essential(),
        Help("Width of the Gaussian that smooths first."),
    ] = 1.4
    low: Annotated[
        float, Range(0, 1000), Essential(), Help("Gradients below are no edges.")
    ] = 60.0
    high: Annotated[
        float,
        Range(0, 1000),
        Essential(),
        Help("Gradients above are edges; those between if they touch one."),
    ] = 140.0


@register(
    "edges",
    title="Edges: gradient, thinning, hysteresis",
    group="Learn",
    live=False,
    needs_model=False,
    reference=Reference("Canny 1986", "doi:10.1109/TPAMI.1986.4767851"),
    capabilities=lesson("History of vision", 2),
)
class Edges:
    """Lesson: edge detection in four steps."""

    Params: ClassVar[type] = EdgesParams
    shows: ClassVar[str] = (
        "Canny edge detection: the image is smoothed, its gradient computed by "
        "Sobel's kernels, thinned to ridges one pixel wide, and kept where it is "
        "strong or touches a strong edge."
    )
    reading: ClassVar[str] = (
        "Each tab is one step. A larger sigma leaves only coarse edges; the two "
        "thresholds keep weak edges that continue strong ones."
    )
    misleads: ClassVar[str] = (
        "An edge in the image need not be the edge of an object: shadows and "
        "texture have edges too."
    )
    presets: ClassVar[Presets] = {"demo": {}, "coarse": {"sigma": 4.0, "low": 30.0}}

    def run(self, ctx: Context, params: EdgesParams) -> Iterator[Report]:
        """Yield one report: the steps, the edges first."""
        smooth = smoothed(WHITE * gray_of(ctx.image), params.sigma)
        across, down = correlated(smooth, _SOBEL), correlated(smooth, _SOBEL.T)
        ctx.check()
        strength = np.hypot(across, down)
        ridges = thinned(strength, across, down)
        ctx.check()
        kept = hysteresis(ridges, min(params.low, params.high), params.high)
        steps: Mapping[str, tuple[Floats, str]] = {
            "found": (kept.astype(np.float64), "edge"),
            "smoothed": (smooth, "gray"),
            "gradient": (strength, "gradient"),
            "thinned": (ridges, "gradient on a ridge"),
        }
        results: dict[str, Result] = {
            name: Heatmap(
                values=values.astype(np.float32),
                signed=False,
                unit=unit,
            )
            for name, (values, unit) in steps.items()
        }
        share = 100 * float(kept.mean())
        yield Report(results, (f"{share:.1f} % of the pixels are edges",))


def smoothed(values: Floats, sigma: float) -> Floats:
    """Smooth an image with a Gaussian, along rows, then along columns."""
    reach = max(1, round(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    return correlated(correlated(values, weights[None]), weights[:, None])


def thinned(strength: Floats, across: Floats, down: Floats) -> Floats:
    """Suppress non-maxima of the gradient along its own direction."""
    turn = np.rint(np.degrees(np.arctan2(down, across)) / _QUARTER).astype(int) % _TURNS
    padded = np.pad(strength, 1)
    steps = ((0, 1), (1, 1), (1, 0), (1, -1))
    height, width = strength.shape
    kept = np.zeros(strength.shape, bool)
    for direction, (row, column) in enumerate(steps):
        ahead = padded[1 + row : 1 + row + height, 1 + column : 1 + column + width]
        behind = padded[1 - row : 1 - row + height, 1 - column : 1 - column + width]
        kept |= (turn == direction) & (strength >= ahead) & (strength >= behind)
    return np.where(kept, strength, 0.0)


def hysteresis(ridges: Floats, low: float, high: float) -> NDArray[np.bool_]:
    """Keep ridges above ``low`` that are connected to one above ``high``."""
    from skimage.filters import apply_hysteresis_threshold  # noqa: PLC0415  slow

    kept = apply_hysteresis_threshold(  # type: ignore[no-untyped-call]
        ridges, low, high
    )
    return np.asarray(kept, np.bool_)
