"""Print our time over torch-lucent's for a step at 224 px, a line a network and layer.

Each has two numbers, for our passes in float32 and in bfloat16.  lucent's step is the
body of its ``render_vis``, with its own parametrization, transforms and hooks.
"""

import statistics
import warnings

import torch
import torchvision

warnings.simplefilter("ignore")

from lucent.optvis import objectives, param, render, transform  # noqa: E402

from tests.benchmarks.figures import seconds  # noqa: E402
from tests.benchmarks.imagine import CASES, CHANNEL, SIDE, Steps  # noqa: E402

ROUNDS = 5


class Lucent:
    """lucent's steps for a channel of a layer."""

    def __init__(self, name: str, layer: str) -> None:
        torch.manual_seed(0)
        extra = {"init_weights": False} if name == "googlenet" else {}
        self.net = getattr(torchvision.models, name)(weights=None, **extra).eval()
        parameters, self.image = param.image(SIDE)
        self.optimizer = torch.optim.Adam(parameters, lr=5e-2)
        self.transform = transform.compose(
            [*transform.standard_transforms, transform.normalize()]
        )
        self.hook = render.hook_model(self.net, self.image)
        self.objective = objectives.as_objective(f"{layer}:{CHANNEL}")

    def step(self) -> None:
        def closure() -> torch.Tensor:
            self.optimizer.zero_grad()
            self.net(self.transform(self.image()))
            loss = self.objective(self.hook)
            loss.backward()
            return loss

        self.optimizer.step(closure)


def compare(name: str, layer: str) -> tuple[float, float]:
    """Return the medians of our step over lucent's, float32 and bfloat16."""
    peer = Lucent(name, layer)
    plain, half = Steps(name, layer), Steps(name, layer, "bfloat16")
    peer.step()
    rounds = []
    for _ in range(ROUNDS):
        theirs = seconds(peer.step)
        rounds.append((seconds(plain.step) / theirs, seconds(half.step) / theirs))
    first, second = zip(*rounds, strict=True)
    return statistics.median(first), statistics.median(second)


def main() -> None:
    for name, layer, _ in CASES:
        plain, half = compare(name, layer)
        print(name, layer, plain, half, flush=True)


main()
