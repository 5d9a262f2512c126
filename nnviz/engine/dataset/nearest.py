"""Nearest neighbor search: exact, by matrix products over blocks of an index."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.dataset.neighbors import PIXELS, Metric
from nnviz.media.index import ImageIndex

_BLOCK = 1 << 13
"""Records that are compared in one block."""
Check = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The nearest records of several queries.

    Attributes:
        records: int64 (queries, k), the nearest first.
        distances: float32 (queries, k).
    """

    records: NDArray[np.int64]
    distances: NDArray[np.float32]


def vectors_of(index: ImageIndex, layer: str) -> NDArray[np.generic]:
    """Return the vectors that records are compared by, (n, d), memory-mapped.

    Args:
        index: the index.
        layer: name of a layer, "" for the deepest, or ``PIXELS`` for thumbnails.

    Raises:
        UsageError: the layer was not indexed.
    """
    if layer == PIXELS:
        return index.thumbnails.reshape(len(index), -1)
    return index.features(layer)


def blocks(vectors: NDArray[np.generic]) -> Iterator[tuple[int, Tensor]]:
    """Yield the offset of each block of vectors, and the block in float32."""
    for start in range(0, len(vectors), _BLOCK):
        part = np.array(vectors[start : start + _BLOCK], np.float32)
        yield start, torch.from_numpy(part)


def find_nearest(
    queries: Tensor,
    vectors: NDArray[np.generic],
    count: int,
    metric: Metric,
    check: Check = lambda: None,
) -> Nearest:
    """Return the exact nearest vectors of each query.

    Args:
        queries: float32 (q, d).
        vectors: (n, d) of any dtype.
        count: number of neighbors of each query; all where there are fewer.
        metric: "cosine" (1 - cosine; a zero vector is at 1 from all) or "l2".
        check: raises to stop.
    """
    count = min(count, len(vectors))
    best = torch.full((len(queries), 0), 0.0)
    records = torch.zeros((len(queries), 0), dtype=torch.int64)
    asked = unit(queries) if metric == "cosine" else queries
    for start, block in blocks(vectors):
        check()
        found = distances(asked, block, metric)
        best = torch.cat([best, found], 1)
        numbers = torch.arange(start, start + len(block)).expand(len(queries), -1)
        records = torch.cat([records, numbers], 1)
        # Stable: ties keep the order of the records.
        best, places = best.sort(dim=1, stable=True)
        best, records = best[:, :count], records.gather(1, places[:, :count])
    return Nearest(records.numpy(), best.numpy())


def distances(queries: Tensor, block: Tensor, metric: Metric) -> Tensor:
    """Return the distances between queries and a block of vectors, (q, b).

    Args:
        queries: of length 1 for the cosine.
        block: (b, d).
        metric: of the distances.
    """
    if metric == "cosine":
        return 1 - queries @ unit(block).T
    found: Tensor = torch.cdist(
        queries, block, compute_mode="donot_use_mm_for_euclid_dist"
    )
    return found


def unit(vectors: Tensor) -> Tensor:
    """Normalize vectors to unit length; zero vectors stay."""
    lengths = vectors.norm(dim=1, keepdim=True)
    found: Tensor = vectors / lengths.clamp_min(torch.finfo(vectors.dtype).tiny)
    return found
