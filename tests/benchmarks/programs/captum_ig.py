"""Print our time, and that of the bare passes, over captum's: ``value bound``.

50 steps of integrated gradients on resnet18.
"""

import warnings

from captum.attr import IntegratedGradients

from tests.benchmarks.explain import Bench
from tests.benchmarks.figures import ratio

STEPS = 50


def main() -> None:
    warnings.simplefilter("ignore")
    bench = Bench()
    peer = IntegratedGradients(bench.net)
    batch = bench.fastest_batch(STEPS)

    def captum() -> None:
        peer.attribute(bench.x.clone(), target=3, n_steps=STEPS)

    value = ratio(lambda: bench.ours("integrated_gradients", steps=STEPS), captum)
    print(value, ratio(lambda: bench.bare(STEPS, batch), captum))


main()
