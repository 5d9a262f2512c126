"""The job that evaluates a network."""

from nnviz.base.events import Job
from nnviz.base.requests import EvaluateModel
from nnviz.engine.evaluation.job import evaluate
from nnviz.engine.jobs.cluster import sharing, worker_of
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources


@carries_out(EvaluateModel)
def evaluate_model(resources: Resources, request: EvaluateModel, check: Check) -> Job:
    """Evaluate a network on labeled data; ends with an ``Evaluation``."""
    model = yield from resources.store.open(request.model, check)
    share = sharing(worker_of(resources, model, check), request.model, request)
    with resources.store.lease(model):
        return (yield from evaluate(model, request, check, share))
