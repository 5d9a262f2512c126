"""The job that measures accuracy under attack over epsilon."""

from nnviz.base.events import Job
from nnviz.base.requests import MeasureRobustness
from nnviz.engine.evaluation.robustness import measure
from nnviz.engine.jobs.cluster import sharing, worker_of
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources


@carries_out(MeasureRobustness)
def measure_robustness(
    resources: Resources, request: MeasureRobustness, check: Check
) -> Job:
    """Measure accuracy under attack; ends with a ``Robustness``."""
    model = yield from resources.store.open(request.model, check)
    share = sharing(worker_of(resources, model, check), request.model, request)
    with resources.store.lease(model):
        return (yield from measure(model, request, share))
