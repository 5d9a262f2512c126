"""t-SNE by openTSNE: van der Maaten and Hinton 2008, as Kobak and Berens 2019 advise.

Vectors are reduced to their ``reducing_components``; the initial map is the first two,
scaled to a standard deviation of 1e-4; learning rate n / 12.
"""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from nnviz.base.errors import InputError
from nnviz.engine.dataset.projections.pca import reducing_components
from nnviz.engine.dataset.projections.task import Projecting, Stage, Task, Vectors

_EXAGGERATED, _STEPS = 250, 500
_EXAGGERATION = 12.0
_EVERY = 25
_USUAL, _LEAST_RATIO = 30.0, 3.0
_EXACT = 5000
"""Number of points below which Barnes-Hut is faster than interpolation."""
_SPREAD = 1e-4


def project(task: Task) -> Projecting:
    """Project by gradient descent, yielding the map every 25 iterations.

    Raises:
        InputError: openTSNE is not installed, or there are too few points.
    """
    if len(task.vectors) < 4:  # noqa: PLR2004
        raise InputError("t-SNE", "needs four images or more", "index more images")
    components = reducing_components(task.vectors)
    reduced = components.project(task.vectors)
    first = reduced[:, :2]
    total = _EXAGGERATED + (task.steps or _STEPS)
    stage = Stage(points=first, done=0, total=total)
    yield stage
    embedding = _embedding(task, reduced, first)
    done = 0
    for steps, settings in _schedule(total - _EXAGGERATED):
        task.check()
        embedding = embedding.optimize(steps, **settings)
        done += steps
        stage = Stage(
            points=np.array(embedding, np.float32),
            done=done,
            total=total,
            figures={
                "perplexity": float(embedding.affinities.perplexity),
                "KL divergence": float(embedding.kl_divergence),
            },
        )
        yield stage

    # openTSNE's transform moves the fitted points to the middle of their box.
    middle = (stage.points.max(0) + stage.points.min(0)) / 2

    def place(vectors: Vectors) -> Vectors:
        placed = embedding.transform(components.project(vectors))
        return np.asarray(np.array(placed) + middle, np.float32)

    return replace(stage, placer=place)


def _schedule(steps: int) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield the number of iterations and their options, early exaggeration first."""
    for _ in range(_EXAGGERATED // _EVERY):
        yield _EVERY, {"exaggeration": _EXAGGERATION, "momentum": 0.5}
    for start in range(0, steps, _EVERY):
        yield min(_EVERY, steps - start), {"exaggeration": 1.0, "momentum": 0.8}


def _embedding(task: Task, reduced: Vectors, first: Vectors) -> Any:
    """Return openTSNE's embedding, initialized but not optimized."""
    try:
        library = importlib.import_module("openTSNE")
    except ImportError:
        raise InputError(
            "t-SNE", "openTSNE is not installed", "pip install openTSNE, or use pca"
        ) from None
    most = max(1.0, (len(reduced) - 1) / _LEAST_RATIO)
    affinities = library.affinity.PerplexityBasedNN(
        reduced,
        perplexity=min(task.perplexity or _USUAL, most),
        random_state=task.seed,
    )
    start = first / (np.std(first[:, 0]) or 1) * _SPREAD
    return library.TSNEEmbedding(
        start.astype(np.float64),
        affinities,
        negative_gradient_method="bh" if len(reduced) < _EXACT else "fft",
        random_state=task.seed,
        learning_rate="auto",
    )
