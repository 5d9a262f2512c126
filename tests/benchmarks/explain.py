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
from nnviz.engine.jobs import Session
from tests.benchmarks.engine import MODEL, finish, never, photo, pristine_net
from tests.benchmarks.figures import Figure, benchmark, median_seconds, ratio, seconds
from tests.benchmarks.window import run_program

ROUNDS = 5
BATCHES = (4, 8)
"""Of the bare passes; the better one counts."""
_OVERHEAD = 1.05
"""What a method of many passes may take, over the bare passes."""
ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers/bin/python"


class Bench:
    """Our method and the bare passes, on one photograph.

    Args:
        kept: how much a session keeps of what it computed; None for the usual, so
            that it need not make the input's pixels again.
    """

    def __init__(self, kept: int | None = 0) -> None:
        self.session = Session() if kept is None else Session(activation_bytes=kept)
        self.net = pristine_net()
        self.image = image_from_array(photo())
        finish(self.session.job(LoadModel(MODEL), never))
        model = finish(self.session.store.open(MODEL, never))
        self.x = model.normalizer(model.pixel_input(self.image))

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
    """One pass forward and back from the pixels, and what a method adds to it."""
    bench = Bench(kept=None)
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
        yield Figure(f"{name} / bare passes, batch {batch}", found, _OVERHEAD)
    yield Figure(
        "first picture of integrated gradients, 50",
        median_seconds(lambda: bench.first("integrated_gradients", steps=50)),
        200,
        "ms",
    )


@benchmark
def captum_integrated() -> Iterator[Figure]:
    """Integrated gradients against captum's default; skipped without ``make peers``.

    Ours runs in the peers' Python too, which stands on ours.  50 passes forward and
    back are needed by definition: with the batch that suits the machine best they
    bound what can be gained, and the goal.
    """
    for line in said_by_peers("captum_ig.py"):
        value, bound = (float(word) for word in line.split())
        goal = max(1 / 1.6, _OVERHEAD * bound)
        yield Figure("integrated gradients, 50 / captum", value, goal)


_GOALS = {
    "grad_cam": ("pytorch-grad-cam", 1.2 / 2.97),
    "ablation_cam": ("pytorch-grad-cam", 1 / 100),
    "score_cam": ("pytorch-grad-cam", 1 / 1.4),
}


@benchmark
def peers_maps() -> Iterator[Figure]:
    """Maps beside other programs'; skipped without ``make peers``."""
    for line in said_by_peers("peers_maps.py"):
        name, value = line.split()
        peer, goal = _GOALS[name]
        yield Figure(f"{name} / {peer}", float(value), goal)


_OCCLUSION_GOALS = {
    ("resnet18", "best"): 1 / 2.7,
    ("resnet18", "default"): 1 / 3.4,
    ("vgg16", "best"): 1 / 7,
    ("vgg16", "default"): 1 / 7,
}


@benchmark
def peers_occlusion() -> Iterator[Figure]:
    """Occlusion beside captum's best chunk and default; skipped without its venv."""
    for line in said_by_peers("peers_occlusion.py"):
        name, peer, value = line.split()
        goal = _OCCLUSION_GOALS[name, peer]
        yield Figure(f"occlusion, {name} / captum, {peer}", float(value), goal)


@benchmark
def occluder_in_hand() -> Iterator[Figure]:
    """Time between answers while a patch is drawn over an image in the window."""
    found = run_program("occluder.py", "zoo:resnet18@random")
    yield Figure("occluder, ResNet-18: time an answer", found["answer_ms"], 50, "ms")


@benchmark
def trust_beside_slider() -> Iterator[Figure]:
    """A changed slider's answer while trust is measured, over that while it is not."""
    found = run_program("trust_beside_slider.py", "zoo:resnet18@random", str(ROUNDS))
    yield Figure("slider's answer, trust on / off", found["ratio"], 1.1)


def said_by_peers(name: str) -> Iterator[str]:
    """Run a program with the peers' Python and yield its lines; none without it."""
    if not PEERS.exists():
        return
    with subprocess.Popen(
        [PEERS, ROOT / "tests/benchmarks/programs" / name],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as running:
        yield from running.stdout or ()
