"""The result kind Plane: points, regions, paths and arrows over two axes."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.results import Array, Result

Floats = NDArray[np.float64]
_PARTS = 3
_REMEDY = "write points as x y class with semicolons between: 1 2 1; -1 2 0"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanePoints:
    """A series of points.

    Attributes:
        places: float64 (N, 2), x and y.
        classes: int64 (N,), which sets the color; None for one color.
        name: in the legend; may be empty.
        labels: text next to each point; () for none.
        marker: marker shape.
        marked: index of the highlighted point, -1 for none.
        areas: float64 (N,), areas of the dots relative to the default, for bubble
            charts; None for the default.
    """

    places: Floats
    classes: NDArray[np.int64] | None = None
    name: str = ""
    labels: tuple[str, ...] = ()
    marker: Literal["dot", "ring", "cross", "star"] = "dot"
    marked: int = -1
    areas: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanePath:
    """A polyline: a curve, a decision boundary, the path of an optimizer.

    Attributes:
        places: float64 (P, 2), x and y, in order.
        name: in the legend; may be empty.
        style: solid or dashed; "steps" marks each of its points, "arrow" its end.
        color: index into the series' colors; -1 for a quiet gray.
    """

    places: Floats
    name: str = ""
    style: Literal["solid", "dashed", "steps", "arrow"] = "solid"
    color: int = 0

    @classmethod
    def curve(
        cls,
        x: Floats,
        y: Floats,
        name: str = "",
        *,
        color: int = 0,
        dashed: bool = False,
    ) -> Self:
        """Return the curve of y, (P,), over x, (P,)."""
        style: Literal["solid", "dashed"] = "dashed" if dashed else "solid"
        return cls(places=np.stack([x, y], axis=1), name=name, style=style, color=color)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaneRegion:
    """A grid of numbers painted over the whole plane, behind everything else.

    Attributes:
        values: float64 or int64 (H, W); row 0 lies at the upper end of the y axis.
        kind: "classes" (a class's index in each cell), "signed" (a decision score) or
            "height" (a surface, dark where low).
        contours: heights of the lines of equal value to draw; () for none.
        unit: quantity of the numbers, for the legend.
    """

    values: Array
    kind: Literal["classes", "signed", "height"]
    contours: tuple[float, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaneArrows:
    """Arrows: gradients, forces, weights.

    Attributes:
        starts: float64 (N, 2), x and y.
        ends: float64 (N, 2), x and y.
        name: in the legend; may be empty.
        color: index into the series' colors; -1 for a quiet gray.
    """

    starts: Floats
    ends: Floats
    name: str = ""
    color: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneText:
    """A text label at a point."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plane(Result):
    """A plot over two axes: points, regions, contours, paths, arrows and labels.

    Attributes:
        x_range: lowest and highest visible x.
        y_range: likewise of y.
        x_label: name and unit of the axis.
        y_label: likewise.
        region: drawn behind everything else; None for none.
        paths: drawn below the points.
        arrows: likewise.
        points: series of points.
        texts: words.
        formula: mathtext with values substituted, shown below the axes; may be empty.
        edits: name of the parameter (points as text) that dragging, adding and
            removing points of the first series changes; empty where they are fixed.
        equal: whether both axes have the same scale.
        places: name of the parameters that a click sets, x and y; None for none.
    """

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_label: str = "x"
    y_label: str = "y"
    region: PlaneRegion | None = None
    paths: tuple[PlanePath, ...] = ()
    arrows: tuple[PlaneArrows, ...] = ()
    points: tuple[PlanePoints, ...] = ()
    texts: tuple[PlaneText, ...] = ()
    formula: str = ""
    edits: str = ""
    equal: bool = False
    places: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """Make all arrays read-only."""
        for array in self._arrays():
            array.flags.writeable = False

    def arrays(self) -> dict[str, Array]:
        """Return the first points as the main array, else paths, region or arrows."""
        named: dict[str, Array] = {}
        for index, series in enumerate(self.points):
            named[series.name or f"points{index}"] = series.places
            if series.classes is not None:
                named[f"{series.name or f'points{index}'}_classes"] = series.classes
            if series.areas is not None:
                named[f"{series.name or f'points{index}'}_areas"] = series.areas
        for index, path in enumerate(self.paths):
            named[path.name or f"path{index}"] = path.places
        if self.region is not None:
            named["region"] = self.region.values
        for index, each in enumerate(self.arrows):
            ends = np.stack([each.starts, each.ends], axis=1)
            named[each.name or f"arrows{index}"] = ends
        if not named:
            return {"": np.array([self.x_range, self.y_range])}
        first = next(iter(named))
        return {"": named[first]} | {k: v for k, v in named.items() if k != first}

    def _arrays(self) -> list[Array]:
        found: list[Array] = [each.places for each in self.points]
        found += [each.places for each in self.paths]
        found += [each.classes for each in self.points if each.classes is not None]
        found += [each.areas for each in self.points if each.areas is not None]
        found += [side for each in self.arrows for side in (each.starts, each.ends)]
        return found + ([self.region.values] if self.region is not None else [])


def parse_points(text: str, option: str) -> tuple[Floats, NDArray[np.int64]]:
    """Parse points with a class each: "1 2 1; -1 2 0".

    Args:
        text: x, y and class (a whole number from 0), separated by semicolons.
        option: name of the parameter, for errors.

    Returns:
        Places, float64 (N, 2), and classes, int64 (N,).

    Raises:
        UsageError: the text has another form.
    """
    places, classes = [], []
    for part in filter(str.strip, text.split(";")):
        words = part.replace(",", " ").split()
        try:
            x, y, label = float(words[0]), float(words[1]), int(words[2])
        except (ValueError, IndexError):
            raise UsageError(
                option, f"{part.strip()!r} is not a point", _REMEDY
            ) from None
        if len(words) != _PARTS or label < 0 or not math.isfinite(x + y):
            raise UsageError(option, f"{part.strip()!r} is not a point", _REMEDY)
        places.append((x, y))
        classes.append(label)
    return (
        np.array(places, np.float64).reshape(len(places), 2),
        np.array(classes, np.int64),
    )


def points_text(places: Iterable[Iterable[float]], classes: Iterable[int]) -> str:
    """Return points as text for ``parse_points``, with three decimals."""
    return "; ".join(
        " ".join([*(f"{round(value, 3):g}" for value in place), str(int(label))])
        for place, label in zip(places, classes, strict=True)
    )
