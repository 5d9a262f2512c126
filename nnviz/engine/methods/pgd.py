"""Projected gradient descent (PGD): many small steps within a norm ball."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import torch

from nnviz.base.info import ADVERSARIAL_ATTACK, Need, Reference, Task
from nnviz.base.parameters import Essential, Formerly, Help, Range, Steerable, Title
from nnviz.base.results import Report
from nnviz.engine.attacks.norms import random_noise
from nnviz.engine.attacks.params import LEVELS, BallParams, StepSize, as_tensor
from nnviz.engine.attacks.pgd_step import AscentStep, Position, climbed
from nnviz.engine.attacks.report import AttackRun
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class PgdParams(BallParams):
    """Parameters of PGD: goal, budget, steps."""

    steps: Annotated[
        int,
        Essential(),
        Range(1, 10000, log=True),
        Help("Maximum number of steps."),
    ] = 40
    step: StepSize = 0.5
    random_start: Annotated[
        bool,
        Formerly("start"),
        Title("Random start"),
        Help("Start at a random point inside the budget (PGD), or at the image (BIM)."),
    ] = True
    momentum: Annotated[
        float,
        Range(0, 1),
        Steerable(),
        Help(
            "Momentum: fraction of the previous direction that is kept; 1 is "
            "MI-FGSM, 0 none."
        ),
    ] = 0.0
    early_stop: Annotated[
        bool,
        Formerly("stop"),
        Title("Stop early"),
        Help("Stop at the first step that succeeds, or use all steps."),
    ] = False


@register(
    "pgd",
    title="PGD",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Madry et al. 2018", "arXiv:1706.06083"),
    tasks=(Task.CLASSIFY,),
    recorded=True,
    needs=(Need.GRADIENTS,),
)
class Pgd:
    """Small steps up the loss, each projected back into the ball."""

    Params: ClassVar[type] = PgdParams
    shows: ClassVar[str] = (
        "An image that looks like yours but that the network classifies as something "
        "else: the perturbation is found by many small gradient steps, none of which "
        "may leave the budget."
    )
    reading: ClassVar[str] = (
        "Compare the bars before and after, and look at the perturbation, which is "
        "shown amplified. The curve shows how soon the prediction flipped."
    )
    misleads: ClassVar[str] = (
        "The perturbation is made for this network and this exact file: another "
        "network, JPEG compression or a photo of the screen may undo it. Failing "
        "within some steps does not prove that the network is robust."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 5},
        "BIM": {"random_start": False},
        "MI-FGSM": {"random_start": False, "momentum": 1.0, "steps": 10},
        "L2": {"norm": "l2", "epsilon": 128.0, "step": 26.0},
    }

    def run(self, ctx: Context, params: PgdParams) -> Iterator[Report]:
        """Yield a report a step: "adversarial", "noise", "before", "after", ..."""
        attempt = start_attack(ctx, params.target, towards=params.towards)
        at, done = _begin(ctx, attempt, params)
        for step in range(done, params.steps):
            logits, gradient = attempt.attacked_model.gradient(
                at.pixels, attempt.chosen.goal.loss
            )
            report = attempt.report(at.pixels, logits)
            if params.early_stop and attempt.succeeded(logits):
                break
            at = climbed(attempt.clean, at, gradient, _how(ctx.params))
            arrays = {"pixels": at.pixels, "momentum": at.momentum}
            state = partial(attempt.state, {"step": step + 1}, **arrays)
            ctx.keep(attempt.numbers, state)
            ctx.step(step + 1, params.steps, noun="step")
            yield report
        yield attempt.last(at.pixels, ctx.generator)


def _how(params: PgdParams) -> AscentStep:
    return AscentStep(
        epsilon=params.epsilon / LEVELS,
        step=params.step / LEVELS,
        norm=params.norm,
        decay=params.momentum,
    )


def _begin(ctx: Context, attempt: AttackRun, params: PgdParams) -> tuple[Position, int]:
    """Return the initial or resumed state, and the number of steps done."""
    clean = attempt.clean
    if ctx.begun is not None:
        attempt.take_history(ctx.begun)
        pixels = as_tensor(ctx.begun, "pixels", clean)
        momentum = as_tensor(ctx.begun, "momentum", clean)
        return Position(pixels, momentum), int(ctx.begun["step"])
    pixels = clean
    if params.random_start:
        noise = random_noise(clean, params.epsilon / LEVELS, params.norm, ctx.generator)
        pixels = (clean + noise).clamp(0, 1)
    return Position(pixels, torch.zeros_like(clean)), 0
