"""The job that finds the nearest neighbors of an image in an index."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.dataset.neighbors import PIXELS, Neighbors
from nnviz.base.dataset.requests import CompareNeighbors, FindNeighbors
from nnviz.base.errors import UsageError
from nnviz.base.events import Job, Progress
from nnviz.base.images import Image
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.dataset import inverted_file
from nnviz.engine.dataset.approximate import open_searcher
from nnviz.engine.dataset.exemplars.patches import set_of
from nnviz.engine.dataset.nearest import Nearest, find_nearest, vectors_of
from nnviz.engine.dataset.queries import cropped, query_features, record_of
from nnviz.engine.jobs.dataset.index_model import open_model
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.media.index import ImageIndex


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """The query: features of an image or a record, or its pixels.

    Attributes:
        vector: float32 (1, d), computed like those of the index.
        layer: of the features, or ``PIXELS``.
        name: for people.
        record: its own index if the index holds the whole image; else -1.
    """

    vector: Tensor
    layer: str
    name: str
    record: int = -1


@carries_out(FindNeighbors)
def neighbors(resources: Resources, request: FindNeighbors, check: Check) -> Job:
    """Find the nearest neighbors of an image; ends with ``Neighbors``."""
    return (yield from _answered(resources, request, check))


def _answered(
    resources: Resources, request: FindNeighbors, check: Check
) -> Generator[Progress, None, Neighbors]:
    index = ImageIndex(request.index)
    query = yield from query_of(resources, index, request, check)
    return (yield from find_neighbors(index, query, request, check))


@carries_out(CompareNeighbors)
def compare_neighbors(
    resources: Resources, request: CompareNeighbors, check: Check
) -> Job:
    """Find an image's neighbors in several indexes and layers, compared by record."""
    question = request.question
    index = ImageIndex(question.index)
    found = [(yield from _answered(resources, question, check))]
    for folder, layer in request.views:
        asked = replace(question, index=folder, layer=layer)
        if Path(folder) == index.folder:
            found.append((yield from _answered(resources, asked, check)))
            continue
        other = ImageIndex(folder)
        own = _same_images(index, [question.record], other)
        if question.image is None and own[0] < 0:
            asked = replace(asked, image=_image(index, question))
        else:
            asked = replace(asked, record=int(own[0]))
        there = yield from _answered(resources, asked, check)
        found.append(_in_terms_of(index, there, other))
    return tuple(found)


def _same_images(
    index: ImageIndex, records: Sequence[int], other: ImageIndex
) -> NDArray[np.int64]:
    """Return the records of the same files in another index; -1 for missing ones."""
    hashes = np.ascontiguousarray(other.sha256).view("V32")[:, 0]
    found = []
    for record in records:
        wanted = np.ascontiguousarray(index.sha256[record]).view("V32")
        places = np.flatnonzero(hashes == wanted)
        found.append(int(places[0]) if len(places) else -1)
    return np.array(found, np.int64)


def _in_terms_of(index: ImageIndex, found: Neighbors, other: ImageIndex) -> Neighbors:
    """Translate neighbors from another index to the records of this one."""
    mine = _same_images(other, found.records.tolist(), index)
    kept = np.flatnonzero(mine >= 0)
    return replace(
        found,
        records=mine[kept],
        distances=found.distances[kept],
        paths=tuple(found.paths[k] for k in kept),
        labels=tuple(found.labels[k] for k in kept),
    )


def query_of(
    resources: Resources, index: ImageIndex, request: FindNeighbors, check: Check
) -> Generator[Progress, None, Query]:
    """Return the query of a request: its vector, and its record if it is indexed.

    Raises:
        UsageError: no such record or layer, or a box without image.
    """
    layer = PIXELS if request.layer == PIXELS else index.layer(request.layer).name
    record, name = _record(index, request), _named(index, request)
    if record is None:
        asked = replace(request, layer=layer, image=_image(index, request))
        vector = yield from _new_query(resources, index, asked, check)
        return Query(vector, layer, name)
    row = np.array(vectors_of(index, layer)[record], np.float32)
    return Query(torch.from_numpy(row[None]), layer, name, record)


def find_neighbors(
    index: ImageIndex, query: Query, request: FindNeighbors, check: Check
) -> Generator[Progress, None, Neighbors]:
    """Return the records nearest to a query, without the query itself."""
    found, recall = yield from _found(index, query.layer, query.vector, request, check)
    kept = np.flatnonzero(found.records[0] != query.record)
    kept = kept[: request.count]
    records = found.records[0][kept]
    names = [*index.class_names, ""]
    return Neighbors(
        records=records,
        distances=found.distances[0][kept],
        paths=tuple(index.paths[int(each)] for each in records),
        labels=tuple(names[index.columns["label"][each]] for each in records),
        layer=query.layer,
        metric=request.metric,
        query=query.name,
        exact=recall is None,
        recall=1.0 if recall is None else recall,
    )


def _found(
    index: ImageIndex, layer: str, query: Tensor, request: FindNeighbors, check: Check
) -> Generator[Progress, None, tuple[Nearest, float | None]]:
    """Return one record more than requested, and the recall of the search.

    The recall is None where every record was compared.
    """
    count, metric = request.count + 1, request.metric
    quick = len(index) > inverted_file.FROM and not request.exact
    if quick and inverted_file.is_installed():
        searcher = yield from open_searcher(index, layer, metric, check)
        yield Progress(0, 0, "comparing")
        return searcher.find(query, count, check), searcher.recall
    faster = f" one by one; faster after {install_command('neighbors')}"
    yield Progress(0, 0, f"comparing{faster if quick else ''}")
    return find_nearest(query, vectors_of(index, layer), count, metric, check), None


def _record(index: ImageIndex, request: FindNeighbors) -> int | None:
    """Return the record of the query if the index holds the whole image, else None.

    Raises:
        UsageError: no such record, or an empty query.
    """
    if request.image is None:
        if not 0 <= request.record < len(index):
            raise UsageError(
                str(request.record), f"no such record of {len(index)}", "count from 0"
            )
        return None if request.box else request.record
    return None if request.box else record_of(index, request.image)


def _image(index: ImageIndex, request: FindNeighbors) -> Image:
    """Return the query image, reopened from its file if it is a record.

    Raises:
        InputError: its file no longer exists.
    """
    if request.image is not None:
        return request.image
    return set_of(index, np.array([request.record])).open(0).image


def _new_query(
    resources: Resources, index: ImageIndex, request: FindNeighbors, check: Check
) -> Generator[Progress, None, Tensor]:
    image = request.image
    if image is None:
        raise TypeError("a query without an image")
    if request.box:
        image = cropped(image, request.box)
    if request.layer == PIXELS:
        return query_features(index, None, image, PIXELS, check)
    model = yield from open_model(resources, index, check)
    with resources.store.lease(model):
        return query_features(index, model, image, request.layer, check)


def _named(index: ImageIndex, request: FindNeighbors) -> str:
    name = index.paths[request.record] if request.image is None else request.image.name
    return f"part of {name}" if request.box else name
