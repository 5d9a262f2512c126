"""Principal component analysis, step by step: center, covariance, axes, projection."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.kinds.planes import (
    Plane,
    PlaneArrows,
    PlanePath,
    PlanePoints,
    parse_points,
)
from nnviz.base.parameters import Essential, Help, PointList, Range, Title, When
from nnviz.base.results import Curves, Report, Result, Table
from nnviz.engine.lessons.arithmetic.embedding.digit_images import draw_digits
from nnviz.engine.lessons.arithmetic.embedding.pca import (
    FOOD_COUNTRIES,
    FOOD_NAMES,
    PrincipalComponents,
    analyze,
    covariance,
    food,
)
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import name_classes
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_POINTS = (
    "-2 -1.2 0; -1.5 -0.4 0; -1 -0.9 0; -0.6 0.1 0; -0.2 -0.3 0; "
    "0.3 0.4 0; 0.7 0.1 0; 1.1 0.9 0; 1.6 0.6 0; 2 1.3 0"
)
_FEW = 3
_PLANE = 2
_NAMED = 0.25
"""Loadings of at least this fraction of the largest are named."""
_CELLS = 17
"""Largest covariance matrix that is shown as numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PcaParams:
    """Parameters: the data, and the number of components."""

    data: Annotated[
        Literal["UK food", "points", "digits"],
        Essential(),
        Help("Food of four countries, points of the plane to drag, or digit images."),
    ] = "UK food"
    points: Annotated[
        PointList, Essential(), When("data", ("points",)), Help("Points as x y class.")
    ] = _POINTS
    keep: Annotated[
        int,
        Range(1, 16),
        Essential(),
        Title("Components kept"),
        Help("Number k of components that are kept."),
    ] = 2
    standardize: Annotated[
        bool, Help("Divide each variable by its standard deviation first.")
    ] = False
    count: Annotated[
        int,
        Range(50, 1000),
        Title("Digits"),
        When("data", ("digits",)),
        Help("Number N of digits."),
    ] = 400


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Observations (N, D) with names and optional classes."""

    values: Numbers
    observations: tuple[str, ...]
    variables: tuple[str, ...]
    classes: NDArray[np.int64] | None


@register(
    "pca",
    title="Principal components",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Pearson 1901", "doi:10.1080/14786440109462720"),
    capabilities=lesson("Unsupervised learning", 2),
)
class Pca:
    """Lesson: principal axes, along which the data varies most."""

    Params: ClassVar[type] = PcaParams
    shows: ClassVar[str] = (
        "Principal components: the mean is subtracted, the covariance computed, and "
        "its eigenvectors become new axes, ranked by the variance along them."
    )
    reading: ClassVar[str] = (
        "Steps: data, centered data, covariance, axes and their variances, and the "
        "data along the first two. In the loading plot, variables far from the "
        "origin dominate the component; those on one side rise together."
    )
    misleads: ClassVar[str] = (
        "Signs of components are arbitrary. Large numbers count for more: "
        "standardize variables of different units. Directions of large variance "
        "need not be those that separate the classes."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "points to drag": {"data": "points", "keep": 1},
        "digits": {"data": "digits", "keep": 10},
    }

    def run(self, ctx: Context, params: PcaParams) -> Iterator[Report]:
        """Yield a report for each of the five steps."""
        seed = draw_seed(ctx)
        data = read_data(params, seed)
        found = analyze(data.values, standardize=params.standardize)
        yield from stepped(ctx, _reports(params, data, found), 5, "step", seed=seed)


def read_data(params: PcaParams, seed: int) -> _Data:
    """Load the data that the parameters select.

    Raises:
        UsageError: fewer than three points.
    """
    if params.data == "UK food":
        return _Data(food(), FOOD_COUNTRIES, FOOD_NAMES, np.arange(4))
    if params.data == "digits":
        images, labels = draw_digits(params.count, np.random.default_rng(seed))
        names = tuple(f"px {index}" for index in range(images.shape[1]))
        return _Data(images, (), names, labels)
    places, classes = parse_points(params.points, "--points")
    if len(places) < _FEW:
        raise UsageError("--points", f"{len(places)} points", "write three or more")
    return _Data(places, (), ("x", "y"), classes)


def _reports(
    params: PcaParams, data: _Data, found: PrincipalComponents
) -> Iterator[tuple[Mapping[str, float], Report]]:
    centered = data.values - found.mean
    shares = found.shares
    keep = min(params.keep, len(shares))
    kept = float(shares[:keep].sum())
    lost = float(np.square(data.values - found.restore(keep)).mean())
    last: dict[str, Result] = {
        "projection": _projection(data, found),
        "variances": _scree(found),
        "loads": _loads(data, found),
        "scores": _scores(data, found),
    }
    steps: tuple[tuple[dict[str, Result], str], ...] = (
        ({"data": _shown(params, data, data.values)}, "1. the data"),
        ({"centered": _shown(params, data, centered)}, "2. the mean subtracted"),
        (_spread(data, found), "3. covariance of each pair of variables"),
        (
            {"variances": _scree(found), **_axes(data, found)},
            "4. eigenvectors, ranked by variance",
        ),
        (last, f"5. along the axes; {keep} kept: {100 * kept:.1f} % of the variance"),
    )
    words = ", ".join(f"{100 * share:.1f} %" for share in shares[:_FEW])
    for number, (results, note) in enumerate(steps, 1):
        notes = (note,) if number < len(steps) - 1 else (note, f"variances {words}")
        yield {"kept": kept, "error": lost}, Report(results, notes)


def _shown(params: PcaParams, data: _Data, values: Numbers) -> Result:
    """Show data as numbers, or as points if there are two variables."""
    if params.data == "points":
        return _cloud(data, values)
    rows = slice(0, _CELLS)
    table = values[rows, :_CELLS].T if params.data == "UK food" else values[rows]
    food_data = params.data == "UK food"
    return Matrix(
        grids=(
            Grid(
                values=np.ascontiguousarray(table),
                rows=data.variables if food_data else (),
                columns=data.observations if food_data else (),
                title="g per person and week" if food_data else "pixels of 17 digits",
            ),
        ),
    )


def _cloud(data: _Data, values: Numbers) -> Plane:
    reach = 1.2 * max(1e-6, float(np.abs(values).max()))
    return Plane(
        x_range=(-reach, reach),
        y_range=(-reach, reach),
        points=(PlanePoints(places=values.copy(), classes=_copied(data.classes)),),
        edits="points" if values is data.values else "",
        equal=True,
    )


def _copied(classes: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    return None if classes is None else classes.copy()


def _spread(data: _Data, found: PrincipalComponents) -> dict[str, Result]:
    spread = covariance((data.values - found.mean) / found.scale)
    small = len(spread) <= _CELLS
    return {
        "covariance": Matrix(
            grids=(
                Grid(
                    values=spread,
                    rows=data.variables if small else (),
                    columns=data.variables if small else (),
                    title="covariance",
                ),
            ),
            formula=r"$C = \frac{1}{N-1} \Sigma\,(x - \bar{x})(x - \bar{x})^T$",
        )
    }


def _axes(data: _Data, found: PrincipalComponents) -> dict[str, Plane]:
    """Plot two variables with the principal axes; empty if there are not two."""
    if len(data.variables) != _PLANE:
        return {}
    plane = _cloud(data, data.values)
    lengths = 1.5 * np.sqrt(found.variances)[:, None] * found.axes * found.scale
    starts = np.broadcast_to(found.mean, lengths.shape).copy()
    feet = found.restore(1)
    joins = tuple(
        PlanePath(places=np.stack([point, foot]), style="dashed", color=-1)
        for point, foot in zip(data.values, feet, strict=True)
    )
    return {
        "axes": Plane(
            x_range=plane.x_range,
            y_range=plane.y_range,
            paths=joins,
            arrows=(
                PlaneArrows(
                    starts=starts, ends=starts + lengths, name="axes, 1.5 deviations"
                ),
            ),
            points=plane.points,
            edits="points",
            equal=True,
        )
    }


def _scree(found: PrincipalComponents) -> Curves:
    shares = 100 * found.shares[:16]
    return Curves(
        x=np.arange(1, len(shares) + 1, dtype=np.float64),
        series={"each": shares, "together": np.cumsum(shares)},
        x_label="component",
        y_label="fraction of the variance, %",
        limits=(0.0, 100.0),
    )


def _projection(data: _Data, found: PrincipalComponents) -> Plane:
    scores = _two(found.scores)
    low, high = scores.min(axis=0), scores.max(axis=0)
    margin = 0.12 * np.maximum(high - low, 1e-9)
    shares = [f"{100 * share:.1f} %" for share in (*found.shares[:2], 0.0)]
    return Plane(
        x_range=(float(low[0] - margin[0]), float(high[0] + 2 * margin[0])),
        y_range=(float(low[1] - margin[1]), float(high[1] + margin[1])),
        x_label=f"first component, {shares[0]}",
        y_label=f"second component, {shares[1]}",
        points=(
            PlanePoints(
                places=scores, classes=_copied(data.classes), labels=data.observations
            ),
        ),
        texts=()
        if data.classes is None or data.observations
        else name_classes(scores, data.classes),
    )


def _two(values: Numbers) -> Numbers:
    """Return the first two columns, padded with zeros."""
    two = np.zeros((len(values), 2))
    two[:, : min(2, values.shape[1])] = values[:, :2]
    return two


def _loads(data: _Data, found: PrincipalComponents) -> Plane:
    loads = _two(found.axes.T)
    reach = 1.25 * float(np.abs(loads).max())
    far = np.abs(loads).max(axis=1) > _NAMED * float(np.abs(loads).max())
    small = len(data.variables) <= _CELLS
    names = zip(data.variables, far, strict=True)
    labels = tuple(name if out else "" for name, out in names) if small else ()
    return Plane(
        x_range=(-reach, reach),
        y_range=(-reach, reach),
        x_label="loading on the first component",
        y_label="loading on the second component",
        arrows=(PlaneArrows(starts=np.zeros_like(loads), ends=loads.copy(), color=2),),
        points=(PlanePoints(places=loads, labels=labels),),
        equal=True,
    )


def _scores(data: _Data, found: PrincipalComponents) -> Table:
    names = data.observations or tuple(str(n) for n in range(1, len(found.scores) + 1))
    shown = min(_FEW, found.scores.shape[1])
    return Table(
        columns=("", *(f"component {index}" for index in range(1, shown + 1))),
        rows=tuple(
            (name, *(float(value) for value in row[:shown]))
            for name, row in zip(names, found.scores, strict=True)
        ),
    )
