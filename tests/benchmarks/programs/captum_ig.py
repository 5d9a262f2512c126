"""Print our time over captum's for 50 steps of integrated gradients on resnet18."""

import warnings

from captum.attr import IntegratedGradients

from tests.benchmarks.explain import Bench
from tests.benchmarks.figures import ratio


def main() -> None:
    warnings.simplefilter("ignore")
    bench = Bench()
    peer = IntegratedGradients(bench.net)
    print(
        ratio(
            lambda: bench.ours("integrated_gradients", steps=50),
            lambda: peer.attribute(bench.x.clone(), target=3, n_steps=50),
        )
    )


main()
