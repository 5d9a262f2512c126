"""The job that finds the nearest neighbors of an image in an index."""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from nnviz.base.dataset.neighbors import PIXELS, Neighbors
from nnviz.base.dataset.requests import FindNeighbors
from nnviz.base.errors import UsageError
from nnviz.base.events import Job, Progress
from nnviz.engine.dataset import approximate
from nnviz.engine.dataset.nearest import Nearest, find_nearest, vectors_of
from nnviz.engine.dataset.queries import cropped, query_features, record_of
from nnviz.engine.jobs.dataset.index_model import open_model
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.media.index import ImageIndex


@carries_out(FindNeighbors)
def neighbors(resources: Resources, request: FindNeighbors, check: Check) -> Job:
    """Find the nearest neighbors of an image; ends with ``Neighbors``."""
    index = ImageIndex(request.index)
    layer = PIXELS if request.layer == PIXELS else index.layer(request.layer).name
    record = _record(index, request)
    if record is None:
        query = yield from _new_query(
            resources, index, replace(request, layer=layer), check
        )
    else:
        row = np.array(vectors_of(index, layer)[record], np.float32)
        query = torch.from_numpy(row[None])
    found, recall = yield from _found(index, layer, query, request, check)
    kept = np.flatnonzero(found.records[0] != (-1 if record is None else record))
    kept = kept[: request.count]
    records = found.records[0][kept]
    names = [*index.class_names, ""]
    return Neighbors(
        records=records,
        distances=found.distances[0][kept],
        paths=tuple(index.paths[int(each)] for each in records),
        labels=tuple(names[index.columns["label"][each]] for each in records),
        layer=layer,
        metric=request.metric,
        query=_named(index, request, record),
        exact=recall is None,
        recall=1.0 if recall is None else recall,
    )


def _found(
    index: ImageIndex, layer: str, query: Tensor, request: FindNeighbors, check: Check
) -> Generator[Progress, None, tuple[Nearest, float | None]]:
    """Return the nearest records, one more than asked for, and the search's recall.

    That is None where every record was compared.
    """
    count, metric = request.count + 1, request.metric
    quick = len(index) > approximate.FROM and not request.exact
    if quick and approximate.is_installed():
        searcher = yield from approximate.open_searcher(index, layer, metric, check)
        yield Progress(0, 0, "comparing")
        return searcher.find(query, count, check), searcher.recall
    yield Progress(0, 0, "comparing")
    return find_nearest(query, vectors_of(index, layer), count, metric, check), None


def _record(index: ImageIndex, request: FindNeighbors) -> int | None:
    """Return the number of the query where the index holds it whole.

    Raises:
        UsageError: no such record, or nothing asked about.
    """
    if request.image is None:
        if not 0 <= request.record < len(index):
            raise UsageError(
                str(request.record), f"no such record of {len(index)}", "count from 0"
            )
        return request.record
    return None if request.box else record_of(index, request.image)


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


def _named(index: ImageIndex, request: FindNeighbors, record: int | None) -> str:
    if request.image is None:
        return index.paths[record or 0]
    return f"part of {request.image.name}" if request.box else request.image.name
