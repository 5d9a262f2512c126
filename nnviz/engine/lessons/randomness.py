"""Random seed of a lesson, restored when its recording is resumed."""

import torch

from nnviz.engine.context import Context

SEED = "seed"
"""Name of the seed in the state of a lesson."""


def draw_seed(ctx: Context) -> int:
    """Return the seed of a run: the recorded one, else a new one."""
    if ctx.begun and SEED in ctx.begun:
        return int(ctx.begun[SEED])
    return int(torch.randint(2**31, (1,), generator=ctx.generator))
