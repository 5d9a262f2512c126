"""Attacks beside the bare passes that they need, and beside other programs.

A step of an attack is one pass forward and back from the pixels of ``resnet18``; what
is measured is what the attack adds to that.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median

import torch

from nnviz.base.events import Partial
from nnviz.base.images import image_from_array
from nnviz.base.requests import RunMethod
from nnviz.engine.attacks.carlini_wagner import (
    Search,
    descend,
    first_constants,
    first_descent,
)
from nnviz.engine.attacks.deepfool import walked
from nnviz.engine.attacks.goals import AttackedModel, Goal
from nnviz.engine.attacks.pgd_step import AscentStep, Position, climbed
from nnviz.engine.jobs import Session
from nnviz.engine.nn.pixel_model import PixelModel
from tests.benchmarks.engine import MODEL, finish, never, photo
from tests.benchmarks.explain import PEERS, ROOT
from tests.benchmarks.figures import Figure, benchmark

EPSILON, STEP, STEPS = 4 / 255, 1 / 255, 40
DESCENT = 20
CANDIDATES, WALK, OVERSHOOT = 10, 50, 0.02
ROUNDS, SHORT_ROUNDS = 3, 15


class Bench:
    """A photograph, a network, and attacks on both."""

    def __init__(self) -> None:
        self.session = Session(activation_bytes=0)
        self.image = image_from_array(photo())
        self.model = finish(self.session.store.open(MODEL, never))
        self.x = self.model.pixel_input(self.image)
        self.attacked_model = AttackedModel(
            PixelModel(
                net=self.model.net, normalizer=self.model.normalizer, check=never
            )
        )
        answer = self.attacked_model.logits(self.x).argmax(1)
        classes = torch.nn.functional.one_hot(answer, 1000).bool()
        self.answer, self.goal = answer, Goal(classes, towards=False)
        self.whole = torch.nn.Sequential(self.model.normalizer, self.model.net)

    def bare(self, count: int) -> None:
        """Go forward and back, nothing else."""
        for _ in range(count):
            x = self.x.clone().requires_grad_()
            loss = torch.nn.functional.cross_entropy(self.whole(x), self.answer)
            torch.autograd.grad(loss, x)

    def climb(self, steps: int, step: float) -> torch.Tensor:
        """FGSM and PGD."""
        at = Position(self.x, torch.zeros_like(self.x))
        how = AscentStep(epsilon=EPSILON, step=step)
        for _ in range(steps):
            _, gradient = self.attacked_model.gradient(at.pixels, self.goal.loss)
            at = climbed(self.x, at, gradient, how)
        return at.pixels

    def descend(self, steps: int) -> None:
        """Carlini and Wagner, for one value of c."""
        at = first_descent(self.x)
        constants = first_constants(1, 1.0, self.x).value
        for _ in range(steps):
            at, _ = descend(
                self.attacked_model, self.goal, self.x, at, constants, Search()
            )

    def walk(self) -> torch.Tensor:
        """DeepFool until the answer turns."""
        return walked(
            self.attacked_model, self.goal, self.x, CANDIDATES, WALK, OVERSHOOT
        )


@benchmark
def attacks() -> Iterator[Figure]:
    """Yield what each attack takes over its bare passes, ours and other programs'."""
    bench = Bench()
    for name, goal, ours, passes in (
        ("FGSM", 1.05, lambda: bench.climb(1, EPSILON), 1),
        ("PGD-40", 1.05, lambda: bench.climb(STEPS, STEP), STEPS),
        ("CW", 1.15, lambda: bench.descend(DESCENT), DESCENT),
    ):
        rounds = SHORT_ROUNDS if passes == 1 else ROUNDS
        found = cpu_ratio(ours, lambda n=passes: bench.bare(n), rounds)
        yield Figure(f"{name} / bare passes", found, goal)
    yield Figure("PGD's step, report and all / bare pass", shown_step(bench), 1.25)
    if not PEERS.exists():
        return
    for name, value, goal in peers():
        yield Figure(name, value, goal or None)


def shown_step(bench: Bench) -> float:
    """Return a step of PGD with all that the window shows of it, over a bare pass."""
    request = RunMethod(
        method="pgd", model=MODEL, image=bench.image, values={"steps": DESCENT}
    )
    found = []
    for _ in range(ROUNDS):
        times = [
            time.process_time()
            for step in bench.session.job(request, never)
            if isinstance(step, Partial)
        ]
        step = median(after - before for before, after in pairwise(times[:-1]))
        found.append(step / (cpu_seconds(lambda: bench.bare(DESCENT)) / DESCENT))
    return median(found)


def peers() -> list[tuple[str, float, float]]:
    """Return names, values and goals (0 for none) that the peers' program prints."""
    told = subprocess.run(
        [PEERS, ROOT / "tests/benchmarks/programs/peers_attacks.py"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rows = (line.rsplit(" ", 2) for line in told.splitlines())
    return [(name, float(value), float(goal)) for name, value, goal in rows]


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return how long one call keeps the processor busy, all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


def cpu_ratio(
    ours: Callable[[], object], other: Callable[[], object], rounds: int = ROUNDS
) -> float:
    """Return the median over interleaved rounds, in the processor's time.

    What is compared takes tenths of a second: what else the machine does would be in
    a ratio of the clock's.
    """
    ours()
    other()
    return median(cpu_seconds(ours) / cpu_seconds(other) for _ in range(rounds))
