"""Gradient descent in one dimension: slope, learning rate, step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.kinds.planes import Plane, PlaneArrows, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_TOO_FAR = 1e4


@dataclass(frozen=True, slots=True)
class _Curve:
    """A function of one variable with its derivative and visible range."""

    value: Callable[[Numbers], Numbers]
    slope: Callable[[float], float]
    formula: str
    window: tuple[float, float]


_CURVES: Mapping[str, _Curve] = MappingProxyType(
    {
        "parabola": _Curve(
            lambda a: 14 * a**2 - 46.32 * a + 40,
            lambda a: 28 * a - 46.32,
            r"\frac{df}{da} = 28a - 46.32",
            (-0.8, 4.0),
        ),
        "two valleys": _Curve(
            lambda a: a**4 / 4 - a**3 / 3 - a**2 + 1,
            lambda a: a**3 - a**2 - 2 * a,
            r"\frac{df}{da} = a^3 - a^2 - 2a",
            (-2.0, 3.0),
        ),
        "flat start": _Curve(
            lambda a: -2 * np.exp(-((a - 2) ** 2)),
            lambda a: float(4 * (a - 2) * np.exp(-((a - 2) ** 2))),
            r"\frac{df}{da} = 4(a-2)e^{-(a-2)^2}",
            (-1.5, 5.0),
        ),
        "saddle point": _Curve(
            lambda a: (a - 1) ** 3 / 3 + 1,
            lambda a: (a - 1) ** 2,
            r"\frac{df}{da} = (a-1)^2",
            (-1.0, 3.0),
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescentInOneDimensionParams:
    """Parameters: the function, the start and the learning rate."""

    function: Annotated[
        Literal["parabola", "two valleys", "flat start", "saddle point"],
        Essential(),
        Help("The function whose minimum is sought."),
    ] = "parabola"
    start: Annotated[
        float, Range(-2, 5), Essential(), Help("Start of the descent.")
    ] = -0.2568
    rate: Annotated[
        float,
        Range(0.001, 1, log=True),
        Essential(),
        Title("Learning rate ε"),
        Help(
            "Factor of the slope: too small a value crawls, too large a value "
            "overshoots."
        ),
    ] = 0.01
    steps: Annotated[int, Range(1, 200), Help("Number of steps.")] = 20


@register(
    "descent_1d",
    title="Descent in one dimension",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Gradient descent", 1),
)
class DescentInOneDimension:
    """Lesson: repeated steps against the slope of a function of one variable."""

    Params: ClassVar[type] = DescentInOneDimensionParams
    shows: ClassVar[str] = (
        "Gradient descent: the slope at the current point, times the learning rate, "
        "is subtracted from the point. Steep slopes give long steps."
    )
    reading: ClassVar[str] = (
        "The arrow is the next step, the formula has its numbers. On the parabola a "
        "rate above 1/28 overshoots, one above 2/28 diverges."
    )
    misleads: ClassVar[str] = (
        "It stops wherever the slope is zero: in a valley that is not the deepest, "
        "or on a saddle point, which is no minimum at all."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "overshoots": {"rate": 0.065},
        "diverges": {"rate": 0.075},
        "the wrong valley": {
            "function": "two valleys",
            "start": -0.1,
            "rate": 0.1,
            "steps": 40,
        },
        "stuck on a saddle point": {
            "function": "saddle point",
            "start": 2.5,
            "rate": 0.2,
            "steps": 60,
        },
    }

    def run(
        self, ctx: Context, params: DescentInOneDimensionParams
    ) -> Iterator[Report]:
        """Yield a report for each step, with the slope at its start."""
        places = descend(params)
        yield from stepped(ctx, _reports(params, places), len(places))


def descend(params: DescentInOneDimensionParams) -> Numbers:
    """Return the points of a descent from its start, up to a divergence."""
    curve = _CURVES[params.function]
    places = [params.start]
    for _ in range(params.steps):
        places.append(places[-1] - params.rate * curve.slope(places[-1]))
        if abs(places[-1]) > _TOO_FAR:
            break
    return np.array(places)


_COLUMNS = ("step", "a", "slope", "step size", "new a")


def _reports(
    params: DescentInOneDimensionParams, places: Numbers
) -> Iterator[tuple[Mapping[str, float], Report]]:
    curve = _CURVES[params.function]
    rows: list[tuple[str | float, ...]] = []
    for number, place in enumerate(places):
        slope = curve.slope(float(place))
        step = params.rate * slope
        rows.append((float(number), float(place), slope, step, float(place - step)))
        results = {
            "curve": _plane(params, places[: number + 1], slope),
            "steps": Table(columns=_COLUMNS, rows=tuple(rows)),
        }
        height = float(curve.value(np.array(place)))
        notes = (
            f"slope {amount(slope)} × {params.rate:g} = {amount(step)}",
            f"new a = {amount(float(place))} − {term(step)} = {amount(place - step)}",
        )
        yield {"a": float(place), "height": height}, Report(results, notes)


def _plane(params: DescentInOneDimensionParams, seen: Numbers, slope: float) -> Plane:
    curve = _CURVES[params.function]
    left = min(curve.window[0], params.start - 0.2)
    right = max(curve.window[1], params.start + 0.2)
    x = np.linspace(left, right, 300)
    y = curve.value(x)
    low, high = float(y.min()), float(y.max())
    margin = 0.08 * (high - low)
    shown = seen[(seen >= left) & (seen <= right)]
    path = np.stack([shown, curve.value(shown)], axis=1)
    here = float(seen[-1])
    after = here - params.rate * slope
    ends = np.array([[here, after], curve.value(np.array([here, after]))]).T
    step = PlaneArrows(starts=ends[:1].copy(), ends=ends[1:].copy(), name="step")
    place = PlanePoints(places=np.array([[here, ends[0, 1]]]), marker="ring")
    inside = left <= here <= right
    return Plane(
        x_range=(left, right),
        y_range=(low - margin, high + margin),
        x_label="a",
        y_label="f(a)",
        paths=(
            PlanePath.curve(x, y, color=-1),
            PlanePath(places=path, style="steps", name="descent"),
            *_tangent(here, slope, curve, right - left),
        ),
        arrows=(step,) if inside else (),
        points=(place,) if inside else (),
        formula=rf"${curve.formula} = {amount(slope)},\quad a \leftarrow "
        rf"{amount(here)} - {params.rate:g}\cdot{term(slope)} = {amount(after)}$",
    )


def _tangent(
    here: float, slope: float, curve: _Curve, width: float
) -> tuple[PlanePath, ...]:
    reach = 0.12 * width
    height = float(curve.value(np.array(here)))
    ends = np.array(
        [[here - reach, height - reach * slope], [here + reach, height + reach * slope]]
    )
    return (PlanePath(places=ends, name="slope", style="dashed", color=2),)
