"""Projections: the images of a set as points of a plane."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.neighbors import Neighbors
from nnviz.base.kinds.planes import Plane, PlanePoints
from nnviz.base.results import Report

PROJECTIONS = ("pca", "lda", "tsne", "autoencoder", "umap")
TITLES = {
    "pca": "PCA",
    "lda": "LDA",
    "tsne": "t-SNE",
    "autoencoder": "Autoencoder",
    "umap": "UMAP",
}
"""Names of projections in lists and on plots."""
WARNINGS = {
    "pca": (
        "Two directions of many: the fraction of the variance below is all that is "
        "shown."
    ),
    "lda": (
        "Directions are chosen to keep the labels apart, so classes look better "
        "separated than they are; with many features and few images even noise does."
    ),
    "tsne": (
        "Only small distances mean something: sizes of clusters and gaps between them "
        "do not. Another perplexity or seed gives another map."
    ),
    "autoencoder": (
        "The code of two numbers is bent as it suits the decoder: distances are not "
        "comparable across the map, and another seed gives another map."
    ),
    "umap": (
        "Only neighborhoods mean something: sizes of clusters and gaps between them "
        "do not. Another number of neighbors gives another map."
    ),
}
"""Caveats for reading each projection."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """A two-dimensional projection of an index's records.

    Attributes:
        method: one of ``PROJECTIONS``.
        layer: layer whose features were projected, or "pixels".
        records: int64 (n,), numbers of the records.
        points: float32 (n, 2).
        warning: caveat for reading it.
        figures: figures that the method reports, by name: "perplexity", "KL
            divergence", "error".
        scree: share of the variance that each component holds, float64 (c,), of PCA and
            LDA; () else.
        loads: float32 (d, 2), each channel's loading on the two axes; (0, 2) where the
            projection is not linear.
        center: float32 (d,), mean that is subtracted first; () likewise.
        steps: iterations or epochs done.
    """

    method: str
    layer: str
    records: NDArray[np.int64]
    points: NDArray[np.float32]
    warning: str
    figures: dict[str, float] = field(default_factory=dict)
    scree: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    loads: NDArray[np.float32] = field(
        default_factory=lambda: np.empty((0, 2), np.float32)
    )
    center: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    steps: int = 0

    def place(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Project new features (m, d) with a linear projection, float32 (m, 2).

        Raises:
            ValueError: the projection is not linear.
        """
        if not self.loads.size:
            raise ValueError(f"{self.method} places no new images")
        placed = (np.asarray(features, np.float32) - self.center) @ self.loads
        return np.asarray(placed, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedImage:
    """An image outside the index, placed on the plane of a projection.

    Attributes:
        name: of the image.
        point: float32 (2,).
        neighbors: records of the index that lie nearest in the projected features.
        note: how the point was found, where that needs words.
    """

    name: str
    point: NDArray[np.float32]
    neighbors: Neighbors
    note: str = ""


PLACING = {
    "tsne": "placed among its neighbors by openTSNE's transform; the others stay",
    "umap": "placed among its neighbors by umap-learn's transform; the others stay",
    "autoencoder": "coded by the trained encoder",
}
"""How nonlinear methods place new images."""


def as_report(
    points: NDArray[np.floating], classes: NDArray[np.int64] | None, note: str
) -> Report:
    """Return points as a report with one plane, "map"."""
    places = np.array(points, np.float64)
    low, high = places.min(0), places.max(0)
    margin = 0.03 * np.maximum(high - low, 1e-9)
    low, high = low - margin, high + margin
    plane = Plane(
        x_range=(float(low[0]), float(high[0])),
        y_range=(float(low[1]), float(high[1])),
        x_label="first axis",
        y_label="second axis",
        points=(PlanePoints(places=places, classes=classes),),
    )
    return Report({"map": plane}, (note,))
