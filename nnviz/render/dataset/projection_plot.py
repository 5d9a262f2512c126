"""Plots of projections: points in class colors, with a scree plot."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from nnviz.base.dataset.projections import TITLES, PlacedImage, Projection
from nnviz.render.drawings.plots import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE, _DPI = 8.0, 120
_MOST_NAMED = 12
_UNLABELED = "#9aa0a8"


def plot(
    found: Projection,
    labels: NDArray[np.int64],
    names: tuple[str, ...],
    placed: Sequence[PlacedImage] = (),
) -> NDArray[np.uint8]:
    """Plot a projection, uint8 (H, W, 3).

    Args:
        found: the projection.
        labels: class of each of its points, -1 for none.
        names: of the classes.
        placed: new images, marked by rings with their names.
    """
    from matplotlib.figure import Figure

    wide = found.scree.size > 1
    figure = Figure(figsize=(_SIDE * (1.5 if wide else 1), _SIDE), dpi=_DPI)
    figure.set_layout_engine("constrained")
    grid = figure.add_gridspec(1, 3 if wide else 2)
    axes = figure.add_subplot(grid[0, :2])
    _points(axes, found, labels, names)
    _mark(axes, placed)
    if wide:
        _scree(figure.add_subplot(grid[0, 2]), found.scree)
    figure.supxlabel(found.warning, fontsize=8, wrap=True)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return np.asarray(PillowImage.open(file).convert("RGB"))


def _points(
    axes: "Axes", found: Projection, labels: NDArray[np.int64], names: tuple[str, ...]
) -> None:
    from matplotlib import colormaps

    size = float(np.clip(20_000 / max(1, len(found.points)), 3, 30))
    present, counts = np.unique(labels, return_counts=True)
    frequent = set(present[np.argsort(-counts)][:_MOST_NAMED].tolist())
    colors = colormaps["tab20" if len(frequent) > 10 else "tab10"]  # noqa: PLR2004
    for number, label in enumerate(present.tolist()):
        mine = labels == label
        named = label >= 0 and label in frequent
        axes.scatter(
            found.points[mine, 0],
            found.points[mine, 1],
            s=size,
            color=colors(number % colors.N) if label >= 0 else _UNLABELED,
            label=plain(names[label]) if named else None,
            linewidths=0,
        )
    if len(present) > 1:
        axes.legend(fontsize=8, markerscale=max(1.0, 5 / size**0.5), loc="best")
    figures = ", ".join(f"{name} {value:.3g}" for name, value in found.figures.items())
    words = f"{TITLES[found.method]}, {found.layer}, {len(found.points)} images"
    axes.set_title(plain(f"{words}\n{figures}"), fontsize=10)
    axes.set_aspect("equal", "datalim")
    if not found.loads.size:
        axes.set_xticks([])
        axes.set_yticks([])


def _mark(axes: "Axes", placed: Sequence[PlacedImage]) -> None:
    """Mark new images by rings and their names."""
    for each in placed:
        x, y = each.point.tolist()
        axes.scatter(x, y, s=140, facecolors="none", edgecolors="black", linewidths=1.8)
        axes.annotate(
            plain(each.name), (x, y), (9, 5), textcoords="offset points", fontsize=9
        )


def _scree(axes: "Axes", scree: NDArray[np.float64]) -> None:
    axes.bar(np.arange(1, len(scree) + 1), 100 * scree, color="#4c78a8")
    axes.set_xlabel("component")
    axes.set_ylabel("share, %")
    axes.set_title("Scree", fontsize=10)
