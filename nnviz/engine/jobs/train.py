"""The jobs that train: a bundled network, a head on a backbone's features."""

from nnviz.base.events import Job
from nnviz.base.interrupts import held_back
from nnviz.base.requests import TeachHead, TrainModel
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources


@carries_out(TrainModel)
def train_model(_resources: Resources, request: TrainModel, check: Check) -> Job:
    """Train a network from scratch; ends with the path of its weights."""
    # Detectors learn with torchvision, which takes 2 s to import.
    with held_back():
        from nnviz.engine.training.recipes import train  # noqa: PLC0415

    return (yield from train(request, check))


@carries_out(TeachHead)
def teach_head(resources: Resources, request: TeachHead, check: Check) -> Job:
    """Train a head; ends with a ``TaughtHead``."""
    model = yield from resources.store.open(request.model, check)
    with held_back():
        from nnviz.engine.training.heads.teach import teach  # noqa: PLC0415

    with resources.store.lease(model):
        return (yield from teach(model, request, resources.cache, check))
