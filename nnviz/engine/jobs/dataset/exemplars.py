"""The job that finds each channel's most activating images."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.dataset.requests import FindExemplars
from nnviz.base.errors import UsageError
from nnviz.base.events import Job, Progress
from nnviz.engine.dataset.exemplars.gradient_support import field_boxes, support_spans
from nnviz.engine.dataset.exemplars.patches import (
    SIDE,
    cut_patches,
    maps_shape,
    patch_tasks,
)
from nnviz.engine.dataset.exemplars.top_images import (
    answering,
    most_alike,
    top_images,
)
from nnviz.engine.jobs.cluster import sharing, worker_of
from nnviz.engine.jobs.dataset.index_model import open_model, request_of
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.media.index import ImageIndex
from nnviz.media.index.reader import SUMS

_ALIKE = 3
_NOTE = (
    "a channel is active on an image where it is above 0 somewhere; without a ReLU "
    "before it, a negative value is not silence"
)


@carries_out(FindExemplars)
def exemplars(resources: Resources, request: FindExemplars, check: Check) -> Job:
    """Find the most activating images of each channel; ends with ``Exemplars``."""
    index = ImageIndex(request.index)
    yield Progress(0, 0, "strongest images")
    found = strongest(index, request, check)
    if not request.patches:
        return found
    model = yield from open_model(resources, index, check)
    with resources.store.lease(model):
        yield Progress(0, 0, "receptive fields")
        spans = support_spans(model, found.layer, check)
        found = replace(found, boxes=field_boxes(spans, found.places))
        shape = (*found.records.shape, SIDE, SIDE, 3)
        patches = np.zeros(shape, np.uint8).reshape(-1, SIDE, SIDE, 3)
        size = maps_shape(model, found.layer)
        maps = np.zeros((found.records.size, *size), np.float32)
        done, total = 0, found.records.size
        worker = worker_of(resources, model, check)
        share = sharing(worker, request_of(index), request)
        for seen in share(cut_patches, patch_tasks(index, found)):
            for each in seen:
                patches[each.place], maps[each.place] = each.patch, each.map
            done += len(seen)
            yield Progress(done, total, f"patch {done} of {total}")
    return replace(
        found,
        patches=patches.reshape(shape),
        maps=maps.reshape(*found.records.shape, *size),
    )


def strongest(index: ImageIndex, request: FindExemplars, check: Check) -> Exemplars:
    """Return exemplars as far as the index alone holds them.

    Raises:
        UsageError: no such layer or channel.
    """
    layer = index.layer(request.layer)
    maxima = index.maxima(layer.name)
    channels = _channels(request, layer.channels)
    means = index.features(layer.name)
    if not request.count:
        raise UsageError("count", "is 0", "give 1 or more")
    records = top_images(maxima, means, request.count, check)[channels]
    flat = _picked(index.places(layer.name), records, channels).astype(np.int64)
    rows, columns = np.divmod(flat, layer.map_size[1])
    alike, correlations = most_alike(index, layer.name, channels, _ALIKE)
    sums = SUMS + layer.name in index.facts.arrays
    occurring = np.unique(records)
    size = index.facts.preprocess["input_size"]
    return Exemplars(
        layer=layer.name,
        model=index.facts.model,
        images=len(index),
        channels=channels,
        records=records,
        values=_picked(maxima, records, channels).astype(np.float32),
        places=np.stack([rows, columns], axis=-1),
        boxes=np.empty((0, 0, 4), np.float32),
        patches=np.empty((0, 0, 0, 0, 3), np.uint8),
        maps=np.empty((0, 0, 0, 0), np.float32),
        answering=answering(maxima)[channels],
        mean_maps=(
            index.mean_maps(layer.name)[channels]
            if sums
            else np.empty((0, 0, 0), np.float32)
        ),
        alike=alike,
        correlations=correlations,
        paths={int(each): index.paths[int(each)] for each in occurring},
        input_size=(int(size[0]), int(size[1])),
        notes=(_NOTE,),
    )


def _channels(request: FindExemplars, count: int) -> NDArray[np.int64]:
    for channel in request.channels:
        if not 0 <= channel < count:
            raise UsageError(
                "--channels", f"{channel} is none of {count} channels", "count from 0"
            )
    return np.array(request.channels or range(count), np.int64)


def _picked(
    values: NDArray[np.generic], records: NDArray[np.int64], channels: NDArray[np.int64]
) -> NDArray[np.generic]:
    """Gather values[record, channel], (C, k), reading few rows at a time."""
    found = [
        values[row, channel] for row, channel in zip(records, channels, strict=True)
    ]
    return np.stack(found)
