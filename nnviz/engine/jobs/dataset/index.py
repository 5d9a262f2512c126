"""The job that indexes a set of images."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nnviz.base.dataset.requests import IndexImages
from nnviz.base.events import Job
from nnviz.engine.dataset.chunk import (
    ChunkPasses,
    ChunkRows,
    Settings,
    chunk_spans,
    largest_chunk,
)
from nnviz.engine.dataset.indexing import index_images
from nnviz.engine.dataset.sources import ImageSet
from nnviz.engine.jobs.cluster import sharing, worker_of
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.sharing import Worker

Task = tuple[ImageSet, Settings]


@carries_out(IndexImages)
def index(resources: Resources, request: IndexImages, check: Check) -> Job:
    """Index a set of images; ends with an ``IndexSummary``."""
    model = yield from resources.store.open(request.model, check)
    most = largest_chunk(model)
    share = sharing(worker_of(resources, model, check), request.model, request)

    def here(images: ImageSet, settings: Settings, done: int) -> Iterator[ChunkRows]:
        spans = chunk_spans(len(images), done, most)
        return ChunkPasses(model, settings, check).over(images, spans)

    def there(images: ImageSet, settings: Settings, done: int) -> Iterator[ChunkRows]:
        spans = list(chunk_spans(len(images), done, most))
        tasks: Iterable[Task] = ((images.part(part), settings) for part in spans)
        for part, rows in zip(spans, share(compute_chunk, tasks), strict=True):
            yield replace(rows, places=[part[place] for place in rows.places])

    run = there if request.cluster else here
    with resources.store.lease(model):
        return (yield from index_images(model, request, check, run))


def compute_chunk(worker: Worker, task: Task) -> ChunkRows:
    """Return the rows of one chunk, their places relative to the chunk."""
    images, settings = task
    passes = ChunkPasses(worker.model, settings, worker.check)
    (rows,) = passes.over(images, [range(len(images))])
    return rows
