"""Work on a finished attack: rescaling its noise, saving its image."""

from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nnviz.base.attacks import Rescaled, SavedAttack, norm_of, warning_of
from nnviz.base.events import Progress
from nnviz.base.images import image_from_array
from nnviz.base.recipes import Recipe
from nnviz.base.requests import RescaleNoise, SaveAttacked
from nnviz.engine.attacks.norms import Norm, size_of
from nnviz.engine.attacks.params import LEVELS
from nnviz.engine.attacks.report import AttackRun, gain_of
from nnviz.engine.attacks.rescale import smallest_share, weakened
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.method import Context
from nnviz.engine.targets.resolve import label
from nnviz.media.decode import open_image
from nnviz.media.encode import write_marked


def rescale(ctx: Context, request: RescaleNoise) -> Generator[Progress, None, Rescaled]:
    """Rescale an attack's noise and test the result.

    Args:
        ctx: network and image.
        request: the attack's result, and the fraction of the noise to keep.

    Raises:
        UsageError: the network has no such class.
        ModelError: the network does not classify.
    """
    attempt, attacked, share = _taken_up(ctx, request)
    noise = attacked - attempt.clean
    # One amplification for all fractions: weaker noise must look weaker.
    attempt.gain = gain_of(noise)
    norm: Norm = "l2" if norm_of(request.values) == "l2" else "linf"
    budget = LEVELS * float(size_of(noise, norm))
    pixels = weakened(attempt.clean, attacked, torch.tensor([share]))
    logits = attempt.attacked_model.logits(pixels)
    flips_at = None
    if request.search:
        goal = attempt.chosen.goal
        flips_at = yield from smallest_share(
            attempt.attacked_model, goal, attempt.clean, attacked
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


def save_attacked(ctx: Context, request: SaveAttacked) -> SavedAttack:
    """Save an attacked image, then reopen the file and test it.

    If rounding to 8 bits undoes the attack, the image is repaired; a note states
    whether JPEG or WebP undo it.

    Raises:
        InputError: no such format, or the file cannot be written.
        UsageError: the network has no such class.
        ModelError: the network does not classify.
    """
    attempt, attacked, share = _taken_up(ctx, request.noise)
    pixels = weakened(attempt.clean, attacked, torch.tensor([share]))
    raw = attempt.succeeded(attempt.attacked_model.logits(pixels))
    photo = attempt.file_of(pixels, repair=raw)
    path = Path(request.path)
    recipe = Recipe.from_json(request.recipe, path.name)
    write_marked(
        path, photo, request.recipe, warning_of(recipe), quality=request.quality
    )
    opened = open_image(path)
    logits = attempt.attacked_model.logits(ctx.model.pixel_input(opened))
    shares = logits[0].softmax(0)
    best = int(shares.argmax())
    return SavedAttack(
        path=str(path),
        fooled=attempt.succeeded(logits),
        answer=label(ctx.model.info, best),
        probability=float(shares[best]),
        exact=np.array_equal(opened.pixels, photo),
    )


def _taken_up(ctx: Context, request: RescaleNoise) -> tuple[AttackRun, Tensor, float]:
    """Restore a finished attack from a request.

    Returns:
        The attack, the attacked input (1, C, H, W), and the requested fraction.
    """
    values = request.values
    attempt = start_attack(
        ctx, str(values.get("target", "")), towards=values.get("goal") == "toward"
    )
    attacked = ctx.model.pixel_input(image_from_array(request.attacked))
    return attempt, attacked, min(max(request.share, 0.0), 1.0)
