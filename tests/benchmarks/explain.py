"""Gradient explanations beside the bare passes that they need, in one run."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from nnviz.base.events import Partial
from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, RunMethod
from nnviz.engine.session import Session
from tests.benchmarks.engine import MODEL, finish, never, photo, pristine_net
from tests.benchmarks.figures import Figure, benchmark, median_seconds, ratio, seconds

ROUNDS = 5
BATCHES = (4, 8)
"""Of the bare passes; the better one counts."""
ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers/bin/python"


class Bench:
    """Our method and the bare passes, on one photograph."""

    def __init__(self) -> None:
        self.session = Session(activation_bytes=0)
        self.net = pristine_net()
        self.image = image_from_array(photo())
        finish(self.session.job(LoadModel(MODEL), never))
        model = finish(self.session.store.open(MODEL, never))
        self.x = model.normaliser(model.pixel_input(self.image))

    def request(self, method: str, **values) -> RunMethod:
        values = {"target": "class:3", **values}
        return RunMethod(method=method, model=MODEL, image=self.image, values=values)

    def ours(self, method: str, **values) -> object:
        return finish(self.session.job(self.request(method, **values), never))

    def first(self, method: str, **values) -> float:
        """Return how long the first picture takes, ms."""
        start = time.perf_counter()
        for step in self.session.job(self.request(method, **values), never):
            if isinstance(step, Partial):
                break
        return 1e3 * (time.perf_counter() - start)

    def bare(self, count: int, batch: int = 1) -> None:
        """Go forward and back with ``count`` pictures, ``batch`` at once."""
        while count > 0:
            size = min(batch, count)
            x = self.x.expand(size, -1, -1, -1).clone().requires_grad_()
            torch.autograd.grad(self.net(x)[:, 3].sum(), x)
            count -= size

    def fastest_batch(self, count: int) -> int:
        """Return the batch with which ``count`` pictures take least."""
        times = {
            batch: seconds(lambda b=batch: self.bare(count, b)) for batch in BATCHES
        }
        return min(times, key=times.get)


@benchmark
def gradients() -> Iterator[Figure]:
    """One pass forward and back, and what a method adds to it."""
    bench = Bench()
    for method, goal in (("saliency", 1.05), ("guided_backprop", 1.10)):
        found = ratio(lambda m=method: bench.ours(m), lambda: bench.bare(1), 15)
        yield Figure(f"{method} / forward+backward", found, goal)


@benchmark
def many_gradients() -> Iterator[Figure]:
    """Methods of many passes against the bare passes at the best batch."""
    bench = Bench()
    for name, method, values, count in (
        ("integrated gradients, 50", "integrated_gradients", {"steps": 50}, 50),
        ("SmoothGrad, 20", "smooth_grad", {"samples": 20}, 20),
    ):
        batch = bench.fastest_batch(count)
        found = ratio(
            lambda m=method, v=values: bench.ours(m, **v),
            lambda c=count, b=batch: bench.bare(c, b),
            ROUNDS,
        )
        yield Figure(f"{name} / bare passes, batch {batch}", found, 1.05)
    yield Figure(
        "first picture of integrated gradients, 50",
        median_seconds(lambda: bench.first("integrated_gradients", steps=50)),
        200,
        "ms",
    )


@benchmark
def captum_integrated() -> Iterator[Figure]:
    """Integrated gradients against captum's default; skipped without ``make peers``.

    Ours runs in the peers' Python too, which stands on ours.
    """
    if not PEERS.exists():
        return
    program = ROOT / "tests/benchmarks/programs/captum_ig.py"
    done = subprocess.run(
        [PEERS, program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    yield Figure("integrated gradients, 50 / captum", float(done.stdout), 1 / 1.6)
