"""Hebb's rule and Oja's rule: unsupervised learning of a neuron."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlaneArrows, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.adaline import LinearStep, learn_hebb
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_REACH = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HebbParams:
    """Parameters: the rule and the points."""

    rule: Annotated[
        Literal["Hebb", "Oja"],
        Essential(),
        Help("Hebb's weights grow without bound; Oja's keep their length."),
    ] = "Oja"
    angle: Annotated[
        float,
        Range(0, 180),
        Essential(),
        Help("Direction of the points' long axis, in degrees."),
    ] = 35.0
    rate: Annotated[
        float,
        Range(0.001, 0.2, log=True),
        Essential(),
        Title("Learning rate η"),
        Help("Factor of each update."),
    ] = 0.02
    steps: Annotated[
        int, Range(10, 1000), Help("Number of points shown to the neuron.")
    ] = 240
    count: Annotated[
        int, Range(10, 300), Title("Points"), Help("Number of examples.")
    ] = 80


@register(
    "hebb",
    title="Hebb's rule",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Hebb 1949; Oja 1982", "doi:10.1007/BF00275687"),
    capabilities=lesson("Neuron", 6),
)
class Hebb:
    """Lesson: Hebbian learning, with and without decay."""

    Params: ClassVar[type] = HebbParams
    shows: ClassVar[str] = (
        "Hebb's rule strengthens a weight when its input and the output are active "
        "together. Oja adds forgetting, which keeps the weights at length 1."
    )
    reading: ClassVar[str] = (
        "The arrow is the weight vector. It turns toward the direction in which the "
        "points spread most, the dashed line: the first principal component."
    )
    misleads: ClassVar[str] = (
        "Which end of the line the arrow takes depends on the start: the sign is "
        "arbitrary."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 40, "rate": 0.1},
        "Hebb alone": {"rule": "Hebb"},
    }

    def run(self, ctx: Context, params: HebbParams) -> Iterator[Report]:
        """Yield a report for each presented point."""
        seed = draw_seed(ctx)
        points = _cloud(params, np.random.default_rng(seed))
        turn = np.deg2rad(params.angle + 80)
        start = 0.3 * np.array([np.cos(turn), np.sin(turn)])
        learning = learn_hebb(points, start, rate=params.rate, oja=params.rule == "Oja")
        steps = islice(learning, params.steps)
        yield from stepped(
            ctx, _reports(points, steps, params.rule), params.steps, seed=seed
        )


def _cloud(params: HebbParams, random: np.random.Generator) -> Numbers:
    """Draw a centered, elongated cloud of points at an angle, (N, 2)."""
    turn = np.deg2rad(params.angle)
    points = random.normal(0, 1, (params.count, 2)) * np.array([1.5, 0.4])
    along = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return np.asarray((points - points.mean(axis=0)) @ along, np.float64)


def _reports(
    points: Numbers, steps: Iterator[LinearStep], rule: str
) -> Iterator[tuple[Mapping[str, float], Report]]:
    _, vectors = np.linalg.eigh(points.T @ points)
    axis = vectors[:, -1]
    path: list[Numbers] = []
    for step, index in zip(steps, cycle(range(len(points))), strict=False):
        path.append(step.weights)
        length = float(np.linalg.norm(step.weights))
        cosine = abs(float(step.weights @ axis)) / length if length else 0.0
        degrees = float(np.rad2deg(np.arccos(min(1.0, cosine))))
        plane = _plane(points, np.array(path), axis, index, rule)
        angle = f"{amount(degrees, 2)}° from the first principal component"
        note = f"length {amount(length, 3)}, {angle}"
        measured = {"length": length, "angle": degrees}
        yield measured, Report({"plane": plane}, (note,))


def _plane(
    points: Numbers, path: Numbers, axis: Numbers, index: int, rule: str
) -> Plane:
    weights = path[-1]
    reach = max(_REACH, 1.1 * float(np.abs(weights).max()))
    formula = r"y\,x" if rule == "Hebb" else r"y\,(x - y\,w)"
    return Plane(
        x_range=(-reach, reach),
        y_range=(-reach, reach),
        x_label="x1",
        y_label="x2",
        paths=(
            PlanePath(
                places=np.stack([-2 * reach * axis, 2 * reach * axis]),
                name="first principal component",
                style="dashed",
                color=-1,
            ),
            PlanePath(places=path, name="path of the weights", color=2),
        ),
        arrows=(
            PlaneArrows(
                starts=np.zeros((1, 2)), ends=weights[None].copy(), name="w", color=3
            ),
        ),
        points=(PlanePoints(places=points.copy(), marked=index),),
        formula=rf"$\Delta w = \eta\,{formula},\quad w = "
        rf"({amount(weights[0], 3)},\ {amount(weights[1], 3)})$",
        equal=True,
    )
