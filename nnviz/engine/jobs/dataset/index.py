"""The job that indexes a set of images."""

from collections.abc import Iterator

from nnviz.base.dataset.requests import IndexImages
from nnviz.base.events import Job
from nnviz.engine.dataset.chunk import ChunkPasses, ChunkRows, Settings
from nnviz.engine.dataset.cluster import connected, run_chunks
from nnviz.engine.dataset.indexing import index_images
from nnviz.engine.dataset.sources import ImageSet
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources


@carries_out(IndexImages)
def index(resources: Resources, request: IndexImages, check: Check) -> Job:
    """Index a set of images; ends with an ``IndexSummary``."""
    model = yield from resources.store.open(request.model, check)

    def here(images: ImageSet, settings: Settings) -> Iterator[ChunkRows]:
        return ChunkPasses(model, settings, check).over(images)

    def there(images: ImageSet, settings: Settings) -> Iterator[ChunkRows]:
        if not len(images):  # no cluster is started to find that all is done
            return
        with connected(request.cluster, request.workers) as client:
            yield from run_chunks(client, request.model, images, settings, check)

    run = there if request.cluster else here
    with resources.store.lease(model):
        return (yield from index_images(model, request, check, run))
