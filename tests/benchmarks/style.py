"""Style transfer: a step beside the bare pass to the deepest layer, forward and back.

Both run the same network as far as the same layer, in turns, and each time is the best
of several; the step has the losses, their gradients and L-BFGS on top.
"""

import time
from collections.abc import Iterator
from itertools import pairwise

import torch

from nnviz.base.events import Partial
from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.session import Session
from tests.benchmarks.engine import finish, never, photo
from tests.benchmarks.figures import Figure, benchmark

SIDE = 512
STEPS = 5
CASES = (
    ("bundled:objects", "stage3.0.relu1", 1.05),
    ("zoo:vgg19@random", "features.29", 1.05),
)
"""Networks, the deepest layer in use, and how often a bare pass a step may take."""


def step_seconds(session: Session, model: ModelRequest) -> float:
    """Return how long a step takes, s: the best of several."""
    request = RunMethod(
        method="style_transfer",
        model=model,
        image=image_from_array(photo(SIDE, SIDE)),
        values={"size": SIDE, "sizes": 1, "steps": STEPS},
    )
    times = [
        time.perf_counter()
        for step in session.job(request, never)
        if isinstance(step, Partial)
    ]
    return min(after - before for before, after in pairwise(times))


def bare_seconds(session: Session, model: ModelRequest, layer: str) -> float:
    """Return how long the network takes to the layer and back, s: likewise."""
    opened = finish(session.store.open(model, never))
    maps = opened.maps_pass([layer], never)
    pixels = torch.rand(1, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    best = float("inf")
    for _ in range(STEPS):
        leaf = pixels.clone().requires_grad_()
        started = time.perf_counter()
        found = maps(leaf, frozenset({layer}))[layer]
        torch.autograd.grad(found, leaf, torch.ones_like(found))
        best = min(best, time.perf_counter() - started)
    return best


@benchmark
def style() -> Iterator[Figure]:
    """Yield, for each network, a step's time over the bare pass's."""
    for reference, layer, goal in CASES:
        session = Session(activation_bytes=0)
        model = ModelRequest(reference=reference, device="cpu")
        bare, step = [], []
        for _ in range(2):
            bare.append(bare_seconds(session, model, layer))
            step.append(step_seconds(session, model))
        ratio = min(step) / min(bare)
        name = f"style step / bare, {reference}, {SIDE} px"
        # The bundled network is so small that work on the pixels outweighs it.
        small = reference.startswith("bundled")
        yield Figure(name, ratio, goal, "x", stretch=small)
        session.close()
