"""Plain and residual networks of 20 and 56 layers on the same photographs.

Usage: python tests/benchmarks/programs/degradation.py DATA [IMAGES] [EPOCHS] [SIDE]
       [WIDTH] [SEED]

DATA is a folder with a sub-folder for each class, or with such folders "train" and
"test" (CIFAR-10's images).  He et al. 2016 (arXiv:1512.03385, figures 1 and 6) found
that a plain network of 56 layers has a higher *training* error than one of 20, and that
residual ones have not.  Prints both losses of all four after each epoch.
"""

import sys
import time
from dataclasses import replace
from itertools import product

import torch

from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.learning.augmentation import Augmentation
from nnviz.engine.learning.comparison import TrainingComparison
from nnviz.engine.learning.examples import Examples, cut_square, load_examples
from nnviz.engine.learning.run import Switches, TrainingRun

DEPTHS = (20, 56)
RATE = 0.05


def shrunk(examples: Examples, side: int) -> Examples:
    """Return the images with another side, px."""
    return replace(
        examples,
        pixels=cut_square(examples.pixels, side),
        held_pixels=cut_square(examples.held_pixels, side),
    )


def switches(epochs: int, width: int) -> dict[str, Switches]:
    """Return the four runs: each kind at each depth, with batch norm."""
    return {
        f"{kind} {depth}": Switches(
            architecture=Architecture(
                kind=kind, depth=depth, width=width, batch_norm=True
            ),
            optimizer="momentum",
            learning_rate=RATE,
            schedule="one cycle",
            epochs=epochs,
            l2=1e-4,
            augmentation=Augmentation(flip=True, shift=2),
        )
        for kind, depth in product(("plain", "residual"), DEPTHS)
    }


def told(run: TrainingRun) -> str:
    """Say where a run stands."""
    losses = " / ".join(
        f"{run.history[f'{part} loss'][-1]:.3f}" for part in ("training", "held-out")
    )
    return f"{losses} ({100 * run.history['held-out accuracy'][-1]:.1f} %)"


def main() -> None:
    count, epochs, side, width, seed = (
        int(sys.argv[place]) if sys.argv[place:] else usual
        for place, usual in enumerate((3000, 20, 16, 8, 0), 2)
    )
    examples = shrunk(load_examples("folder", sys.argv[1], count), side)
    torch.set_num_threads(1)
    comparison = TrainingComparison(switches(epochs, width), examples, seed)
    told_epochs = 0
    while not comparison.ended:
        comparison.advance()
        if min(run.history.epochs for run in comparison.runs.values()) > told_epochs:
            told_epochs += 1
            parts = (f"{name}: {told(run)}" for name, run in comparison.runs.items())
            print(
                f"epoch {told_epochs}, {time.process_time():.0f} s  "
                + "  ".join(parts),
                flush=True,
            )


main()
