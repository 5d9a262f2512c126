"""Principal component analysis: directions of the largest variance."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.engine.dataset.projections.task import Projecting, Stage, Task, Vectors

_BLOCK = 1 << 14
_SHOWN = 20
"""Components in the scree plot."""
_FEWEST = 50
_KEPT = 0.95
"""Fraction of the variance that a reduction keeps."""


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Principal components of vectors.

    Attributes:
        mean: float64 (d,).
        axes: float64 (d, c), of length 1, the largest variance first; the largest load
            of each is positive.
        variances: float64 (d,), of all components; divided by n - 1, as in
            scikit-learn.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    variances: NDArray[np.float64]

    def project(self, vectors: Vectors) -> Vectors:
        """Return coordinates on the axes, float32 (n, c)."""
        axes = self.axes.astype(np.float32)
        mean = self.mean.astype(np.float32)
        return np.asarray((vectors - mean) @ axes, np.float32)


def principal_components(vectors: Vectors, count: int) -> Components:
    """Compute principal components by eigendecomposition of the covariance.

    Args:
        vectors: (n, d).
        count: of axes; at most d.
    """
    mean = vectors.mean(0, dtype=np.float64)
    width = vectors.shape[1]
    covariance = torch.zeros(width, width, dtype=torch.float64)
    for start in range(0, len(vectors), _BLOCK):
        part = torch.from_numpy(vectors[start : start + _BLOCK] - mean)
        covariance += part.T @ part
    covariance /= max(1, len(vectors) - 1)
    variances, axes = torch.linalg.eigh(covariance)
    found = axes.flip(1)[:, :count].numpy()
    largest = np.take_along_axis(found, np.abs(found).argmax(0)[None], 0)
    return Components(
        mean,
        found * np.where(largest < 0, -1, 1),
        variances.flip(0).clamp_min(0).numpy(),
    )


def reducing_components(vectors: Vectors) -> Components:
    """Return the components to reduce vectors to, for projections by their neighbors.

    50, as Kobak and Berens 2019 advise for t-SNE, or more where 50 hold less than 95 %
    of the variance: the neighbors in the plane are to be those of the vectors.
    """
    components = principal_components(vectors, vectors.shape[1])
    variances = components.variances
    held = variances.cumsum() / (variances.sum() or 1)
    count = max(_FEWEST, int(np.searchsorted(held, _KEPT)) + 1)
    return replace(components, axes=components.axes[:, :count])


def project(task: Task) -> Projecting:
    """Project onto the two directions of the largest variance."""
    task.check()
    components = principal_components(task.vectors, 2)
    total = components.variances.sum() or 1.0
    scree = components.variances / total
    stage = Stage(
        points=components.project(task.vectors),
        figures={"share of the variance": float(scree[:2].sum())},
        scree=scree[:_SHOWN],
        loads=components.axes.astype(np.float32),
        center=components.mean.astype(np.float32),
        placer=components.project,
    )
    yield stage
    return stage
