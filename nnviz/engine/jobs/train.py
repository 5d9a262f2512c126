"""The jobs that train: bundled networks, and heads on a backbone's features."""

from pathlib import Path

from nnviz.base.events import Job, Progress
from nnviz.base.host.interrupts import held_back
from nnviz.base.requests import ExportTrained, PrepareFeatures, TeachHead, TrainModel
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


@carries_out(PrepareFeatures)
def prepare_features(
    resources: Resources, request: PrepareFeatures, check: Check
) -> Job:
    """Compute features before teaching; ends with the number of known images."""
    model = yield from resources.store.open(request.model, check)
    with held_back():
        from nnviz.engine.training.heads import features  # noqa: PLC0415

    files = [Path(file) for file in request.files]
    with resources.store.lease(model):
        return (
            yield from features.prepare_features(model, files, resources.cache, check)
        )


@carries_out(ExportTrained)
def export_trained(_resources: Resources, request: ExportTrained, check: Check) -> Job:
    """Export a recorded run's weights and curves; ends with the files' paths."""
    with held_back():
        from nnviz.engine.learning.export import export_step  # noqa: PLC0415
        from nnviz.engine.methods.train_network import state_at  # noqa: PLC0415

    yield Progress(0, 1, f"writing {request.name}")
    check()
    return export_step(
        request,
        lambda recording, step: state_at(recording, step, check, request.folder),
    )
