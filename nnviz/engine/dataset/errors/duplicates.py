"""Near duplicates and leaks between splits, by the thumbnails of an index.

Two stages: color layouts of 8 x 8 px are compared, all pairs or, for large sets, those
within nearby groups; then whole thumbnails of the similar ones.  Mirrored and strongly
cropped copies are not found.
"""

from collections.abc import Callable, Generator, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nnviz.base.dataset.mistakes import Duplicate
from nnviz.base.events import Progress
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.dataset import inverted_file
from nnviz.engine.dataset.nearest import unit
from nnviz.media.index import ImageIndex

_SIDE = 8
_ALIKE, _SAME = 0.98, 0.96
"""Minimum correlations of similar layouts, and of similar whole thumbnails."""
_LEAST_SPREAD = 2.0
"""Standard deviation, of 255, below which a thumbnail is too uniform to compare."""
_BLOCK = 1 << 12
_FOR_EACH = 16
"""Maximum number of records that one is compared with by whole thumbnails."""
_PROBED = 8
"""Number of groups in which similar images are searched."""
_DOING = "images that show the same"
Check = Callable[[], None]
Pairs = Generator[Progress, None, NDArray[np.int64]]
Finding = Generator[Progress, None, tuple[tuple[Duplicate, ...], str]]


def find_duplicates(
    index: ImageIndex, count: int, check: Check = lambda: None
) -> Finding:
    """Return pairs of near duplicates, and a note on what the search may miss.

    Leaks come first, then the most similar pairs.

    Args:
        index: the index; of a large one without faiss only identical files are found.
        count: maximum number of pairs.
        check: raises to stop.
    """
    pairs = dict.fromkeys(_equal_files(index), 1.0)
    many, quick = len(index) > inverted_file.FROM, inverted_file.is_installed()
    if quick or not many:
        shown, layouts = yield from _layouts(index, check)
        large = len(layouts) > inverted_file.FROM
        alike = _in_groups if large else _all_with_all
        for first, second in shown[(yield from alike(layouts, check))].tolist():
            if (first, second) not in pairs:
                likeness = correlation(*index.thumbnails[[first, second]])
                if likeness >= _SAME:
                    pairs[first, second] = likeness
    found = [_duplicate(index, pair, likeness) for pair, likeness in pairs.items()]
    found.sort(key=lambda each: (not each.leak, -each.likeness, each.first))
    return tuple(found[:count]), _note(many=many, quick=quick)


def _note(*, many: bool, quick: bool) -> str:
    """Return a note on what the duplicate search misses."""
    above = f"above {inverted_file.FROM:,} images "
    if not many:
        return ""
    if quick:
        return (
            f"{above}near duplicates are searched for in groups, and a few are missed"
        )
    return (
        f"{above}only files of equal bytes are found; {install_command('neighbors')} "
        "to find images that are nearly the same"
    )


def correlation(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Return Pearson's correlation of two thumbnails, -1 to 1; 0 if one is flat."""
    one, other = (each.astype(np.float64).ravel() for each in (first, second))
    one, other = one - one.mean(), other - other.mean()
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0


def _equal_files(index: ImageIndex) -> Iterator[tuple[int, int]]:
    """Yield pairs of byte-identical files: the first of its kind, and a later one."""
    hashes = np.ascontiguousarray(index.sha256).view("V32")[:, 0]
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    for record, original in enumerate(first[inverse].tolist()):
        if original != record:
            yield original, record


def _all_with_all(layouts: Tensor, check: Check) -> Pairs:
    """Return similar pairs (k, 2), smaller first, by exhaustive comparison."""
    found = [np.zeros((0, 2), np.int64)]
    layouts = layouts.float()
    for start in range(0, len(layouts), _BLOCK):
        check()
        yield Progress(start, len(layouts), _DOING)
        rows = layouts[start : start + _BLOCK]
        alike = (rows @ layouts[start:].T >= _ALIKE).triu(1)
        pairs = _first_of_each(alike).nonzero() + start
        found.append(pairs.numpy())
    return np.concatenate(found)


def _first_of_each(alike: Tensor) -> Tensor:
    """Keep at most ``_FOR_EACH`` true flags in each row."""
    if int(alike.sum(1).max()) <= _FOR_EACH:
        return alike
    return alike & (alike.cumsum(1, dtype=torch.int32) <= _FOR_EACH)


def _in_groups(layouts: Tensor, check: Check) -> Pairs:
    """Return similar pairs (k, 2), smaller first, found by faiss in groups."""
    total = len(layouts)
    sample = layouts[torch.from_numpy(inverted_file.sample_places(total))]
    blocks = (
        layouts[start : start + _BLOCK].float().numpy()
        for start in range(0, total, _BLOCK)
    )
    lists = yield from inverted_file.build_lists(
        total, sample.float().numpy(), blocks, "cosine", check
    )
    lists.nprobe = _PROBED
    found = [np.zeros((0, 2), np.int64)]
    for start in range(0, total, _BLOCK):
        check()
        yield Progress(start, total, _DOING)
        rows = layouts[start : start + _BLOCK].float()
        _, near = lists.search(rows.numpy(), min(_FOR_EACH + 1, total))
        own = np.arange(start, start + len(rows))[:, None]
        places, columns = np.nonzero((near >= 0) & (near != own))
        other = near[places, columns]
        likeness = (rows[places] * layouts[other].float()).sum(1).numpy()
        pairs = np.stack([start + places, other], 1)[likeness >= _ALIKE]
        found.append(np.sort(pairs, axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _layouts(
    index: ImageIndex, check: Check
) -> Generator[Progress, None, tuple[NDArray[np.int64], Tensor]]:
    """Return the records that are not uniform, and their color layouts.

    These are float16 (k, 192), of length 1 and without their mean.
    """
    shown = [np.zeros(0, np.int64)]
    found = [torch.zeros(0, 3 * _SIDE**2, dtype=torch.float16)]
    for start in range(0, len(index), _BLOCK):
        check()
        yield Progress(start, len(index), _DOING)
        part = np.asarray(index.thumbnails[start : start + _BLOCK])
        pixels = torch.from_numpy(part.copy()).permute(0, 3, 1, 2).float()
        small = functional.adaptive_avg_pool2d(pixels, _SIDE).flatten(1)
        small = small - small.mean(1, keepdim=True)
        visible = small.std(1) >= _LEAST_SPREAD
        shown.append(start + visible.nonzero()[:, 0].numpy())
        found.append(unit(small[visible]).half())
    return np.concatenate(shown), torch.cat(found)


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
