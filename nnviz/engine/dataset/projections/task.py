"""Input of a projection, and its intermediate results."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Check = Callable[[], None]
Placer = Callable[[Vectors], Vectors]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """Vectors, labels and settings of a projection.

    Attributes:
        vectors: float32 (n, d).
        labels: int64 (n,), -1 for none.
        seed: of random numbers.
        perplexity: of t-SNE; 0 to choose.
        neighbors: of UMAP.
        steps: iterations of t-SNE, or epochs of the autoencoder; 0 to choose.
        check: raises to stop.
    """

    vectors: Vectors
    labels: NDArray[np.int64]
    seed: int = 0
    perplexity: float = 0.0
    neighbors: int = 15
    steps: int = 0
    check: Check = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """An intermediate or final result of a projection.

    Attributes:
        points: float32 (n, 2).
        done: completed steps.
        total: total number of steps.
        figures: by name.
        scree: of linear methods.
        loads: likewise, (d, 2).
        center: likewise, (d,).
        placer: projects new vectors (m, d), float32 (m, 2); None for intermediate
            stages.
    """

    points: Vectors
    done: int = 1
    total: int = 1
    figures: Mapping[str, float] = field(default_factory=dict)
    scree: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    loads: Vectors = field(default_factory=lambda: np.empty((0, 2), np.float32))
    center: Vectors = field(default_factory=lambda: np.empty(0, np.float32))
    placer: Placer | None = None


Projecting = Generator[Stage, None, Stage]
