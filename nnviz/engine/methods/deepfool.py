"""DeepFool: the shortest way out of a class across linearized decision boundaries."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import torch

from nnviz.base.info import ADVERSARIAL_ATTACK, Need, Reference, Task
from nnviz.base.parameters import Help, Range, TargetText, Title
from nnviz.base.results import Report
from nnviz.engine.attacks.deepfool import Walk, boundaries, candidates, crossed
from nnviz.engine.attacks.params import as_tensor
from nnviz.engine.attacks.report import AttackRun
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepfoolParams:
    """Parameters of DeepFool: class to leave, candidates, overshoot."""

    target: Annotated[
        TargetText,
        Title("Class"),
        Help("The class to leave. Empty: the predicted one."),
    ] = ""
    classes: Annotated[
        int,
        Range(1, 1000, log=True),
        Help("Number of other classes to consider, the most likely first."),
    ] = 10
    overshoot: Annotated[
        float,
        Range(0, 1),
        Help(
            "Overshoot: fraction by which the boundary is crossed, applied to the "
            "whole perturbation."
        ),
    ] = 0.02
    steps: Annotated[
        int, Range(1, 1000, log=True), Help("Maximum number of steps.")
    ] = 50


@register(
    "deepfool",
    title="DeepFool",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Moosavi-Dezfooli et al. 2016", "arXiv:1511.04599"),
    tasks=(Task.CLASSIFY,),
    recorded=True,
    needs=(Need.GRADIENTS,),
)
class Deepfool:
    """Steps to the nearest decision boundary of the linearized network."""

    Params: ClassVar[type] = DeepfoolParams
    shows: ClassVar[str] = (
        "Close to the smallest perturbation that changes the prediction: at each "
        "step the decision boundaries to the most likely other classes are treated "
        "as flat, and the nearest one is crossed."
    )
    reading: ClassVar[str] = (
        "The norm of the perturbation (L2) shows how far the image is from the "
        "decision boundary: compare it across images and networks."
    )
    misleads: ClassVar[str] = (
        "It finds a short path, not the shortest: the Carlini–Wagner attack often "
        "finds a shorter one. The prediction barely changes, so rounding to a file "
        "can undo it."
    )
    presets: ClassVar[Presets] = {"demo": {"steps": 5}, "far": {"overshoot": 0.5}}

    def run(self, ctx: Context, params: DeepfoolParams) -> Iterator[Report]:
        """Yield a report a step: "adversarial", "noise", "before", "after", ..."""
        attempt = start_attack(ctx, params.target, towards=False)
        leave = attempt.chosen.goal.classes
        others = candidates(attempt.before, leave, params.classes)
        start = attempt.before.masked_fill(~leave, -torch.inf).argmax(1)
        at, done = _begin(ctx, attempt)
        for step in range(done, params.steps):
            logits, border = boundaries(
                attempt.attacked_model, at.pixels, start, others, attempt.succeeded
            )
            report = attempt.report(at.pixels, logits)
            if border is None:
                break
            at = crossed(attempt.clean, at, border, params.overshoot)
            arrays = {"noise": at.noise, "pixels": at.pixels}
            state = partial(attempt.state, {"step": step + 1}, **arrays)
            ctx.keep(attempt.numbers, state)
            ctx.step(step + 1, params.steps, noun="step")
            yield report
        yield attempt.last(at.pixels, ctx.generator)


def _begin(ctx: Context, attempt: AttackRun) -> tuple[Walk, int]:
    """Return the initial or resumed state, and the number of steps done."""
    clean = attempt.clean
    if ctx.begun is None:
        return Walk(torch.zeros_like(clean), clean), 0
    attempt.take_history(ctx.begun)
    noise, pixels = (as_tensor(ctx.begun, name, clean) for name in ("noise", "pixels"))
    return Walk(noise, pixels), int(ctx.begun["step"])
