"""Activation maximization: a step beside bare passes, torch-lucent's and Horama's."""

from collections.abc import Iterator

import torch
from torch import Tensor

from nnviz.base.requests import ModelRequest
from nnviz.engine.jobs import Session
from nnviz.engine.models.model import Model, Precision
from nnviz.engine.nn.hooks import run_to
from nnviz.engine.optvis.objectives import channel
from nnviz.engine.optvis.optimize import Ascent, StepRules
from nnviz.engine.optvis.parametrizations import Spectrum
from nnviz.engine.optvis.transforms import drawn, lucid
from tests.benchmarks.engine import finish, never
from tests.benchmarks.explain import said_by_peers
from tests.benchmarks.figures import Figure, benchmark, ratio

SIDE = 224
CHANNEL = 7
WARM_UP = 12
"""Steps: several of the transforms' sizes have come, and what torch keeps is kept."""
CASES = (
    ("resnet50", "layer1", 1 / 2),
    ("resnet50", "layer2", 1 / 2),
    ("resnet50", "layer4", 1 / 1.5),
    ("googlenet", "inception3b", 1 / 2),
    ("googlenet", "inception4a", 1 / 2),
    ("googlenet", "inception5b", 1 / 1.5),
)
"""Networks, layers, and how much of lucent's time a step may take."""
BFLOAT16_SHARE = 1 / 3
MACO_CASES = (("resnet18", "layer2"), ("resnet18", "layer4"), ("resnet50", "layer4"))


class Steps:
    """Our steps for a channel of a layer, and the passes that they cannot do without.

    Args:
        name: of torchvision's network, with random weights.
        layer: of the channel.
        precision: of our passes.
    """

    def __init__(self, name: str, layer: str, precision: Precision = "float32") -> None:
        request = ModelRequest(reference=f"zoo:{name}@random", device="cpu")
        self.model: Model = finish(Session().store.open(request, never))
        self.layer = layer
        # As after the first sixteen steps, in which ReLUs are helped.
        self.rules = StepRules(learning_rate=0.05, transforms=lucid(), redirected=False)
        self.objective = channel(layer, CHANNEL)
        self.generator = torch.Generator().manual_seed(0)
        self.climb = Ascent(
            lambda generator: Spectrum(
                (1, 3, SIDE, SIDE), generator, torch.device("cpu")
            ),
            "adam",
            self.model.feature_extractor((layer,), never, precision),
            self.model.mean_color,
            self.generator,
        )
        for _ in range(WARM_UP):
            self.step()

    def step(self) -> None:
        """Go one step; its view is that of the next call of ``bare``."""
        self.drawn = self.generator.get_state()
        self.climb.step(lambda _view: self.objective, self.rules)

    def bare(self) -> Tensor:
        """Go forward to the layer and back, at the size of the last view."""
        generator = torch.Generator()
        generator.set_state(self.drawn)
        size = drawn(lucid(), (SIDE, SIDE), generator).size
        x = torch.rand(1, 3, *size).requires_grad_()
        score = run_to(self.model.net, x, self.layer)[:, CHANNEL].mean()
        return torch.autograd.grad(score, x)[0]


@benchmark
def imagine() -> Iterator[Figure]:
    """A step, transforms and all, against plain passes; and against lucent's."""
    for name, layer, _ in CASES:
        steps = Steps(name, layer)
        for _ in range(WARM_UP):
            steps.step()
            steps.bare()
        found = ratio(steps.step, steps.bare)
        yield Figure(f"AM {name} {layer} / forward+backward", found, 1.15)
    shares = {f"{name} {layer}": share for name, layer, share in CASES}
    for line in said_by_peers("lucent_step.py"):
        case, plain, half = line.rsplit(maxsplit=2)
        yield Figure(f"AM {case} / lucent", float(plain), shares[case])
        yield Figure(f"AM {case} bfloat16 / lucent", float(half), BFLOAT16_SHARE)


@benchmark
def maco() -> Iterator[Figure]:
    """A step of MaCo against Horama's."""
    for line in said_by_peers("horama_step.py"):
        case, found = line.rsplit(maxsplit=1)
        yield Figure(f"MaCo {case} / Horama", float(found), 1.0)
