"""The job that places a new image on the plane of a projection."""

import numpy as np

from nnviz.base.dataset.projections import PLACING, PlacedImage
from nnviz.base.dataset.requests import FindNeighbors, PlaceImage
from nnviz.base.errors import UsageError
from nnviz.base.events import Job, Progress
from nnviz.engine.jobs.dataset.neighbors import find_neighbors, query_of
from nnviz.engine.jobs.dataset.project import project
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.media.index import ImageIndex


@carries_out(PlaceImage)
def place(resources: Resources, request: PlaceImage, check: Check) -> Job:
    """Place a new image on a projection's plane; ends with a ``PlacedImage``."""
    fitted = request.projection
    if resources.placed is None or resources.placed[0] != fitted:
        yield from project(resources, fitted, check)
    if resources.placed is None:
        raise UsageError(fitted.method, "places no new images", "pick another method")
    index = ImageIndex(fitted.index)
    asked = FindNeighbors(
        index=fitted.index,
        image=request.image,
        box=request.box,
        layer=fitted.layer,
        count=request.count,
    )
    query = yield from query_of(resources, index, asked, check)
    yield Progress(0, 0, "placing")
    point = resources.placed[1](query.vector.numpy())[0]
    return PlacedImage(
        name=query.name,
        point=np.asarray(point, np.float32),
        neighbors=(yield from find_neighbors(index, query, asked, check)),
        note=PLACING.get(fitted.method, ""),
    )
