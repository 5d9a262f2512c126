"""UMAP by umap-learn (McInnes et al. 2018, arXiv:1802.03426), where it is installed."""

import importlib
from dataclasses import replace

import numpy as np

from nnviz.base.errors import InputError
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.dataset.projections.pca import reducing_components
from nnviz.engine.dataset.projections.task import Projecting, Stage, Task, Vectors


def project(task: Task) -> Projecting:
    """Project by UMAP; the plane of the principal components is yielded first.

    Raises:
        InputError: umap-learn is not installed.
    """
    try:
        library = importlib.import_module("umap")
    except ImportError:
        raise InputError(
            "UMAP",
            "umap-learn is not installed",
            f"{install_command('umap')}, or use t-SNE",
        ) from None
    components = reducing_components(task.vectors)
    reduced = components.project(task.vectors)
    yield Stage(points=reduced[:, :2], done=0, total=1)
    task.check()
    neighbors = min(task.neighbors, len(reduced) - 1)
    mapper = library.UMAP(n_neighbors=neighbors, random_state=task.seed, n_jobs=1)
    stage = Stage(
        points=np.asarray(mapper.fit_transform(reduced), np.float32),
        figures={"neighbors": float(neighbors)},
    )
    yield stage

    def place(vectors: Vectors) -> Vectors:
        return np.asarray(mapper.transform(components.project(vectors)), np.float32)

    return replace(stage, placer=place)
