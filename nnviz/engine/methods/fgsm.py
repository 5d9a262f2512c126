"""The fast gradient sign method (FGSM): one step of equal size for every pixel."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ADVERSARIAL_ATTACK, Need, Reference, Task
from nnviz.base.results import Report
from nnviz.engine.attacks.params import LEVELS, BallParams
from nnviz.engine.attacks.pgd_step import AscentStep, Position, climbed
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.method import Context, Presets, register


@register(
    "fgsm",
    title="FGSM",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=True,
    reference=Reference("Goodfellow et al. 2015", "arXiv:1412.6572"),
    tasks=(Task.CLASSIFY,),
    needs=(Need.GRADIENTS,),
)
class Fgsm:
    """One step of length epsilon along the sign of the gradient."""

    Params: ClassVar[type] = BallParams
    shows: ClassVar[str] = (
        "What a single step along the gradient does to the prediction: every pixel "
        "becomes brighter or darker by epsilon, whichever raises the loss."
    )
    reading: ClassVar[str] = (
        "Compare the bars before and after. Raise epsilon until the prediction "
        "flips: the smaller it is, the closer the image is to the decision boundary."
    )
    misleads: ClassVar[str] = (
        "The loss is not linear: a larger step can do less, and PGD finds much "
        "smaller perturbations. Withstanding it does not make a network robust."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "panda": {"epsilon": 1.785},
        "strong": {"epsilon": 8.0},
    }

    def run(self, ctx: Context, params: BallParams) -> Iterator[Report]:
        """Yield one report: "adversarial", "noise", "before", "after"."""
        attempt = start_attack(ctx, params.target, towards=params.towards)
        attacked_model, clean = attempt.attacked_model, attempt.clean
        _, gradient = attacked_model.gradient(clean, attempt.chosen.goal.loss)
        epsilon = params.epsilon / LEVELS
        how = AscentStep(epsilon=epsilon, step=epsilon, norm=params.norm)
        pixels = climbed(clean, Position(clean, gradient), gradient, how).pixels
        if ctx.inference.live:
            yield attempt.report(pixels, attacked_model.logits(pixels))
        else:
            yield attempt.last(pixels, ctx.generator)
