"""The job that trains a bundled network."""

from nnviz.base.events import Job
from nnviz.base.interrupts import held_back
from nnviz.base.requests import TrainModel
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources


@carries_out(TrainModel)
def train_model(_resources: Resources, request: TrainModel, check: Check) -> Job:
    """Train a network from scratch; ends with the path of its weights."""
    # Detectors learn with torchvision, which takes 2 s to import.
    with held_back():
        from nnviz.engine.training.recipes import train  # noqa: PLC0415

    return (yield from train(request, check))
