"""A surface as a plane with contours, and descent paths on it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nnviz.base.kinds.planes import (
    Plane,
    PlaneArrows,
    PlanePath,
    PlanePoints,
    PlaneRegion,
)
from nnviz.base.results import Curves
from nnviz.engine.lessons.arithmetic.descent.surfaces import Surface
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import grid_of

Numbers = NDArray[np.float64]
_SIDE = 96
_CONTOURS = 14


class SurfacePlane:
    """The contour background of a surface, computed once, for paths on top."""

    def __init__(self, surface: Surface) -> None:
        """Compute the contour background.

        Args:
            surface: heights are drawn as their logarithm, so that valleys are visible.
        """
        self._surface = surface
        left, right, bottom, top = surface.window
        self._window = ((left, right), (bottom, top))
        x, y = grid_of(self._window, _SIDE)
        heights = np.asarray(
            surface.value(x[None, :] + 0 * y[:, None], y[:, None] + 0 * x[None, :]),
            np.float64,
        )
        self._region = _region(heights, bool(surface.minima))

    def with_paths(
        self,
        paths: Sequence[PlanePath],
        *,
        arrows: tuple[PlaneArrows, ...] = (),
        points: tuple[PlanePoints, ...] = (),
        formula: str = "",
        places: tuple[str, str] | None = None,
    ) -> Plane:
        """Return the plane with paths on it; arguments as in ``Plane``."""
        minima = np.array(self._surface.minima, np.float64).reshape(-1, 2)
        stars = PlanePoints(places=minima, name="minimum", marker="star")
        window = self._window
        return Plane(
            x_range=window[0],
            y_range=window[1],
            region=self._region,
            paths=tuple(
                replace(path, places=_seen(path.places, window)) for path in paths
            ),
            arrows=arrows,
            points=(*points, *((stars,) if len(minima) else ())),
            formula=formula,
            places=places,
        )


def _region(heights: Numbers, low_at_zero: bool) -> PlaneRegion:  # noqa: FBT001
    """Return the heights with contours, on a logarithmic scale if the minimum is 0."""
    values = np.log1p(heights) if low_at_zero else heights
    low, high = float(values.min()), float(values.max())
    levels = np.linspace(low, high, _CONTOURS + 2)[1:-1]
    return PlaneRegion(
        values=values,
        kind="height",
        contours=tuple(float(level) for level in levels),
        unit="ln(1 + f)" if low_at_zero else "f",
    )


def log_height_curves(heights: Mapping[str, Numbers], step: int) -> Curves:
    """Return curves of log₁₀ |f| up to a step, for each run by its name."""
    series = {
        name: np.log10(1e-9 + np.abs(values[: step + 1]))
        for name, values in heights.items()
    }
    return Curves.over_steps(series, "step", "log₁₀ |f|")


def _seen(
    places: Numbers, window: tuple[tuple[float, float], tuple[float, float]]
) -> Numbers:
    """Truncate a path where it leaves the window for good, plus one point."""
    (left, right), (bottom, top) = window
    wide, tall = right - left, top - bottom
    finite = np.isfinite(places).all(axis=1)
    near = (
        finite
        & (np.abs(places[:, 0] - (left + right) / 2) < 2 * wide)
        & (np.abs(places[:, 1] - (bottom + top) / 2) < 2 * tall)
    )
    last = len(places) if near.all() else int(np.argmin(near))
    return places[: max(1, last)].copy()
