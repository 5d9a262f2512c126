"""Carlini and Wagner's attack: the smallest noise in L2, at the cost of many passes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar

from torch import Tensor

from nnviz.base.info import ADVERSARIAL_ATTACK, Need, Reference, Task
from nnviz.base.parameters import Essential, Formerly, Help, Range, Title
from nnviz.base.results import Report
from nnviz.engine.attacks.carlini_wagner import (
    Constants,
    Descent,
    Search,
    anew,
    descend,
    first_constants,
    first_descent,
)
from nnviz.engine.attacks.params import GoalParams, as_tensor
from nnviz.engine.attacks.report import AttackRun
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.method import Context, Presets, register

_DESCENT = ("change", "mean", "square", "best", "norm", "here")
_CONSTANTS = ("value", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class CwParams(GoalParams):
    """Parameters of the Carlini-Wagner attack: goal, rounds, steps."""

    rounds: Annotated[
        int, Range(1, 20), Help("Number of values of c to try, by binary search.")
    ] = 5
    steps: Annotated[
        int, Essential(), Range(1, 10000, log=True), Help("Steps per value of c.")
    ] = 100
    learning_rate: Annotated[
        float,
        Formerly("rate"),
        Range(1e-4, 1, log=True),
        Title("Learning rate"),
        Help("Adam's learning rate."),
    ] = 0.01
    confidence: Annotated[
        float,
        Essential(),
        Range(0, 100),
        Help("Required margin of the wanted class, in logits (kappa)."),
    ] = 0.0
    constant: Annotated[
        float,
        Range(1e-5, 1e5, log=True),
        Title("Initial c"),
        Help(
            "Weight of the goal relative to the perturbation; the search begins with"
            " it."
        ),
    ] = 0.1


@register(
    "cw",
    title="Carlini–Wagner",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Carlini & Wagner 2017", "arXiv:1608.04644"),
    tasks=(Task.CLASSIFY,),
    recorded=True,
    needs=(Need.GRADIENTS,),
)
class CarliniWagner:
    """The Carlini-Wagner attack: noise and goal minimized jointly, for several c."""

    Params: ClassVar[type] = CwParams
    shows: ClassVar[str] = (
        "The smallest perturbation (L2) that a long search finds to change the "
        "prediction: perturbation and goal are minimized together, with the "
        "smallest weight on the goal that still succeeds."
    )
    reading: ClassVar[str] = (
        "The image shown is the closest successful one so far. With a confidence "
        "above 0 the prediction is changed by a margin and survives more."
    )
    misleads: ClassVar[str] = (
        "The result is not an 8-bit image: rounding it to a file may undo a "
        "perturbation this small. Too few rounds or steps give a perturbation that is"
        " larger than necessary."
    )
    presets: ClassVar[Presets] = {
        "demo": {"rounds": 2, "steps": 4, "constant": 10.0},
        "published": {"rounds": 9, "steps": 10000, "constant": 0.001},
        "quick": {"rounds": 3, "steps": 50, "constant": 1.0},
    }

    def run(self, ctx: Context, params: CwParams) -> Iterator[Report]:
        """Yield a report a step: "adversarial", "noise", "before", "after", ..."""
        attempt = start_attack(ctx, params.target, towards=params.towards)
        search = Search(rate=params.learning_rate, confidence=params.confidence)
        at = _begin(ctx, attempt, params.constant)
        total = params.rounds * params.steps
        while at.done < total:
            if at.done and at.done % params.steps == 0:
                at = at.next_round()
            descent, logits = descend(
                attempt.attacked_model,
                attempt.chosen.goal,
                attempt.clean,
                at.descent,
                at.constants.value,
                search,
            )
            at = at.moved(descent, logits)
            report = attempt.report(descent.best, at.best, (at.words,))
            state = partial(attempt.state, at.counts, **at.tensors)
            ctx.keep(attempt.numbers, state)
            ctx.step(at.done, total, noun="step")
            yield report
        yield attempt.last(at.descent.best, ctx.generator)


@dataclass(frozen=True, slots=True, eq=False)
class _SearchState:
    """State of the search: a descent, the values of c, and the best logits so far."""

    descent: Descent
    constants: Constants
    best: Tensor
    """Logits of the nearest image that succeeded, (1, K)."""
    done: int = 0

    @property
    def words(self) -> str:
        """The current value of c, as text."""
        return f"c = {float(self.constants.value):.3g}"

    @property
    def counts(self) -> dict[str, int]:
        """Counters of the search and the descent, for a resume point."""
        return {"step": self.descent.step, "done": self.done}

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Tensors of the search and the descent, for a resume point."""
        found = {name: getattr(self.descent, name) for name in _DESCENT}
        found |= {name: getattr(self.constants, name) for name in _CONSTANTS}
        return found | {"logits": self.best}

    def next_round(self) -> "_SearchState":
        """Return the state at the start of the next round, with new values of c."""
        constants = self.constants.after(self.descent.here)
        return replace(self, constants=constants, descent=anew(self.descent))

    def moved(self, descent: Descent, logits: Tensor) -> "_SearchState":
        """Return the state after a step, given the logits of its start."""
        nearer = bool(descent.norm < self.descent.norm)
        best = logits if nearer else self.best
        return replace(self, descent=descent, best=best, done=self.done + 1)


def _begin(ctx: Context, attempt: AttackRun, constant: float) -> _SearchState:
    """Return the initial state, or the resumed one."""
    clean, state = attempt.clean, ctx.begun
    descent, constants = first_descent(clean), first_constants(1, constant, clean)
    if state is None:
        return _SearchState(descent, constants, attempt.before)
    attempt.take_history(state)
    parts = {name: as_tensor(state, name, getattr(descent, name)) for name in _DESCENT}
    values = (as_tensor(state, name, constants.value) for name in _CONSTANTS)
    return _SearchState(
        replace(descent, step=int(state["step"]), **parts),
        Constants(*values),
        as_tensor(state, "logits", attempt.before),
        int(state["done"]),
    )
