"""The job that opens a network."""

from nnviz.base.events import Job
from nnviz.base.requests import LoadModel
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources


@carries_out(LoadModel)
def load_model(resources: Resources, request: LoadModel, check: Check) -> Job:
    """Open a network; ends with its ``ModelInfo``."""
    model = yield from resources.store.open(request.model, check)
    return model.info
