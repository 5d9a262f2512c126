"""Near duplicates and leaks between splits, by the thumbnails of an index.

Two stages: color layouts of 8 x 8 px are compared all with all, then what is alike by
whole thumbnails.  Mirrored and strongly cropped copies are not found.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nnviz.base.dataset.mistakes import Duplicate
from nnviz.engine.dataset.nearest import unit
from nnviz.media.index import ImageIndex

_SIDE = 8
_ALIKE, _SAME = 0.98, 0.96
"""Correlations of layouts, and of whole thumbnails, from which on images are alike."""
_LEAST_SPREAD = 2.0
"""Standard deviation, of 255, below which a thumbnail shows nothing to compare."""
_BLOCK = 1 << 12
MOST = 200_000
"""Records that are compared all with all."""
Check = Callable[[], None]


def find_duplicates(
    index: ImageIndex, count: int, check: Check = lambda: None
) -> tuple[Duplicate, ...]:
    """Return pairs of images that show the same: leaks first, then the most alike.

    Args:
        index: the index; of more than ``MOST`` records only equal files are found.
        count: most pairs.
        check: raises to stop.
    """
    pairs = dict.fromkeys(_equal_files(index), 1.0)
    if len(index) <= MOST:
        for pair in _like_layouts(index, check):
            if pair not in pairs:
                likeness = correlation(*index.thumbnails[list(pair)])
                if likeness >= _SAME:
                    pairs[pair] = likeness
    found = [_duplicate(index, pair, likeness) for pair, likeness in pairs.items()]
    found.sort(key=lambda each: (not each.leak, -each.likeness, each.first))
    return tuple(found[:count])


def correlation(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Return the correlation of two thumbnails' values, -1 to 1; 0 of a flat one."""
    one, other = (each.astype(np.float64).ravel() for each in (first, second))
    one, other = one - one.mean(), other - other.mean()
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0


def _equal_files(index: ImageIndex) -> Iterator[tuple[int, int]]:
    """Yield records of equal bytes: each with the first of its kind."""
    hashes = np.ascontiguousarray(index.sha256).view("V32")[:, 0]
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    for record, original in enumerate(first[inverse].tolist()):
        if original != record:
            yield original, record


def _like_layouts(index: ImageIndex, check: Check) -> Iterator[tuple[int, int]]:
    """Yield pairs of records whose color layouts are alike."""
    layouts, shown = _layouts(index)
    numbers = torch.from_numpy(np.flatnonzero(shown))
    layouts = layouts[numbers]
    for start in range(0, len(layouts), _BLOCK):
        check()
        rows = layouts[start : start + _BLOCK]
        likeness = rows @ layouts[start:].T
        found = (likeness >= _ALIKE).nonzero()
        found = found[found[:, 1] > found[:, 0]] + start
        yield from map(tuple, numbers[found].tolist())


def _layouts(index: ImageIndex) -> tuple[Tensor, NDArray[np.bool_]]:
    """Return color layouts of length 1 without their mean, and which show anything."""
    found, shown = [], []
    for start in range(0, len(index), _BLOCK):
        part = np.asarray(index.thumbnails[start : start + _BLOCK])
        pixels = torch.from_numpy(part.copy()).permute(0, 3, 1, 2).float()
        small = functional.adaptive_avg_pool2d(pixels, _SIDE).flatten(1)
        small = small - small.mean(1, keepdim=True)
        shown.append((small.std(1) >= _LEAST_SPREAD).numpy())
        found.append(unit(small))
    return torch.cat(found), np.concatenate(shown)


def _duplicate(index: ImageIndex, pair: tuple[int, int], likeness: float) -> Duplicate:
    first, second = pair
    columns = index.columns
    split, label = columns["split"], columns["label"]
    return Duplicate(
        first=first,
        second=second,
        paths=(index.paths[first], index.paths[second]),
        likeness=likeness,
        leak=bool(split[first] != split[second]),
        same_label=bool(label[first] == label[second]),
    )
