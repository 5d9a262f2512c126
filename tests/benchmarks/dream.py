"""Deep dream: a step beside the usual code's, and a photograph of 12 megapixels."""

import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from nnviz.base.events import Partial
from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from tests.benchmarks.engine import finish, never, photo
from tests.benchmarks.figures import ROUNDS, Figure, benchmark, seconds
from tests.benchmarks.window import run_program

SIDE = 224
STEPS = 3
STEP_SIZE = 1.5
CASES = (
    ("resnet50", "layer1", 1 / 2.5),
    ("resnet50", "layer2", 1 / 2),
    ("googlenet", "inception3b", 1 / 2),
    ("vgg16", "features.17", 1 / 2),
)
"""Networks, layers, and how much of the usual code's time a step may take."""


class Usual:
    """The loop of the tutorials: hooks, the whole network, gradients of all weights.

    So in gordicaleksa/pytorch-deepdream, eriklindernoren/PyTorch-Deep-Dream and others.
    """

    def __init__(self, net: nn.Module, layer: str, normalizer: nn.Module) -> None:
        self.net = net.requires_grad_(True)
        self.normalizer = normalizer
        self.kept: list[torch.Tensor] = []
        # A copy: VGG's next layer works in place, and would change what was kept.
        net.get_submodule(layer).register_forward_hook(
            lambda _module, _inputs, output: self.kept.append(output.clone())
        )

    def step(self, pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        down, right = torch.randint(-32, 33, (2,), generator=generator).tolist()
        leaf = torch.roll(pixels, (down, right), (2, 3)).requires_grad_()
        self.kept.clear()
        self.net.zero_grad()
        self.net(self.normalizer(leaf))
        (0.5 * self.kept[-1].square().sum()).backward()
        gradient = leaf.grad
        change = STEP_SIZE / 255 / gradient.abs().mean() * gradient
        moved = (leaf.detach() + change).clamp(0, 1)
        return torch.roll(moved, (-down, -right), (2, 3))


class Bench:
    """A network, and a photograph of the size that it is used to."""

    def __init__(self, name: str, layer: str) -> None:
        self.session = Session(activation_bytes=0)
        self.model = ModelRequest(reference=f"zoo:{name}@random", device="cpu")
        self.layer = layer
        self.image = image_from_array(photo(SIDE, SIDE))
        finish(self.session.job(LoadModel(self.model), never))
        opened = finish(self.session.store.open(self.model, never))
        net = finish(Session().store.open(self.model, never)).net
        self.usual = Usual(net, layer, opened.normalizer)
        self.pixels = torch.from_numpy(self.image.as_float().transpose(2, 0, 1).copy())[
            None
        ]

    def ours(self, steps: int = STEPS) -> tuple[np.ndarray, float]:
        """Return the picture and how long a step took after the first, s."""
        values = {
            "layer": self.layer,
            "octaves": 1,
            "steps": steps + 1,
            "step_size": STEP_SIZE,
            "normalize": "mean",
            "colors": "free",
        }
        request = RunMethod(
            method="deep_dream", model=self.model, image=self.image, values=values
        )
        times = []
        for event in self.session.job(request, never):
            if isinstance(event, Partial):
                times.append(time.perf_counter())
                pixels = event.report["dream"].pixels
                if len(times) == 1:
                    first = pixels
        return first, (times[-1] - times[0]) / steps

    def theirs(self, steps: int = STEPS) -> float:
        """Return how long a step takes, s."""
        generator = torch.Generator().manual_seed(0)

        def loop() -> None:
            pixels = self.pixels
            for _ in range(steps):
                pixels = self.usual.step(pixels, generator)

        return seconds(loop) / steps

    def likeness(self) -> float:
        """Return the correlation of what both change in their first step."""
        first, _ = self.ours(1)
        generator = torch.Generator().manual_seed(0)
        usual = self.usual.step(self.pixels, generator)[0].permute(1, 2, 0).numpy()
        source = self.image.as_float()
        both = np.stack([(first - source).ravel(), (usual - source).ravel()])
        return float(np.corrcoef(both)[0, 1])


@benchmark
def dream() -> Iterator[Figure]:
    """A step of deep dream beside the usual code's, interleaved, at 224 px."""
    for name, layer, goal in CASES:
        bench = Bench(name, layer)
        apart = 1 - bench.likeness()
        yield Figure(f"dream: {name} {layer}, 1 - correlation", apart, 1e-4)
        bench.theirs()
        ratios = [bench.ours()[1] / bench.theirs() for _ in range(ROUNDS)]
        taken = float(np.median(ratios))
        yield Figure(f"dream: step at {name} {layer} / usual code", taken, goal)


@benchmark
def large_dream() -> Iterator[Figure]:
    """A photograph of 4000 x 3000 px, in a process of its own."""
    for layer in ("stage2", "stage3", "stage4"):
        found = run_program("large_dream.py", layer)
        what = f"dream of 4000 x 3000 px at {layer}"
        assert found["tiles"] > 1
        yield Figure(f"{what}: memory added", found["added"] / 2**20, 2048, "MiB")
        yield Figure(f"{what}: step at borders off by", abs(found["seam"] - 1), 0.05)
