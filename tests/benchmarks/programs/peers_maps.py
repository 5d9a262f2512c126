"""Print our time over other programs' for maps of resnet18: ``name value`` lines.

Run by .venv-peers' Python, which stands on ours: Grad-CAM, Score-CAM and Ablation-CAM
beside pytorch-grad-cam.
"""

import statistics
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO

from pytorch_grad_cam import AblationCAM, GradCAM, ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from tests.benchmarks.explain import Bench
from tests.benchmarks.figures import seconds

ROUNDS = 3
CLASS = 3
KINDS = {"grad_cam": GradCAM, "ablation_cam": AblationCAM, "score_cam": ScoreCAM}


def main() -> None:
    warnings.simplefilter("ignore")
    with redirect_stderr(StringIO()):  # the peers' progress bars
        compare(Bench())


def compare(bench: Bench) -> None:
    for name, kind in KINDS.items():
        found = median_ratio(
            lambda m=name: bench.ours(m, layer="layer4"), lambda k=kind: cam(bench, k)
        )
        print(name, found, flush=True)


def median_ratio(ours: Callable[[], object], peer: Callable[[], object]) -> float:
    """Return the median over interleaved rounds; ours is warmed up."""
    ours()
    return statistics.median(seconds(ours) / seconds(peer) for _ in range(ROUNDS))


def cam(bench: Bench, kind: type) -> None:
    # The peer needs gradients of the weights to get any.
    net = bench.net.requires_grad_(kind is GradCAM)
    with kind(model=net, target_layers=[net.layer4]) as peer:
        peer(bench.x.clone(), [ClassifierOutputTarget(CLASS)])
    net.requires_grad_(False)


main()
