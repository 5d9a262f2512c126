"""Vanishing and exploding gradients: powers of the recurrent weights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints, PlaneText
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.sequences.recurrent import (
    gradient_norms,
    with_largest_singular_value,
)
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_LOWEST = -12.0
"""Smallest exponent at which a gradient is drawn."""
_COMPARED = (0.8, 0.9, 1.0, 1.1, 1.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class VanishingGradientParams:
    """Parameters: the recurrent weights, and the number of steps back."""

    singular_value: Annotated[
        float,
        Range(0.5, 1.6),
        Essential(),
        Help(
            "Singular value of the recurrent weights: the factor by which they "
            "stretch a vector."
        ),
    ] = 1.1
    steps: Annotated[int, Range(5, 100), Essential(), Help("Steps back in time.")] = 40
    tanh: Annotated[
        bool,
        Essential(),
        Title("With tanh"),
        Help("The slope of tanh, below 1, shortens the gradient further."),
    ] = False
    clip: Annotated[
        float,
        Range(0, 100),
        Essential(),
        Title("Clip at"),
        Help("Longest gradient that is used; 0 clips nothing."),
    ] = 0.0
    hidden: Annotated[
        int, Range(1, 64), Title("Hidden units"), Help("Numbers in the hidden state.")
    ] = 16


@register(
    "vanishing_gradient",
    title="Vanishing and exploding gradients",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Bengio et al. 1994; Pascanu et al. 2013", "arXiv:1211.5063"),
    capabilities=lesson("Recurrent networks", 3),
)
class VanishingGradient:
    """Lesson: repeated multiplication by the recurrent weights on the way back."""

    Params: ClassVar[type] = VanishingGradientParams
    shows: ClassVar[str] = (
        "The length of a gradient on its way back through time. At each step it is "
        "multiplied by the recurrent weights once more."
    )
    reading: ClassVar[str] = (
        "The axis is logarithmic. With a singular value above 1 the gradient explodes, "
        "below 1 it vanishes; only at 1 it lasts. Gray lines are other values."
    )
    misleads: ClassVar[str] = (
        "All singular values are equal here. With different ones some directions "
        "vanish while others explode. Clipping only helps against explosion."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 20},
        "vanishes": {"singular_value": 0.9},
        "tanh": {"singular_value": 1.2, "tanh": True},
        "clipped": {"singular_value": 1.3, "clip": 5.0},
    }

    def run(self, ctx: Context, params: VanishingGradientParams) -> Iterator[Report]:
        """Yield a report for each step back in time."""
        seed = draw_seed(ctx)
        reports = _reports(params, np.random.default_rng(seed))
        yield from stepped(ctx, reports, params.steps + 1, "step back", seed=seed)


def _reports(
    params: VanishingGradientParams, random: np.random.Generator
) -> Iterator[tuple[Mapping[str, float], Report]]:
    matrix = random.normal(0, 1, (params.hidden, params.hidden))
    state = random.normal(0, 1, params.hidden)

    def norms_at(value: float) -> Numbers:
        hidden = with_largest_singular_value(matrix, value)
        return gradient_norms(hidden, params.steps, squash=params.tanh, state=state)

    norms = norms_at(params.singular_value)
    others = {value: norms_at(value) for value in _COMPARED}
    for number in range(params.steps + 1):
        length = float(norms[number])
        plane = _plane(params, norms[: number + 1], others)
        used = min(length, params.clip) if params.clip else length
        notes = (
            f"{number} steps back: the gradient is {amount(length, 3)} times as long",
            f"used {amount(used, 3)}" if params.clip else "nothing clipped",
        )
        yield {"length": length}, Report({"length": plane}, notes)


def _compared(
    params: VanishingGradientParams, others: Mapping[float, Numbers]
) -> Iterator[PlanePath]:
    """Yield the norms under other singular values, and the clipping limit."""
    for each in others.values():
        yield PlanePath(places=_places(each), style="dashed", color=-1)
    if params.clip:
        height = np.log10(params.clip)
        ends = np.array([[0, height], [params.steps, height]])
        yield PlanePath(places=ends, name="clipped above", color=2)


def _plane(
    params: VanishingGradientParams, norms: Numbers, others: Mapping[float, Numbers]
) -> Plane:
    value = params.singular_value
    top = max(2.0, float(np.log10(max(1.0, *(each.max() for each in others.values())))))
    low = min(-2.0, *(float(_log(each).min()) for each in others.values()))
    reached = float(_log(norms).max())
    here = _places(norms)[-1:]
    power = "" if params.tanh else rf" = {value:g}^{{{len(norms) - 1}}}"
    return Plane(
        x_range=(0.0, float(params.steps)),
        y_range=(low * 1.05, max(top, reached) * 1.05),
        x_label="steps back in time",
        y_label="log₁₀ of the gradient's length",
        paths=(
            *_compared(params, others),
            PlanePath(places=_places(norms), name=f"σ = {value:g}"),
        ),
        points=(PlanePoints(places=here.copy(), marker="ring"),),
        texts=_names(params.steps, others),
        formula=rf"$\|\frac{{\partial h_T}}{{\partial h_t}}\|{power} = "
        rf"{amount(float(norms[-1]), 3)}$",
    )


def _names(steps: int, others: Mapping[float, Numbers]) -> tuple[PlaneText, ...]:
    """Return labels of the compared curves, near their ends."""
    place = round(0.8 * steps)
    return tuple(
        PlaneText(x=float(place), y=float(_log(each)[place]), text=f"σ = {other:g}")
        for other, each in others.items()
    )


def _log(norms: Numbers) -> Numbers:
    return np.asarray(np.log10(np.maximum(norms, 10**_LOWEST)), np.float64)


def _places(norms: Numbers) -> Numbers:
    steps = np.arange(len(norms), dtype=np.float64)
    return np.stack([steps, _log(norms)], axis=1)
