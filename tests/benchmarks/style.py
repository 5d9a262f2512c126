"""Style: a step of style transfer, and a frame of fast style, beside the bare network.

A step runs the same network as far as the same layer as the bare pass does, forward and
back, and has the losses, their gradients and L-BFGS on top.  The Gram matrices of the
style layers belong to the definition: the goal stands above the pass with them.  A
frame of fast style has the photograph's way to the network and the painting's way back
on top.  Both are measured in turns, and each time is the best of several.
"""

import copy
import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch

from nnviz.base.events import Partial
from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.style.gram import gram, gram_gradient
from nnviz.engine.style.layers import style_layers
from tests.benchmarks.engine import finish, never, photo
from tests.benchmarks.figures import Figure, benchmark
from tests.benchmarks.window import run_program

SIDE = 512
STEPS = 5
FRAMES = 15
PAINTER = ModelRequest(reference="bundled:strokes", device="cpu")
CASES = (("bundled:objects", "stage3.0.relu1"), ("zoo:vgg19@random", "features.29"))
"""Networks, and the deepest layer in use."""
OVERHEAD = 1.05
"""What a step may take, over the bare pass and the Gram matrices."""


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
    maps = opened.feature_extractor([layer], never)
    pixels = torch.rand(1, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    best = float("inf")
    for _ in range(STEPS):
        leaf = pixels.clone().requires_grad_()
        started = time.perf_counter()
        found = maps(leaf, frozenset({layer}))[layer]
        torch.autograd.grad(found, leaf, torch.ones_like(found))
        best = min(best, time.perf_counter() - started)
    return best


def gram_seconds(session: Session, model: ModelRequest) -> float:
    """Return how long the Gram matrices and their gradients take, s: likewise."""
    opened = finish(session.store.open(model, never))
    layers = list(style_layers(opened.info, "", ""))
    pixels = torch.rand(1, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        found = opened.feature_extractor(layers, never)(pixels, frozenset(layers))
    best = float("inf")
    for _ in range(STEPS):
        started = time.perf_counter()
        for maps in found.values():
            gram_gradient(maps, gram(maps))
        best = min(best, time.perf_counter() - started)
    return best


def frame_seconds(session: Session, side: int) -> float:
    """Return how long fast style takes with a frame, s: the best of several."""
    rng, best = np.random.default_rng(0), float("inf")
    for _ in range(FRAMES):
        pixels = rng.integers(0, 256, (side, side, 3), np.uint8)
        request = RunMethod(
            method="fast_style",
            model=PAINTER,
            image=image_from_array(pixels),
            values={"size": side},
        )
        started = time.perf_counter()
        finish(session.job(request, never))
        best = min(best, time.perf_counter() - started)
    return best


def painter_seconds(session: Session, side: int) -> float:
    """Return how long the bare network takes with as many pixels, s: likewise."""
    net = copy.deepcopy(finish(session.store.open(PAINTER, never)).net)
    net = net.to(memory_format=torch.channels_last)
    pixels = torch.rand(1, 3, side, side).contiguous(memory_format=torch.channels_last)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(FRAMES):
            started = time.perf_counter()
            net(pixels)
            best = min(best, time.perf_counter() - started)
    return best


@benchmark
def fast_style() -> Iterator[Figure]:
    """Yield what a frame takes, and how much more that is than the bare network."""
    session = Session(activation_bytes=0)
    for side, most in ((256, 1e3 / 15), (512, None)):
        bare, whole = [], []
        for _ in range(2):
            bare.append(painter_seconds(session, side))
            whole.append(frame_seconds(session, side))
        if most is not None:
            yield Figure(f"fast style, {side} px, frame", 1e3 * min(whole), most, "ms")
        name = f"fast style / bare network, {side} px"
        yield Figure(name, min(whole) / min(bare), 1 / 0.9, "x")
    session.close()


@benchmark
def large_style() -> Iterator[Figure]:
    """Yield what a painting of 2048 px adds to the memory in use."""
    added = run_program("large_style.py", "bundled:objects")["added"]
    yield Figure("style transfer, 2048 px, memory added", added / 2**30, 4.0, "GiB")


@benchmark
def style() -> Iterator[Figure]:
    """Yield, for each network, a step's time over the bare pass's."""
    for reference, layer in CASES:
        session = Session(activation_bytes=0)
        model = ModelRequest(reference=reference, device="cpu")
        bare, step = [], []
        for _ in range(2):
            bare.append(bare_seconds(session, model, layer))
            step.append(step_seconds(session, model))
        ratio = min(step) / min(bare)
        goal = OVERHEAD * (1 + gram_seconds(session, model) / min(bare))
        name = f"style step / bare, {reference}, {SIDE} px"
        # The bundled network is so small that work on the pixels outweighs it.
        small = reference.startswith("bundled")
        yield Figure(name, ratio, goal, "x", stretch=small)
        session.close()
