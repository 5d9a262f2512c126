"""Approximate nearest neighbors: an inverted file (IVF) next to the index, by faiss.

A query searches the nearest groups of vectors, and the candidates are compared with the
vectors of the index, so distances are exact and only the selection of records is
approximate.  The fraction of true neighbors found (recall) is measured when the file is
built.
"""

import hashlib
import json
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.dataset.neighbors import PIXELS, Metric
from nnviz.base.errors import InputError
from nnviz.base.events import Progress
from nnviz.base.host.reading import parse_object
from nnviz.engine.dataset.inverted_file import (
    Vectors,
    build_lists,
    library,
    sample_places,
)
from nnviz.engine.dataset.nearest import (
    Nearest,
    blocks,
    find_nearest,
    unit,
    vectors_of,
)
from nnviz.media.files import part_of, read_text, write_text
from nnviz.media.index import ImageIndex

_FOLDER = "neighbors"
_PROBED = 32
"""Groups that a query searches."""
_CANDIDATES = 4
"""Candidates that are compared exactly, as a multiple of the requested neighbors."""
_JUDGED, _OF_TEN = 100, 10
"""Number of queries that recall is measured on, and of neighbors of each."""
_PIXEL_SIDE = 8
"""Side to which thumbnails are averaged before they are grouped, px."""
_LARGEST_FACTS = 1 << 16
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class SearchFacts:
    """Facts of a search file.

    Attributes:
        identity: hash of the data it was built from.
        recall: fraction of the ten nearest that it finds, 0 to 1.
    """

    identity: str
    recall: float


@dataclass(frozen=True, slots=True, eq=False)
class Searcher:
    """A search file, opened.

    Attributes:
        index: the image index.
        layer: name, or ``PIXELS``.
        metric: of the distances.
        lists: faiss's index.
        recall: fraction of the ten nearest that it finds.
    """

    index: ImageIndex
    layer: str
    metric: Metric
    lists: Any
    recall: float

    def find(self, queries: Tensor, count: int, check: Check) -> Nearest:
        """Return approximately nearest records of each query, with exact distances.

        Args:
            queries: float32 (q, d), as returned by ``vectors_of``.
            count: number of neighbors of each query.
            check: raises to stop.
        """
        count = min(count, len(self.index))
        asked = self._reduced(queries)
        _, found = self.lists.search(asked, min(_CANDIDATES * count, len(self.index)))
        vectors = vectors_of(self.index, self.layer)
        records, distances = [], []
        for query, candidates in zip(queries, found, strict=True):
            check()
            kept = np.sort(candidates[candidates >= 0])
            best = find_nearest(query[None], vectors[kept], count, self.metric)
            records.append(kept[best.records[0]])
            distances.append(best.distances[0])
        return Nearest(np.stack(records), np.stack(distances))

    def _reduced(self, queries: Tensor) -> Vectors:
        return reduced(queries, self.index, self.layer, self.metric).numpy()


def open_searcher(
    index: ImageIndex, layer: str, metric: Metric, check: Check
) -> Generator[Progress, None, Searcher]:
    """Open the search file of a layer, built first if missing or outdated.

    Args:
        index: the index, in whose folder the file is kept.
        layer: name, or ``PIXELS``.
        metric: of the distances.
        check: raises to stop.

    Raises:
        InputError: the folder cannot be written to.
    """
    name = f"{quote(layer, safe='')}.{metric}"
    path = index.folder / _FOLDER / f"{name}.faiss"
    facts_path = path.with_suffix(".json")
    identity = _identity(index, layer, metric)
    facts = _read_facts(facts_path)
    if facts is None or facts.identity != identity or not path.is_file():
        lists = yield from _build(index, layer, metric, check)
        searcher = Searcher(index, layer, metric, lists, 0.0)
        yield Progress(0, 0, "measuring how many neighbors are found")
        facts = SearchFacts(identity, _recall(searcher, check))
        with part_of(path) as part:
            part.write_bytes(memoryview(library().serialize_index(lists)))
        write_text(facts_path, json.dumps(asdict(facts)))
    faiss = library()
    lists = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
    lists.nprobe = _PROBED
    return Searcher(index, layer, metric, lists, facts.recall)


def reduced(vectors: Tensor, index: ImageIndex, layer: str, metric: Metric) -> Tensor:
    """Prepare vectors for grouping: unit length for the cosine.

    Thumbnails are averaged to 8 x 8 px first.
    """
    if layer == PIXELS:
        side = index.thumbnails.shape[1]
        pixels = vectors.reshape(-1, side, side, 3).permute(0, 3, 1, 2)
        small = functional.adaptive_avg_pool2d(pixels, min(side, _PIXEL_SIDE))
        vectors = small.flatten(1)
    return unit(vectors) if metric == "cosine" else vectors


def _build(
    index: ImageIndex, layer: str, metric: Metric, check: Check
) -> Generator[Progress, None, Any]:
    """Build faiss's inverted file over the vectors of all records."""
    vectors = vectors_of(index, layer)

    def grouped(part: Tensor) -> Vectors:
        return reduced(part, index, layer, metric).numpy()

    taken = np.array(vectors[sample_places(len(vectors))], np.float32)
    sample = grouped(torch.from_numpy(taken))
    all_blocks = (grouped(block) for _, block in blocks(vectors))
    lists = yield from build_lists(len(vectors), sample, all_blocks, metric, check)
    lists.nprobe = _PROBED
    return lists


def _recall(searcher: Searcher, check: Check) -> float:
    """Return the recall at 10 over evenly sampled queries."""
    vectors = vectors_of(searcher.index, searcher.layer)
    places = np.linspace(0, len(vectors) - 1, _JUDGED).astype(np.int64)
    queries = torch.from_numpy(np.array(vectors[places], np.float32))
    count = _OF_TEN + 1  # each finds itself too
    truth = find_nearest(queries, vectors, count, searcher.metric, check)
    found = searcher.find(queries, count, check)
    hits = [
        len((set(mine) & set(theirs)) - {own})
        for own, mine, theirs in zip(
            places.tolist(), found.records.tolist(), truth.records.tolist(), strict=True
        )
    ]
    return float(np.mean(hits)) / _OF_TEN


def _identity(index: ImageIndex, layer: str, metric: Metric) -> str:
    """Return a hash of the network, the images and the settings."""
    facts = index.facts
    words = [facts.model_sha256, layer, metric, facts.preprocess, len(index)]
    digest = hashlib.sha256(json.dumps(words).encode())
    digest.update(index.sha256.tobytes())
    return digest.hexdigest()


def _read_facts(path: Path) -> SearchFacts | None:
    """Read the facts of a search file; None if missing or damaged."""
    try:
        text = read_text(path, _LARGEST_FACTS, "a search file's facts")
        values = parse_object(text, str(path))
        return SearchFacts(str(values["identity"]), float(values["recall"]))
    except (InputError, KeyError, TypeError, ValueError):
        return None
