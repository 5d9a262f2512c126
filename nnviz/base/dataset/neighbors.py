"""Nearest neighbors of an image in an index."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Metric = Literal["cosine", "l2"]
METRICS: tuple[Metric, ...] = ("cosine", "l2")
PIXELS = "pixels"
"""Stands in place of a layer's name: compare the thumbnails themselves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbors:
    """The records of an index that lie nearest to an image, the nearest first.

    Attributes:
        records: int64 (k,), numbers of the records.
        distances: float32 (k,): 1 - cosine, or the Euclidean distance.
        paths: of the images.
        labels: names of their classes, "" where not known.
        layer: layer whose features were compared, or ``PIXELS``.
        metric: of the distances, "cosine" or "l2".
        query: the query image or region, in words.
        exact: whether every record was compared.
        recall: share of the ten nearest that an approximate search finds, measured on
            records of the index; 1 for an exact search.
    """

    records: NDArray[np.int64]
    distances: NDArray[np.float32]
    paths: tuple[str, ...]
    labels: tuple[str, ...]
    layer: str
    metric: Metric
    query: str
    exact: bool = True
    recall: float = 1.0

    @property
    def how(self) -> str:
        """The search's accuracy in words, for users; "" for an exact search."""
        if self.exact:
            return ""
        return f"approximate: finds {100 * self.recall:.1f} % of the ten nearest"
