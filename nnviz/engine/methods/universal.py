"""Universal adversarial perturbation: one noise that fools on many images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor

from nnviz.base.frames import Frame
from nnviz.base.info import ADVERSARIAL_ATTACK, Need, Reference, Task
from nnviz.base.parameters import (
    Essential,
    Formerly,
    Help,
    ImageFolder,
    Range,
    Steerable,
    Title,
    Unit,
)
from nnviz.base.results import ColorImage, Curves, Report, Result, Table
from nnviz.engine.attacks.norms import random_noise
from nnviz.engine.attacks.params import (
    LEVELS,
    BallParams,
    ImageCount,
    StepSize,
    as_tensor,
)
from nnviz.engine.attacks.patch.batches import AttackBatch, drawn, rate_of, slope_of
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.attacks.universal import (
    MOST,
    ascended,
    copies,
    gathered,
    kept_up,
    noisy,
)
from nnviz.engine.method import Context, Presets, State, register
from nnviz.engine.optvis.report import as_image

_PERCENT = 100
_COPIES = 40
"""Crops of the image that replace many images where no folder is given."""
_KEPT = 8
"""Number of them for the test."""
_WATCHED = 32
"""Maximum number of held-out images evaluated during the run."""
_LOOK_EVERY = 10
"""Steps between two evaluations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniversalParams(BallParams):
    """Parameters of universal noise: goal, budget, images."""

    epsilon: Annotated[
        float,
        Essential(),
        Range(0.1, 2550, log=True),
        Unit("/255"),
        Steerable(),
        Help(
            "Maximum change: per pixel (L∞), or of all pixels together as the norm of"
            " the perturbation (L2)."
        ),
    ] = 10.0
    image_folder: Annotated[
        ImageFolder,
        Essential(),
        Formerly("pictures"),
        Title("Image folder"),
        Help(
            "Images to train on, a fifth of which is held out for testing. Empty: "
            "crops of this image."
        ),
    ] = ""
    image_count: Annotated[ImageCount, Formerly("count")] = 200
    steps: Annotated[
        int,
        Essential(),
        Range(1, 10000, log=True),
        Help("Total number of steps."),
    ] = 100
    batch: Annotated[int, Range(1, 128, log=True), Help("Images per step.")] = 16
    step: StepSize = 1.0
    momentum: Annotated[
        float,
        Range(0, 1),
        Steerable(),
        Help("Momentum: fraction of the previous direction that is kept."),
    ] = 0.9


@register(
    "universal",
    title="Universal perturbation",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Shafahi et al. 2020", "arXiv:1811.11304"),
    tasks=(Task.CLASSIFY,),
    recorded=True,
    needs=(Need.GRADIENTS,),
)
class Universal:
    """One noise, optimized to fool on as many images as possible."""

    Params: ClassVar[type] = UniversalParams
    shows: ClassVar[str] = (
        "A single perturbation that fools the network on any image it is added to; it"
        " is trained on batches of images from a folder."
    )
    reading: ClassVar[str] = (
        "The curve for held-out images is the one that counts. The table compares it "
        "with random noise of the same size. The perturbation itself, shown "
        "amplified, often repeats one pattern."
    )
    misleads: ClassVar[str] = (
        "Without a folder it is trained on crops of one image and need not work on "
        "others. It is specific to this network and to images like those in the "
        "folder."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 3, "batch": 2},
        "L2": {"norm": "l2", "epsilon": 2000.0, "step": 200.0},
    }

    def run(self, ctx: Context, params: UniversalParams) -> Iterator[Report]:
        """Yield "adversarial", "noise", ..., "universal" and "fooled" each step."""
        learning = _Learning(ctx, params)
        while learning.done < params.steps:
            numbers = learning.step(ctx.params)
            ctx.step(learning.done, params.steps, noun="step")
            ctx.keep(numbers, learning.state)
            yield learning.report()
        yield learning.tested()


class _Learning:
    """Training of a universal noise; steered values take effect with the next step."""

    def __init__(self, ctx: Context, params: UniversalParams) -> None:
        self._ctx = ctx
        self._params = params
        self._attempt = start_attack(ctx, params.target, towards=params.towards)
        seed = torch.Generator().manual_seed(0)
        self._learned, self._held_out = self._batches(seed)
        self._noise = torch.zeros_like(ctx.pixels)
        self._momentum = torch.zeros_like(ctx.pixels)
        self._rates: list[float] = []
        self._looks: list[tuple[float, float]] = []
        if ctx.begun is not None:
            self._attempt.take_history(ctx.begun)
            self._noise = as_tensor(ctx.begun, "noise", ctx.pixels)
            self._momentum = as_tensor(ctx.begun, "momentum", ctx.pixels)
            self._rates = ctx.begun["rates"].tolist()
            self._looks = [(at, rate) for at, rate in ctx.begun["looks"].tolist()]

    @property
    def done(self) -> int:
        """Number of steps taken."""
        return len(self._rates)

    def step(self, params: UniversalParams) -> dict[str, float]:
        """Update the noise once; return the figures measured before."""
        rows = drawn(self._learned, params.batch, self._ctx.generator)
        clean = self._learned.images(rows)
        pixels = noisy(clean, self._noise)
        slope = slope_of(self._learned, pixels, rows, self._ctx.chunks.over_gradients)
        gradient = gathered(clean, self._noise, slope.gradient)
        self._momentum = kept_up(self._momentum, gradient, params.momentum)
        self._noise = ascended(
            self._noise,
            self._momentum,
            epsilon=params.epsilon / LEVELS,
            step=params.step / LEVELS,
            norm=params.norm,
        )
        rate = float(slope.reached.double().mean())
        self._rates.append(_PERCENT * rate)
        if self.done % _LOOK_EVERY == 0:
            watched = torch.arange(min(_WATCHED, len(self._held_out)))
            self._looks.append((self.done, self._rate(self._noise, watched)))
        return {"success": rate, "score": float(slope.score.mean())}

    def state(self) -> State:
        """Return the arrays of a resume point."""
        return {
            **self._attempt.state({}, noise=self._noise, momentum=self._momentum),
            "rates": np.array(self._rates),
            "looks": np.array(self._looks).reshape(-1, 2),
        }

    def report(self) -> Report:
        """Return the image with the noise, the noise, and the fooling rate's curve."""
        pixels = noisy(self._ctx.pixels, self._noise)
        report = self._attempt.report(
            pixels, self._attempt.attacked_model.logits(pixels)
        )
        return replace(report, results={**report.results, **self._results()})

    def tested(self) -> Report:
        """Return the report with the test on held-out images."""
        ctx = self._ctx
        rows = torch.arange(len(self._held_out))
        size = self._ctx.params.epsilon / LEVELS
        other = random_noise(self._noise, size, self._params.norm, ctx.generator)
        rates = (self._rate(other, rows), self._rate(self._noise, rows))
        last = self._attempt.last(noisy(ctx.pixels, self._noise), ctx.generator)
        what = "crops of this image" if self._alone else "other images"
        table = Table(
            columns=("tested on", "images", "fooled by random noise, %", "fooled, %"),
            rows=((what, len(rows), *(round(rate, 1) for rate in rates)),),
        )
        words = (
            f"{rates[1]:.3g} % of {len(rows)} {what} that it was not trained on; "
            f"random noise {rates[0]:.3g} %"
        )
        results = {**last.results, **self._results(), "test": table}
        return replace(last, results=results, notes=(*last.notes, words))

    @property
    def _alone(self) -> bool:
        return not self._params.image_folder.strip()

    def _results(self) -> dict[str, Result]:
        results: dict[str, Result] = {
            "universal": self._perturbation(),
            "fooled": _curve(
                "training images", np.arange(1, self.done + 1), self._rates
            ),
        }
        if self._looks:
            at, rates = np.array(self._looks).T
            results["fooled_others"] = _curve("held-out images", at, rates)
        return results

    def _perturbation(self) -> ColorImage:
        """Return the noise around gray, scaled to its largest value."""
        largest = float(self._noise.abs().max())
        shown = as_image(0.5 + self._noise / (2 * largest or 1.0))
        return ColorImage(
            pixels=shown.pixels.clip(0, 1),
            frame=Frame.INPUT,
            placement=self._ctx.placement,
        )

    def _rate(self, noise: Tensor, rows: Tensor) -> float:
        """Return the fooling rate of a noise on held-out images, %."""

        def attack(clean: Tensor, _part: slice) -> Tensor:
            return noisy(clean, noise)

        return rate_of(self._held_out, rows, attack, self._ctx.chunks.over_gradients)

    def _batches(self, generator: torch.Generator) -> tuple[AttackBatch, AttackBatch]:
        """Return the training batch, this image included, and the test batch."""
        ctx, params = self._ctx, self._params
        if self._alone:
            several = copies(ctx.pixels, _COPIES, generator)
            learned, held_out = several[_KEPT:], several[:_KEPT]
        else:
            learned, held_out = ctx.files.folder(
                params.image_folder, params.image_count, ctx.placement.input_size
            )
        batch = partial(
            AttackBatch,
            attacked_model=self._attempt.attacked_model,
            goal=self._attempt.chosen.goal,
            own=not params.target.strip(),
            device=ctx.model.device,
            most=MOST,
        )
        whole = torch.cat([ctx.pixels.cpu(), learned])
        return batch(clean=whole), batch(clean=held_out)


def _curve(name: str, steps: np.ndarray, rates: Sequence[float]) -> Curves:
    return Curves(
        x=steps,
        series={name: np.array(rates)},
        x_label="step",
        y_label="images fooled, %",
    )
