"""Comparison of training runs that differ in some hyperparameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
import torch

from nnviz.base.info import TRAINING, Reference
from nnviz.base.parameters import (
    Essential,
    Help,
    Title,
    Words,
    make,
    parameters_of,
    values_of,
)
from nnviz.base.results import Report
from nnviz.engine.learning.comparison import TrainingComparison, comparison_report
from nnviz.engine.learning.examples import load_examples
from nnviz.engine.learning.parameters import TrainingDataParams, TrainingParams
from nnviz.engine.learning.run import Switches
from nnviz.engine.learning.variants import parse_variants
from nnviz.engine.method import Context, Presets, State, register

_SEED = "seed"
_SHARED = {each.name for each in parameters_of(TrainingDataParams)}
"""Parameters shared by all runs, which use the same images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareTrainingParams(TrainingParams):
    """Parameters: hyperparameters of all runs, and those to vary."""

    vary: Annotated[
        Words,
        Essential(),
        Title("Compare"),
        Help(
            "Switches and values to compare, such as: batch_norm = no, yes; depth = 20,"
            " 56. Every combination is one run."
        ),
    ] = "batch_norm = no, yes"


@register(
    "compare_training",
    title="Compare training runs",
    group="Train",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("He et al. 2016", "arXiv:1512.03385, figures 1 and 6"),
    capabilities=TRAINING,
)
class CompareTraining:
    """Simultaneous training runs that differ in some hyperparameters."""

    Params: ClassVar[type] = CompareTrainingParams
    shows: ClassVar[str] = (
        "Two to six training runs side by side: with and without a switch, or over its "
        "values. All begin with the same random numbers and see the same images."
    )
    reading: ClassVar[str] = (
        "Compare the curves at the end, then the filters. A plain network of 56 "
        "layers fits its training images worse than one of 20, although it could "
        "represent the same function: degradation, which shortcuts reduce. Measured "
        "on 2,000 images of CIFAR-10 at 16 × 16 (width 8, 12 epochs, one seed), "
        "training loss at 20 and 56 layers: plain 1.73 and 2.25, residual 1.48 and "
        "1.68."
    )
    misleads: ClassVar[str] = (
        "One seed decides little where curves lie close together. Switches that "
        "change the architecture also change the initial weights. A run that is "
        "behind, or has stopped, keeps its last value."
    )
    presets: ClassVar[Presets] = {
        "demo": {"network": "mlp", "image_count": 60, "epochs": 2},
        "plain and residual": {
            "vary": "network = plain, residual; depth = 20, 56",
            "data": "scenes", "batch_norm": True, "optimizer": "momentum",
            "learning_rate": 0.05, "schedule": "one cycle", "epochs": 10,
            "width": 8,
        },
        "optimizers": {
            "vary": "optimizer = sgd, momentum, rmsprop, adam", "learning_rate": 0.003,
        },
        "dropout": {"vary": "dropout = 0, 0.5", "network": "mlp", "image_count": 300,
                    "epochs": 40},
        "augmentation": {"vary": "shift = 0, 2", "image_count": 300, "epochs": 40},
    }  # fmt: skip

    def run(self, ctx: Context, params: CompareTrainingParams) -> Iterator[Report]:
        """Yield one report a quarter of an epoch of one run.

        "held-out loss" (main), "training loss", "held-out accuracy", "outcome", and
        "filters: NAME" of each run.
        """
        ctx.step(0, 1, "reading images")
        switches = _switches(params)
        examples = load_examples(
            params.data, params.folder, params.image_count, ctx.check
        )
        seed = _draw_seed(ctx)
        comparison = TrainingComparison(switches, examples, seed, ctx.check)
        if ctx.begun is not None:
            comparison.restore(ctx.begun)
        while not comparison.ended:
            comparison.steer(_switches(ctx.params))
            name = comparison.advance()
            ctx.step(*comparison.parts, name)
            ctx.keep(comparison.numbers(), partial(_state, comparison, seed))
            yield comparison_report(comparison)


def _switches(params: CompareTrainingParams) -> dict[str, Switches]:
    """Return the hyperparameters of each run by its name."""
    varied = {
        each.name: each
        for each in parameters_of(TrainingParams)
        if each.name not in _SHARED
    }
    values = {k: v for k, v in values_of(params).items() if k != "vary"}
    return {
        each.name: make(TrainingParams, {**values, **each.values}).switches()
        for each in parse_variants(params.vary, varied)
    }


def _draw_seed(ctx: Context) -> int:
    """Return the seed of all runs, restored when they are resumed."""
    if ctx.begun is not None:
        return int(ctx.begun[_SEED])
    return int(torch.randint(2**31, (1,), generator=ctx.generator))


def _state(comparison: TrainingComparison, seed: int) -> State:
    return {**comparison.state(), _SEED: np.array(seed)}
