"""Maximum margin: the hard-margin linear SVM of two classes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, PointList
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.equations import amount, signed
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import (
    Range2,
    boundary_path,
    input_axes,
    points_of,
    sides_of,
    two_classes,
    window_around,
)
from nnviz.engine.lessons.arithmetic.neurons.perceptron import (
    find_maximum_margin,
    learn_perceptron,
)
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_POINTS = (
    "-2 -1 0; -1.5 0.5 0; -1 -1.5 0; -2.5 1 0; 0.2 -1 0; "
    "1 1.5 1; 1.5 0.5 1; 2 2 1; 2.5 1 1; -0.4 2.4 1"
)
_NEAR = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class MaximumMarginParams:
    """Parameters: the points."""

    points: Annotated[
        PointList,
        Essential(),
        Help("Points as x y class, the class 0 or 1; drag them."),
    ] = _POINTS
    perceptron: Annotated[
        bool, Essential(), Help("Also draw the line at which the perceptron stops.")
    ] = True


@register(
    "maximum_margin",
    title="Maximum margin",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    reference=Reference("Boser, Guyon & Vapnik 1992", "doi:10.1145/130385.130401"),
    capabilities=lesson("Neuron", 4),
)
class MaximumMargin:
    """Lesson: the separating line with the widest margin."""

    Params: ClassVar[type] = MaximumMarginParams
    shows: ClassVar[str] = (
        "The line with the widest margin: how far it could be thickened before it "
        "touches a point. The perceptron's line beside it is just one that works."
    )
    reading: ClassVar[str] = (
        "Rings mark the points that touch the margin, the support vectors. They "
        "alone determine the line: moving any other point changes nothing until it "
        "comes closer."
    )
    misleads: ClassVar[str] = (
        "One point in the wrong place makes the margin vanish; soft margins, which "
        "allow a few errors, are used in practice."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "AND": {"points": "0 0 0; 0 1 0; 1 0 0; 1 1 1"},
    }

    def run(self, ctx: Context, params: MaximumMarginParams) -> Iterator[Report]:
        """Yield one report: the plane with both lines."""
        ctx.check()
        points, targets = two_classes(params.points)
        found = find_maximum_margin(points, targets)
        window = window_around(points)
        if found is None:
            plane = _plane(points, targets, window, ())
            yield Report({"plane": plane}, ("no line separates the classes",))
            return
        normal, offset, margin = found
        plane, support = _street(points, targets, window, found, params)
        note = f"margin {amount(2 * margin)}, {support} support vectors"
        line = Table(
            columns=("w1", "w2", "bias", "half the margin"),
            rows=((float(normal[0]), float(normal[1]), offset, margin),),
        )
        yield Report({"plane": plane, "line": line}, (note,))


def _street(
    points: Numbers,
    targets: Numbers,
    window: Range2,
    found: tuple[Numbers, float, float],
    params: MaximumMarginParams,
) -> tuple[Plane, int]:
    """Return the plane with the line and its margin, and the support vector count."""
    normal, offset, margin = found
    paths = boundary_path(normal, offset, window, name="maximum margin")
    for shift in (-margin, margin):
        paths += boundary_path(normal, offset + shift, window, quiet=True)
    if params.perceptron:
        paths += _perceptron_path(points, targets, window)
    near = np.abs(points @ normal + offset) <= margin * (1 + _NEAR)
    plane = _plane(points, targets, window, paths)
    rings = PlanePoints(
        places=points[near],
        classes=targets[near].astype(np.int64),
        name="support vectors",
        marker="ring",
    )
    plane = replace(
        plane,
        region=sides_of(normal, offset, window),
        points=(*plane.points, rings),
        formula=rf"${amount(normal[0], 3)}\,x_1 {signed(normal[1])}\,x_2 "
        rf"{signed(offset)} = 0$",
    )
    return plane, int(near.sum())


def _perceptron_path(
    points: Numbers, targets: Numbers, window: Range2
) -> tuple[PlanePath, ...]:
    """Return the line that the perceptron rule finds on the same points."""
    inputs = np.column_stack([np.ones(len(points)), points])
    *_, last = learn_perceptron(inputs, targets, np.zeros(3), passes=1000)
    normal, offset = last.weights[1:], float(last.weights[0])
    paths = boundary_path(normal, offset, window, name="perceptron")
    return tuple(_colored(path, 5) for path in paths)


def _colored(path: PlanePath, color: int) -> PlanePath:
    return replace(path, color=color)


def _plane(
    points: Numbers, targets: Numbers, window: Range2, paths: tuple[PlanePath, ...]
) -> Plane:
    return Plane(
        **input_axes(window),
        paths=paths,
        points=(points_of(points, targets),),
        edits="points",
    )
