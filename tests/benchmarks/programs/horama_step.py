"""Print our time over Horama's for a step of MaCo, a line a network and layer.

Both make one image of 512 px from phases by NAdam with six crops a step, as Horama's
defaults are but for the size.  Horama's step is the body of its ``maco``; its spectrum,
which it downloads, is ours here.
"""

import statistics
import warnings

import torch
import torchvision

warnings.simplefilter("ignore")

from horama import common, maco_fv  # noqa: E402

from nnviz.base.requests import ModelRequest  # noqa: E402
from nnviz.engine.jobs import Session  # noqa: E402
from nnviz.engine.nn.hooks import run_to  # noqa: E402
from nnviz.engine.optvis.objectives import channel  # noqa: E402
from nnviz.engine.optvis.optimize import Ascent, StepRules  # noqa: E402
from nnviz.engine.optvis.parametrizations import Phases  # noqa: E402
from nnviz.engine.optvis.spectrum_prior import (  # noqa: E402
    fitted_magnitudes,
    shipped_magnitudes,
)
from nnviz.engine.optvis.transforms import Crop  # noqa: E402
from tests.benchmarks.engine import finish, never  # noqa: E402
from tests.benchmarks.figures import seconds  # noqa: E402
from tests.benchmarks.imagine import CHANNEL, MACO_CASES, SIDE  # noqa: E402

ROUNDS = 5
IMAGE = 512
CROPS = 6
SHARE = 0.25
NOISE = 0.05


class Horama:
    """Horama's steps for a channel of a layer."""

    def __init__(self, name: str, layer: str, magnitudes: torch.Tensor) -> None:
        torch.manual_seed(0)
        self.net = getattr(torchvision.models, name)(weights=None).eval()
        self.layer = layer
        self.magnitudes = magnitudes
        self.phase = torch.randn(magnitudes.shape).requires_grad_()
        self.optimizer = torch.optim.NAdam([self.phase], lr=1.0)
        self.transparency = torch.zeros(3, IMAGE, IMAGE)

    def score(self, crops: torch.Tensor) -> torch.Tensor:
        return run_to(self.net, crops, self.layer)[:, CHANNEL].mean()

    def step(self) -> None:
        self.optimizer.zero_grad()
        image = maco_fv.maco_preconditioner(
            self.magnitudes, self.phase, (-2.5, 2.5), "cpu"
        )
        loss, image = common.optimization_step(
            self.score, image, (0.20, SHARE), NOISE, CROPS, SIDE
        )
        loss.backward()
        self.transparency += image.grad.abs()
        self.optimizer.step()


class Ours:
    """Our steps for the same."""

    def __init__(self, name: str, layer: str, magnitudes: torch.Tensor) -> None:
        request = ModelRequest(reference=f"zoo:{name}@random", device="cpu")
        model = finish(Session().store.open(request, never))
        shape = (1, 3, IMAGE, IMAGE)
        self.objective = channel(layer, CHANNEL)
        self.rules = StepRules(
            learning_rate=1.0,
            transforms=(Crop(SHARE, (SIDE, SIDE)),),
            views=CROPS,
            noise=NOISE,
            redirected=False,
        )
        self.ascent = Ascent(
            lambda generator: Phases(magnitudes, shape, generator, torch.device("cpu")),
            "nadam",
            model.feature_extractor((layer,), never, "float32"),
            model.mean_color,
            torch.Generator().manual_seed(0),
        )

    def step(self) -> None:
        self.ascent.step(lambda _view: self.objective, self.rules)


def compare(name: str, layer: str) -> float:
    """Return the median of our step over Horama's."""
    magnitudes = fitted_magnitudes(shipped_magnitudes(), 3, (IMAGE, IMAGE))
    ours, theirs = Ours(name, layer, magnitudes), Horama(name, layer, magnitudes)
    ours.step()
    theirs.step()
    return statistics.median(
        seconds(ours.step) / seconds(theirs.step) for _ in range(ROUNDS)
    )


def main() -> None:
    for name, layer in MACO_CASES:
        print(name, layer, compare(name, layer), flush=True)


main()
