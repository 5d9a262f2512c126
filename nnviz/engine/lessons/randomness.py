"""Random numbers of lessons: one seed a run, the same when a lesson is taken up again.
"""

import numpy as np
import torch

from nnviz.engine.context import Context

SEED = "seed"
"""Name of the seed in the state of a lesson."""


def draw_seed(ctx: Context) -> int:
    """Return the seed of a run's random numbers."""
    if ctx.begun and SEED in ctx.begun:
        return int(ctx.begun[SEED])
    return int(torch.randint(2**31, (1,), generator=ctx.generator))


def draw_random(ctx: Context) -> np.random.Generator:
    """Return numpy's generator with the seed of a run."""
    return np.random.default_rng(draw_seed(ctx))
