"""Self-organizing map: a grid of nodes fitted to points or to an image's colors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.som import (
    MapStep,
    grid_distances,
    learn_map,
    quantization_error,
)
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_SEEN = 400
"""Points that are drawn and used to measure the error."""
_SHOWN_EVERY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfOrganizingMapParams:
    """Parameters: the points and the grid."""

    points: Annotated[
        Literal["square", "disc", "ring", "triangle", "two clusters"],
        Essential(),
        Help("Arrangement of the points."),
    ] = "square"
    rows: Annotated[int, Range(1, 20), Essential(), Help("Rows of the net.")] = 10
    columns: Annotated[int, Range(2, 20), Essential(), Help("Columns of the net.")] = 10
    samples: Annotated[
        int, Range(100, 10_000, log=True), Help("Number of points shown to the map.")
    ] = 2000
    radius: Annotated[
        float, Range(0.5, 10), Help("Neighborhood at the start, in nodes.")
    ] = 4.0
    rate: Annotated[
        float,
        Range(0.01, 1, log=True),
        Help("How far the winning node moves at the start."),
    ] = 0.5


@register(
    "self_organizing_map",
    title="Self-organizing map",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Kohonen 1982", "doi:10.1007/BF00337288"),
    capabilities=lesson("Neuron", 8),
)
class SelfOrganizingMap:
    """Lesson: a self-organizing map that unfolds over points."""

    Params: ClassVar[type] = SelfOrganizingMapParams
    shows: ClassVar[str] = (
        "Points are shown one by one. The node nearest to the point wins and moves "
        "toward it; its neighbors on the net move along, less the farther they are."
    )
    reading: ClassVar[str] = (
        "Lines join neighbors on the net. The neighborhood shrinks as time goes on: "
        "first the net unfolds as a whole, then it settles in detail."
    )
    misleads: ClassVar[str] = (
        "A net can stay twisted: training minimizes no energy. Distances on the net "
        "are not those between the points."
    )
    presets: ClassVar[Presets] = {
        "demo": {"rows": 8, "columns": 8, "samples": 400},
        "line in a disc": {"points": "disc", "rows": 1, "columns": 20, "radius": 6.0},
    }

    def run(self, ctx: Context, params: SelfOrganizingMapParams) -> Iterator[Report]:
        """Yield a report every few presented points."""
        seed = draw_seed(ctx)
        random = np.random.default_rng(seed)
        samples = draw_points(params.points, params.samples, random)
        count = params.rows * params.columns
        nodes = samples.mean(axis=0) + random.normal(0, 0.05, (count, 2))
        steps = learn_map(
            samples,
            nodes,
            grid_distances(params.rows, params.columns),
            radius=(max(params.radius, 0.5), 0.4),
            rate=(params.rate, 0.01),
        )
        total = -(-params.samples // _SHOWN_EVERY)
        yield from stepped(ctx, _reports(params, samples, steps), total, seed=seed)


def _triangle(reach: Numbers, random: np.random.Generator) -> Numbers:
    """Map uniform numbers (N, 1) in [0, 1] to points uniform in a triangle."""
    share = np.sqrt(reach)
    corner = (1 - share) * np.array([0.0, 0.9])
    along = random.random(reach.shape)
    low = along * np.array([-0.95, -0.8]) + (1 - along) * np.array([0.95, -0.8])
    return np.asarray(corner + share * low, np.float64)


def draw_points(name: str, count: int, random: np.random.Generator) -> Numbers:
    """Draw points uniformly in a shape within [−1, 1]², (N, 2)."""
    points = random.uniform(-0.95, 0.95, (count, 2))
    angle = random.uniform(0, 2 * np.pi, count)
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    reach = random.random((count, 1))
    match name:
        case "disc":
            return np.asarray(0.95 * np.sqrt(reach) * around, np.float64)
        case "ring":
            return np.asarray((0.65 + 0.3 * reach) * around, np.float64)
        case "triangle":
            return _triangle(reach, random)
        case "two clusters":
            side = np.where(random.random((count, 1)) < 0.5, -0.5, 0.5)  # noqa: PLR2004
            return np.asarray(side + random.normal(0, 0.15, (count, 2)), np.float64)
        case _:
            return points


def _reports(
    params: SelfOrganizingMapParams, samples: Numbers, steps: Iterator[MapStep]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    seen = samples[:_SEEN]
    for number, step in enumerate(steps, 1):
        if number % _SHOWN_EVERY and number < len(samples):
            continue
        error = quantization_error(seen, step.nodes)
        notes = (
            f"point {number:,}",
            f"mean distance to the nearest node {amount(error, 3)}",
            f"neighborhood {amount(step.radius, 2)} nodes",
        )
        plane = _plane(params, seen, step)
        yield {"distance": error}, Report({"map": plane}, notes)


def _plane(params: SelfOrganizingMapParams, seen: Numbers, step: MapStep) -> Plane:
    net = step.nodes.reshape(params.rows, params.columns, 2)
    lines = [*net, *net.transpose(1, 0, 2)]
    return Plane(
        x_range=(-1.1, 1.1),
        y_range=(-1.1, 1.1),
        x_label="x1",
        y_label="x2",
        paths=tuple(PlanePath(places=line.copy(), color=0) for line in lines),
        points=(
            PlanePoints(places=step.nodes.copy(), name="nodes", marked=step.winner),
            PlanePoints(places=step.sample[None].copy(), name="point", marker="star"),
            PlanePoints(places=seen.copy(), name="points", marker="cross"),
        ),
        formula=r"$w_i \leftarrow w_i + \eta\,h_{ci}\,(x - w_i)$",
        equal=True,
    )
