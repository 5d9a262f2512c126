"""The job that downloads a network's weights."""

from nnviz.base.events import Job
from nnviz.base.requests import FetchModel
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources


@carries_out(FetchModel)
def fetch_model(resources: Resources, request: FetchModel, check: Check) -> Job:
    """Download a network's weights; ends with the path of the file."""
    path = yield from resources.store.fetch(request.reference, check)
    return str(path)
