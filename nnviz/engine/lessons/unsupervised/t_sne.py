"""t-SNE as springs: points attracted by neighbors and repelled by all others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlaneArrows, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Curves, Report
from nnviz.engine.lessons.arithmetic.embedding.digit_images import draw_digits
from nnviz.engine.lessons.arithmetic.embedding.pca import analyze
from nnviz.engine.lessons.arithmetic.embedding.tsne import (
    embed,
    map_probabilities,
    neighbor_probabilities,
    spring_forces,
)
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import name_classes
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_SHOWN = 75
"""Number of steps of a run that are shown."""
_SPRINGS = 60
"""Number of strongest springs drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TSneParams:
    """Parameters: the data and the settings of the map."""

    data: Annotated[
        Literal["digits", "clusters", "ring", "random"],
        Essential(),
        Help("Digit images, or points in ten dimensions."),
    ] = "digits"
    perplexity: Annotated[
        float,
        Range(2, 100, log=True),
        Essential(),
        Help("Approximate number of neighbors that each point keeps."),
    ] = 20.0
    steps: Annotated[
        int, Range(10, 2000, log=True), Essential(), Help("Number of steps.")
    ] = 400
    start: Annotated[
        Literal["random", "PCA"],
        Essential(),
        Help("Initial positions of the points on the map."),
    ] = "random"
    count: Annotated[
        int, Range(20, 500), Title("Points"), Help("Number of points to embed.")
    ] = 200
    rate: Annotated[
        float,
        Range(1, 1000, log=True),
        Title("Learning rate"),
        Help("Factor of the forces."),
    ] = 50.0


@register(
    "t_sne",
    title="t-SNE as springs",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("van der Maaten & Hinton 2008", "JMLR 9:2579"),
    capabilities=lesson("Unsupervised learning", 4),
)
class TSne:
    """Lesson: t-SNE's attraction of neighbors and repulsion of all points."""

    Params: ClassVar[type] = TSneParams
    shows: ClassVar[str] = (
        "Points of many dimensions are laid out on a plane. Between each pair is a "
        "spring: it pulls where they are nearer in the data than on the map, and "
        "pushes in the opposite case."
    )
    reading: ClassVar[str] = (
        "Lines are the strongest springs that pull; arrows the force on a point. The "
        "divergence falls as the map agrees better with the data's neighbors."
    )
    misleads: ClassVar[str] = (
        "Sizes of clusters and distances between them mean little, and clusters can "
        "appear in random data: try several perplexities and starts."
    )
    presets: ClassVar[Presets] = {
        "demo": {"count": 60, "steps": 40, "perplexity": 8.0, "data": "clusters"},
        "digits": {},
        "nothing there": {"data": "random", "perplexity": 5.0},
    }

    def run(self, ctx: Context, params: TSneParams) -> Iterator[Report]:
        """Yield the start, then a report every few steps."""
        seed = draw_seed(ctx)
        random = np.random.default_rng(seed)
        points, classes = draw_data(params, random)
        every = max(1, params.steps // _SHOWN)
        total = 1 + -(-params.steps // every)
        reports = _reports(params, points, classes, (random, every))
        yield from stepped(ctx, reports, total, seed=seed)


def draw_data(
    params: TSneParams, random: np.random.Generator
) -> tuple[Numbers, NDArray[np.int64]]:
    """Draw points (N, D), and their classes for coloring."""
    count = params.count
    if params.data == "digits":
        return draw_digits(count, random)
    classes = np.arange(count) % 4
    match params.data:
        case "clusters":
            centers = random.normal(0, 3, (4, 10))
            return centers[classes] + random.normal(0, 1, (count, 10)), classes
        case "ring":
            angle = 2 * np.pi * np.arange(count) / count
            ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
            turned = ring @ random.normal(0, 1, (2, 10))
            return turned, (4 * np.arange(count) // count).astype(np.int64)
        case _:
            return random.normal(0, 1, (count, 10)), np.zeros(count, np.int64)


def _reports(
    params: TSneParams,
    points: Numbers,
    classes: NDArray[np.int64],
    running: tuple[np.random.Generator, int],
) -> Iterator[tuple[Mapping[str, float], Report]]:
    random, every = running
    p = neighbor_probabilities(points, params.perplexity)
    if params.start == "PCA":
        scores = analyze(points).scores[:, :2]
        places = 1e-2 * scores / max(1e-12, float(scores.std()))
    else:
        places = random.normal(0, 1e-2, (len(points), 2))
    pca = _scatter(analyze(points).scores[:, :2].copy(), classes)
    early = min(100, params.steps // 4)
    steps = embed(p, places, rate=params.rate, exaggerated=early)
    divergences: list[float] = []
    yield (
        {"divergence": 0.0},
        Report({"map": _map(p, places, classes), "PCA": pca}, ("the start",)),
    )
    for number, step in enumerate(steps, 1):
        divergences.append(step.divergence)
        if number % every and number < params.steps:
            continue
        results = {
            "map": _map(p, step.places, classes),
            "divergence": Curves(
                x=np.arange(1, number + 1, dtype=np.float64),
                series={"KL(P‖Q)": np.array(divergences)},
                x_label="step",
                y_label="divergence, nats",
            ),
            "PCA": pca,
        }
        phase = (
            "early exaggeration: p four times as large, to form clusters"
            if number <= early
            else ""
        )
        notes = (f"step {number}", f"divergence {amount(step.divergence, 3)}", phase)
        yield (
            {"divergence": step.divergence},
            Report(results, tuple(note for note in notes if note)),
        )
        if number >= params.steps:
            return


def _map(p: Numbers, places: Numbers, classes: NDArray[np.int64]) -> Plane:
    """Plot the map with its strongest springs and the forces on the points."""
    q, kernel = map_probabilities(places)
    strength = np.triu((p - q) * kernel, 1)
    strongest = np.argsort(-strength, axis=None)[:_SPRINGS]
    first, second = np.unravel_index(strongest, strength.shape)
    pulling = strength[first, second] > 0
    springs = tuple(
        PlanePath(places=places[[a, b]].copy(), color=-1)
        for a, b in zip(first[pulling], second[pulling], strict=True)
    )
    attract, repel = spring_forces(p, places)
    forces = attract + repel
    reach = 1.15 * max(1e-9, float(np.abs(places).max()))
    longest = max(1e-12, float(np.linalg.norm(forces, axis=1).max()))
    ends = places + 0.15 * reach / longest * forces
    plane = _scatter(places, classes)
    return Plane(
        x_range=(-reach, reach),
        y_range=(-reach, reach),
        x_label="map, first axis",
        y_label="map, second axis",
        paths=springs,
        arrows=(PlaneArrows(starts=places.copy(), ends=ends, name="force", color=-1),),
        points=plane.points,
        texts=plane.texts,
        formula=r"$-\frac{\partial C}{\partial y_i} = "
        r"4\,\Sigma_j\,(p_{ij} - q_{ij})(1 + d_{ij}^2)^{-1}(y_j - y_i)$",
        equal=True,
    )


def _scatter(places: Numbers, classes: NDArray[np.int64]) -> Plane:
    reach = 1.15 * max(1e-9, float(np.abs(places).max()))
    return Plane(
        x_range=(-reach, reach),
        y_range=(-reach, reach),
        x_label="first component",
        y_label="second component",
        points=(PlanePoints(places=places.copy(), classes=classes.copy()),),
        texts=name_classes(places, classes),
        equal=True,
    )
