"""The job that projects an index to a plane, with intermediate results."""

from collections.abc import Callable, Generator, Mapping

import numpy as np

from nnviz.base.dataset.neighbors import PIXELS
from nnviz.base.dataset.projections import WARNINGS, Projection, as_report
from nnviz.base.dataset.requests import ProjectIndex
from nnviz.base.errors import InputError, unknown
from nnviz.base.events import Job, Partial, Progress, Step
from nnviz.engine.dataset.nearest import vectors_of
from nnviz.engine.dataset.projections import autoencoder, lda, pca, tsne, umap
from nnviz.engine.dataset.projections.task import Projecting, Stage, Task
from nnviz.engine.evaluation.sources import spread
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.media.index import ImageIndex

METHODS: Mapping[str, Callable[[Task], Projecting]] = {
    "pca": pca.project,
    "lda": lda.project,
    "tsne": tsne.project,
    "autoencoder": autoencoder.project,
    "umap": umap.project,
}


def _followed(method: str, task: Task) -> Generator[Step, None, Stage]:
    """Yield the stages of a projection; return the last."""
    run = METHODS[method](task)
    while True:
        try:
            stage = next(run)
        except StopIteration as end:
            last: Stage = end.value
            return last
        yield Progress(stage.done, stage.total, f"step {stage.done} of {stage.total}")
        yield Partial(as_report(stage.points, task.labels, WARNINGS[method]))


@carries_out(ProjectIndex)
def project(resources: Resources, request: ProjectIndex, check: Check) -> Job:
    """Project the features of an index; ends with a ``Projection``."""
    if request.method not in METHODS:
        raise unknown("projection", request.method, METHODS)
    index = ImageIndex(request.index)
    layer = PIXELS if request.layer == PIXELS else index.layer(request.layer).name
    yield Progress(0, 0, f"reading the features of {layer}")
    chosen = request.records or range(len(index))
    records = np.array(spread(list(chosen), request.limit), np.int64)
    if not len(records):
        raise InputError(str(index.folder), "holds no images", "index some")
    vectors = np.array(vectors_of(index, layer)[records], np.float32)
    labels = np.asarray(index.columns["label"], np.int64)[records]
    task = Task(
        vectors=vectors,
        labels=labels,
        seed=request.seed,
        perplexity=request.perplexity,
        neighbors=request.neighbors,
        steps=request.steps,
        check=check,
    )
    stage = yield from _followed(request.method, task)
    if stage.placer is not None:
        resources.placed = request, stage.placer
    return Projection(
        method=request.method,
        layer=layer,
        records=records,
        points=stage.points,
        warning=WARNINGS[request.method],
        figures=dict(stage.figures),
        scree=stage.scree,
        loads=stage.loads,
        center=stage.center,
        steps=stage.done,
    )
