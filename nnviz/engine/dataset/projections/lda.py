"""Linear discriminant analysis (LDA; Fisher, Rao)."""

import numpy as np

from nnviz.base.errors import InputError
from nnviz.engine.dataset.projections.task import Projecting, Stage, Task, Vectors

_FEWEST = 3
_TOLERANCE = 1e-4
"""Of standard deviations within classes, as in scikit-learn's "svd" solver."""


def project(task: Task) -> Projecting:
    """Project onto the two directions of the largest between/within variance ratio.

    Axes are scaled so that the variance within classes is 1.

    Raises:
        InputError: fewer than three classes with labels.
    """
    labeled = np.flatnonzero(task.labels >= 0)
    classes, group = np.unique(task.labels[labeled], return_inverse=True)
    if len(classes) < _FEWEST:
        raise InputError(
            "LDA", f"needs three classes or more, there are {len(classes)}", "use pca"
        )
    task.check()
    vectors = task.vectors[labeled].astype(np.float64)
    loads, scree, center = _discriminants(vectors, group, len(classes))

    def place(vectors: Vectors) -> Vectors:
        moved = vectors - center.astype(np.float32)
        return np.asarray(moved @ loads.astype(np.float32), np.float32)

    stage = Stage(
        points=place(task.vectors),
        figures={"share between classes": float(scree[:2].sum())},
        scree=scree[: len(classes) - 1],
        loads=loads.astype(np.float32),
        center=center.astype(np.float32),
        placer=place,
    )
    yield stage
    return stage


def _discriminants(
    vectors: np.ndarray, group: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the loads of two axes (d, 2), all variance shares, and the center (d,)."""
    counts = np.bincount(group)
    means = np.zeros((classes, vectors.shape[1]))
    np.add.at(means, group, vectors)
    means /= counts[:, None]
    center = counts / len(vectors) @ means
    whitener = _whitener(vectors - means[group], len(vectors) - classes)
    between = np.sqrt(counts / max(1, classes - 1))[:, None] * (means - center)
    _, strengths, axes = np.linalg.svd(between @ whitener, full_matrices=False)
    loads = whitener @ axes[:2].T
    largest = np.take_along_axis(loads, np.abs(loads).argmax(0)[None], 0)
    scree = strengths**2 / np.sum(strengths**2)
    return loads * np.where(largest < 0, -1, 1), scree, center


def _whitener(within: np.ndarray, freedom: int) -> np.ndarray:
    """Return the matrix that whitens the within-class scatter, (d, r)."""
    spread = within.std(0)
    scale = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 0)
    standard = within * scale / np.sqrt(max(1, freedom))
    _, values, axes = np.linalg.svd(standard, full_matrices=False)
    rank = int((values > _TOLERANCE).sum())
    return np.asarray((scale[:, None] * axes[:rank].T) / values[:rank])
