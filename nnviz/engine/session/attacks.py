"""Jobs on an attack that was found: its noise made weaker."""

from collections.abc import Generator

import torch

from nnviz.base.attacks import Rescaled, norm_of
from nnviz.base.events import Progress
from nnviz.base.images import image_from_array
from nnviz.base.requests import RescaleNoise
from nnviz.engine.method import Context
from nnviz.engine.ops.attack_norms import Norm, size_of
from nnviz.engine.ops.attack_report import gain_of
from nnviz.engine.ops.attack_scale import smallest_share, weakened
from nnviz.engine.ops.attacks import LEVELS


def rescale(ctx: Context, request: RescaleNoise) -> Generator[Progress, None, Rescaled]:
    """Ask the network about the photograph with a share of an attack's noise.

    Args:
        ctx: network and photograph.
        request: what the attack made of it, and how much of that is wanted.

    Raises:
        UsageError: the network has no such class.
        ModelError: the network does not classify.
    """
    values = request.values
    towards = values.get("goal") == "towards"
    attempt = ctx.attempt(str(values.get("target", "")), towards=towards)
    attacked = ctx.model.pixel_input(image_from_array(request.attacked))
    noise = attacked - attempt.clean
    # One strength for all shares: weaker noise is to look weaker.
    attempt.gain = gain_of(noise)
    norm: Norm = "l2" if norm_of(values) == "l2" else "linf"
    budget = LEVELS * float(size_of(noise, norm))
    share = min(max(request.share, 0.0), 1.0)
    pixels = weakened(attempt.clean, attacked, torch.tensor([share]))
    logits = attempt.victim.logits(pixels)
    flips_at = None
    if request.search:
        goal = attempt.chosen.goal
        flips_at = yield from smallest_share(
            attempt.victim, goal, attempt.clean, attacked
        )
    return Rescaled(
        report=attempt.report(pixels, logits),
        share=share,
        epsilon=share * budget,
        norm=norm,
        fooled=attempt.succeeded(logits),
        budget=budget,
        flips_at=None if flips_at is None else flips_at * budget,
    )
