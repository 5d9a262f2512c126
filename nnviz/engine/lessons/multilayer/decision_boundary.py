"""Decision boundary of a multilayer perceptron during training on plane points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlaneRegion
from nnviz.base.parameters import Essential, Help, Lowest, PointList, Range, Title, When
from nnviz.base.results import Curves, Diagram, Report, Result
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import (
    Range2,
    grid_of,
    input_axes,
    line_in,
    points_of,
    two_classes,
)
from nnviz.engine.lessons.arithmetic.neurons.multilayer_perceptron import (
    Layer,
    boundary,
    cross_entropy,
    forward,
    make_layers,
    train_classifier,
)
from nnviz.engine.lessons.arithmetic.neurons.network_graph import network_graph
from nnviz.engine.lessons.arithmetic.neurons.point_sets import POINT_SETS, Labeled
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_WINDOW: Range2 = ((-1.2, 1.2), (-1.2, 1.2))
_SIDE = 48
_LINES_UP_TO = 8
_GRAPH_UP_TO = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionBoundaryParams:
    """Parameters: points, hidden units and training."""

    data: Annotated[
        Literal["clouds", "quadrants", "ring", "moons", "spiral", "own points"],
        Essential(),
        Help("The points; own points can be dragged and added."),
    ] = "ring"
    points: Annotated[
        PointList,
        Essential(),
        When("data", ("own points",)),
        Help("Points as x y class, the class 0 or 1."),
    ] = "-0.6 -0.6 0; 0.6 0.6 0; -0.6 0.6 1; 0.6 -0.6 1"
    hidden: Annotated[
        int,
        Range(0, 50),
        Lowest("none"),
        Essential(),
        Title("Hidden units"),
        Help("Number of units of each hidden layer; 0 for no hidden layer."),
    ] = 6
    layers: Annotated[
        int, Range(1, 4), Title("Hidden layers"), Help("Number of hidden layers.")
    ] = 1
    activation: Annotated[
        Literal["tanh", "ReLU", "sigmoid", "linear"],
        Essential(),
        Help(
            "Activation function of the hidden units; linear ones only draw a "
            "straight line."
        ),
    ] = "tanh"
    rate: Annotated[
        float,
        Range(0.01, 10, log=True),
        Essential(),
        Title("Learning rate η"),
        Help("Factor of each step."),
    ] = 1.0
    epochs: Annotated[
        int, Range(100, 50_000, log=True), Help("Passes over all points.")
    ] = 3000
    noise: Annotated[
        float,
        Range(0, 0.5),
        Help("Standard deviation of the noise added to the points."),
    ] = 0.0
    count: Annotated[
        int,
        Range(10, 400),
        Title("Points"),
        When("data", ("clouds", "quadrants", "ring", "moons", "spiral")),
        Help("Number of training points; as many new ones test the network."),
    ] = 100


@register(
    "decision_boundary",
    title="Decision boundary",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Multilayer perceptron", 2),
)
class DecisionBoundary:
    """Lesson: hidden units bend the decision boundary; too many overfit."""

    Params: ClassVar[type] = DecisionBoundaryParams
    shows: ClassVar[str] = (
        "A multilayer perceptron learns to tell two classes of points apart. The "
        "background is its output: blue for class 0, orange for class 1."
    )
    reading: ClassVar[str] = (
        "Dashed lines are those of the hidden units: the boundary is composed of "
        "them. Watch the loss on held-out points: where it rises while the other "
        "falls, the network overfits."
    )
    misleads: ClassVar[str] = (
        "Another start gives another boundary between the points. Far from them the "
        "network is just as confident, without reason."
    )
    presets: ClassVar[Presets] = {
        "demo": {"epochs": 800},
        "3 hidden units": {"data": "moons", "noise": 0.15, "hidden": 3, "count": 60},
        "6 hidden units": {"data": "moons", "noise": 0.15, "hidden": 6, "count": 60},
        "20 hidden units": {
            "data": "moons",
            "noise": 0.15,
            "hidden": 20,
            "count": 60,
            "rate": 3.0,
            "epochs": 20_000,
        },
        "spiral": {
            "data": "spiral",
            "hidden": 16,
            "layers": 2,
            "rate": 0.5,
            "epochs": 10_000,
        },
        "XOR by hand": {"data": "own points", "hidden": 3},
    }

    def run(self, ctx: Context, params: DecisionBoundaryParams) -> Iterator[Report]:
        """Yield the start, then reports at growing intervals."""
        seed = draw_seed(ctx)
        random = np.random.default_rng(seed)
        seen = draw_points(params, random)
        unseen = draw_points(params, random)
        sizes = (2, *([params.hidden] * params.layers if params.hidden else ()), 1)
        layers = make_layers(sizes, params.activation, "sigmoid", random)
        stops = epochs_shown(params.epochs)
        reports = _reports(params, layers, (seen, unseen), stops)
        yield from stepped(ctx, reports, len(stops), "step", seed=seed)


def draw_points(params: DecisionBoundaryParams, random: np.random.Generator) -> Labeled:
    """Return the points of the plane and their classes.

    Raises:
        UsageError: invalid points.
    """
    if params.data == "own points":
        return two_classes(params.points)
    points, classes = POINT_SETS[params.data](params.count, random)
    return points + random.normal(0, params.noise, points.shape), classes


def epochs_shown(last: int, shown: int = 60) -> tuple[int, ...]:
    """Return the epochs to show: 0, then at growing intervals."""
    steps = np.geomspace(1, last, shown).round().astype(int)
    return (0, *(int(each) for each in np.unique(steps)))


def _reports(
    params: DecisionBoundaryParams,
    layers: tuple[Layer, ...],
    sets: tuple[Labeled, Labeled],
    stops: Sequence[int],
) -> Iterator[tuple[Mapping[str, float], Report]]:
    history: list[tuple[float, float]] = []
    points, classes = sets[0]
    before = 0
    for stop in stops:
        layers = train_classifier(layers, points, classes, params.rate, stop - before)
        before = stop
        losses = tuple(cross_entropy(layers, *each) for each in sets)
        history.append((losses[0], losses[1]))
        right, test = (_right(layers, *each) for each in sets)
        results: dict[str, Result] = {
            "plane": _plane(params, layers, (points, classes)),
            "loss": _curves(stops[: len(history)], history),
        }
        if 0 < params.hidden <= _GRAPH_UP_TO and params.layers == 1:
            results["network"] = _graph(layers, points[:1])
        notes = (
            f"epoch {stop:,}",
            f"loss {amount(losses[0], 3)}, on new points {amount(losses[1], 3)}",
            f"{100 * right:.0f} % right, on new points {100 * test:.0f} %",
        )
        measured = {"loss": losses[0], "loss on new points": losses[1]}
        yield measured, Report(results, notes)


def _right(layers: Sequence[Layer], points: Numbers, classes: Numbers) -> float:
    output = forward(layers, points).outputs[-1][:, 0]
    return float(((output > 0.5) == (classes > 0.5)).mean())  # noqa: PLR2004


def _graph(layers: Sequence[Layer], point: Numbers) -> Diagram:
    units = sum(len(layer.biases) for layer in layers)
    return network_graph(layers, forward(layers, point), known=units)


def _plane(
    params: DecisionBoundaryParams, layers: Sequence[Layer], seen: Labeled
) -> Plane:
    window = window_of(seen[0])
    x, y = grid_of(window, _SIDE)
    scores = boundary(layers, x, y) - 0.5
    few = params.hidden <= _LINES_UP_TO and params.activation != "linear"
    return Plane(
        **input_axes(window),
        region=PlaneRegion(values=scores, kind="signed", contours=(0.0,)),
        paths=_unit_lines(layers, window) if few else (),
        points=(points_of(*seen),),
        edits="points" if params.data == "own points" else "",
    )


def window_of(points: Numbers) -> Range2:
    """Return the default window, or a larger one that contains all points."""
    reach = float(np.abs(points).max()) * 1.1
    return _WINDOW if reach <= _WINDOW[0][1] else ((-reach, reach), (-reach, reach))


def _unit_lines(layers: Sequence[Layer], window: Range2) -> tuple[PlanePath, ...]:
    """Return the visible boundary lines of the first hidden layer's units."""
    if len(layers) == 1:
        return ()
    units = zip(layers[0].weights, layers[0].biases, strict=True)
    lines = [line_in(row, float(bias), window) for row, bias in units]
    return tuple(
        PlanePath(places=ends, style="dashed", color=-1) for ends in lines if len(ends)
    )


def _curves(epochs: Sequence[int], history: Sequence[tuple[float, float]]) -> Curves:
    seen, unseen = np.array(history).T
    return Curves(
        x=np.array(epochs, np.float64),
        series={"training points": seen.copy(), "new points": unseen.copy()},
        x_label="epoch",
        y_label="cross-entropy, nats",
    )
