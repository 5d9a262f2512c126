"""Architecture signatures: bottom-k sketches that rank known ones by similarity.

Names and shapes of all weights of an architecture are hashed, and the smallest hashes
are kept (bottom-k sketch, Cohen & Kaplan 2007).  The fraction of a sketch found in a
file is an estimate of the fraction of the architecture's weights in it, so all known
architectures are ranked in milliseconds, without building one.  Weights whose shape
depends on the number of classes are left out.  ``packaging/architectures.py`` writes
the sketches.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nnviz.base.shipped.resources import resource

Shapes = Mapping[str, tuple[int, ...]]
Sketch = NDArray[np.uint32]

CLASSES = 1013
"""A prime: a size that can only result from the number of classes."""
SKETCH_SIZE = 64
BOOKKEEPING = ("num_batches_tracked", "total_ops", "total_params")
"""Last name parts of entries that no forward pass uses."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Estimated similarity of weights to an architecture.

    Attributes:
        architecture: name with its library, "timm:vit_small_patch16_224".
        share: fraction of its weights found, by name and shape, 0-1; an estimate.
        surplus: difference between the numbers of weights in the file and the
            architecture.
        prefix: of their names in the file.
        count: number of weights of the architecture.
    """

    architecture: str
    share: float
    surplus: int = 0
    prefix: str = ""
    count: int = 0

    @property
    def explained(self) -> float:
        """Number of weights in the file that are the architecture's; an estimate."""
        return self.share * self.count


def hash_weight(name: str, shape: tuple[int, ...]) -> int:
    """Return a 32-bit hash of a weight's name and shape."""
    return crc32(f"{name}:{shape}".encode())


def sketch(shapes: Shapes) -> Sketch:
    """Return the sorted smallest hashes of an architecture with ``CLASSES`` outputs.

    Args:
        shapes: of its state dict.
    """
    hashes = {
        hash_weight(name, shape)
        for name, shape in shapes.items()
        if not depends_on_classes(shape) and not name.endswith(BOOKKEEPING)
    }
    return np.array(sorted(hashes)[:SKETCH_SIZE], np.uint32)


def count_weights(names: Iterable[str]) -> int:
    """Count the names that are weights of a forward pass."""
    return sum(not name.endswith(BOOKKEEPING) for name in names)


def depends_on_classes(shape: tuple[int, ...]) -> bool:
    """Tell whether a weight's first size depends on the number of classes."""
    return bool(shape) and shape[0] > 0 and shape[0] % CLASSES == 0


def rank(shapes: Shapes, count: int) -> list[Resemblance]:
    """Rank the architectures most similar to weights, best first.

    Args:
        shapes: of a file's weights, by name.
        count: number of architectures to return.
    """
    index = _index()
    best: dict[int, Resemblance] = {}
    for prefix in prefixes(shapes):
        names = {
            name.removeprefix(prefix): shape
            for name, shape in shapes.items()
            if name.startswith(prefix)
        }
        hashes = [hash_weight(name, shape) for name, shape in names.items()]
        found = np.array(hashes, np.uint32)
        hits = np.isin(index.hashes, found)
        shares = np.add.reduceat(hits, index.starts) / index.sizes
        for place in np.argsort(-shares, kind="stable")[:count]:
            share = float(shares[place])
            known = best.get(int(place))
            if share and (known is None or share > known.share):
                weights = int(index.counts[place])
                surplus = count_weights(names) - weights
                found_here = Resemblance(
                    index.names[place], share, surplus, prefix, weights
                )
                best[int(place)] = found_here
    return sorted(best.values(), key=lambda each: -each.share)[:count]


def prefixes(names: Iterable[str]) -> Iterator[str]:
    """Yield the possible prefixes of a network's weights: "", "module."."""
    counts: dict[str, int] = {"": 0}
    for name in names:
        parts = name.split(".")
        for depth in range(len(parts)):
            prefix = "".join(f"{part}." for part in parts[:depth])
            counts[prefix] = counts.get(prefix, 0) + 1
            if depth >= _DEEPEST:
                break
    fewest = counts[""] * _LEAST_SHARE
    return (prefix for prefix, count in counts.items() if count >= fewest)


_DEEPEST = 4
_LEAST_SHARE = 0.05
"""Minimum fraction of a file's weights that belongs to the network."""


@dataclass(frozen=True, slots=True)
class _Index:
    names: tuple[str, ...]
    hashes: Sketch
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    counts: NDArray[np.int64]


@cache
def _index() -> _Index:
    with np.load(resource("architectures.npz"), allow_pickle=False) as file:
        sizes = file["sizes"].astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        names = tuple(map(str, file["names"]))
        counts = file["counts"].astype(np.int64)
        return _Index(names, file["hashes"], starts, sizes, counts)
