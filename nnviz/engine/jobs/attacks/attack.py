"""The jobs on a finished attack: rescale its noise, save its image."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nnviz.base.events import Job
from nnviz.base.requests import RescaleNoise, SaveAttacked
from nnviz.engine.jobs.attacks.attacked import rescale, save_attacked
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.method import Context, make_context
from nnviz.engine.models.model import Model


@carries_out(RescaleNoise)
def rescale_noise(resources: Resources, request: RescaleNoise, check: Check) -> Job:
    """Rescale an attack's noise; ends with a ``Rescaled``."""
    model = yield from resources.store.open(request.model, check)
    with _attacked(resources, model, request, check) as ctx:
        return (yield from rescale(ctx, request))


@carries_out(SaveAttacked)
def save_attacked_image(
    resources: Resources, request: SaveAttacked, check: Check
) -> Job:
    """Save an attacked image and test the file; ends with a ``SavedAttack``."""
    model = yield from resources.store.open(request.model, check)
    with _attacked(resources, model, request.noise, check) as ctx:
        return save_attacked(ctx, request)


@contextmanager
def _attacked(
    resources: Resources, model: Model, noise: RescaleNoise, check: Check
) -> Iterator[Context]:
    """Lease the network and yield a context for attacks on the image."""
    with resources.store.lease(model):
        yield make_context(
            model=model,
            image=noise.image,
            params=None,
            generator=torch.Generator(),
            check=check,
            cache=resources.cache_for(noise.image),
        )
