"""Adversarial patch: a sticker trained to fool at any position."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor

from nnviz.base.info import ADVERSARIAL_ATTACK, Need, Reference, Task
from nnviz.base.parameters import (
    Along,
    Essential,
    Formerly,
    Help,
    ImageFolder,
    Range,
    Steerable,
    Title,
    Unit,
    When,
)
from nnviz.base.results import ColorImage, Curves, Report, Table
from nnviz.base.stickers.placement import Outline
from nnviz.engine.attacks.params import LEVELS, GoalParams, ImageCount
from nnviz.engine.attacks.patch.batches import (
    AttackBatch,
    AttackObjective,
    drawn,
    rate_of,
    slope_of,
)
from nnviz.engine.attacks.patch.compositing import Sticker
from nnviz.engine.attacks.patch.detector_batches import (
    FOUND,
    DetectorBatch,
    choose_kinds,
)
from nnviz.engine.attacks.patch.eot import Conditions, View, drawn_views, seen
from nnviz.engine.attacks.patch.printability import outlined, penalty
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.method import Context, Presets, State, register
from nnviz.engine.nn.detection import candidates_of
from nnviz.engine.optvis.report import as_image
from nnviz.engine.style.optimizer import Descent

_PERCENT = 100
_SHOWN = 9
"""Number of samples shown."""
_GRAY = 0.5
_FALLING = 0.5
"""Between pixels and the spectrum of images: large shapes emerge sooner."""
_MOST = 4.0
"""Cross entropy above which a sample adds no gradient: it is fooled, others are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchParams(GoalParams):
    """Parameters of the adversarial patch: goal, conditions (EOT), optimization."""

    image_folder: Annotated[
        ImageFolder,
        Essential(),
        Formerly("pictures"),
        Title("More images"),
        Help(
            "Folder of images to train on besides this one, so that the sticker works"
            " on others too; a fifth is held out for testing."
        ),
    ] = ""
    image_count: Annotated[ImageCount, Formerly("count")] = 200
    outline: Annotated[Outline, Essential(), Help("Shape of the sticker.")] = "round"
    side: Annotated[
        int, Title("Resolution"), Range(8, 512, log=True), Unit("px"),
        Help("Resolution of the sticker."),
    ] = 64  # fmt: skip
    smallest: Annotated[
        float, Title("Smallest width"), Range(5, 100), Unit("%"), Steerable(),
        Help("Relative to the image's shorter side; a new width is drawn each time."),
    ] = 35.0  # fmt: skip
    largest: Annotated[
        float, Title("Largest width"), Range(5, 100), Unit("%"), Steerable(),
        Help("Relative to the image's shorter side."),
    ] = 55.0  # fmt: skip
    turn: Annotated[
        float, Range(0, 180), Unit("°"), Steerable(),
        Help("Maximum rotation to either side."),
    ] = 22.5  # fmt: skip
    tilt: Annotated[
        float, Range(0, 50), Unit("%"), Steerable(),
        Help(
            "Perspective: how much larger or smaller its edges may appear than its "
            "middle."
        ),
    ] = 10.0  # fmt: skip
    light: Annotated[
        float, Range(0, 90), Unit("%"), Steerable(),
        Title("Brightness range"),
        Help("Lighting of the views, this much darker or brighter."),
    ] = 20.0  # fmt: skip
    blur: Annotated[
        float, Range(0, 5), Unit("px"), Steerable(),
        Help("Blur of the whole view (sigma)."),
    ] = 0.5  # fmt: skip
    noise: Annotated[
        float, Range(0, 64), Unit("/255"), Steerable(),
        Help("Camera noise (sigma)."),
    ] = 4.0  # fmt: skip
    anywhere: Annotated[
        bool,
        Help(
            "Train for all positions or for one. A detector overlooks only what is "
            "near the sticker: give the position."
        ),
    ] = True
    x: Annotated[
        float, Range(0, 1), Along("x"), When("anywhere", (False,)),
        Help("Horizontal position, from left (0) to right (1)."),
    ] = 0.5  # fmt: skip
    y: Annotated[
        float, Range(0, 1), Along("y"), When("anywhere", (False,)),
        Help("Vertical position, from top (0) to bottom (1)."),
    ] = 0.5  # fmt: skip
    steps: Annotated[
        int,
        Essential(),
        Range(1, 10000, log=True),
        Help("Number of Adam steps."),
    ] = 100
    batch: Annotated[int, Range(1, 128, log=True), Help("Views per step.")] = 12
    learning_rate: Annotated[
        float, Range(0.001, 10, log=True), Steerable(),
        Help("Step size."),
    ] = 0.1  # fmt: skip
    smoothness: Annotated[
        float, Title("Total variation"), Range(0, 10), Steerable(),
        Help("Weight of the smoothness penalty, which helps printing."),
    ] = 0.0  # fmt: skip
    printable: Annotated[
        float, Title("Printable colors"), Range(0, 100), Steerable(),
        Help("Weight of the penalty for colors that a printer cannot reproduce."),
    ] = 0.0  # fmt: skip
    trials: Annotated[
        int, Title("Final test"), Range(1, 10000, log=True),
        Help("Number of new views for the final test."),
    ] = 96  # fmt: skip


@register(
    "patch",
    title="Adversarial patch",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Brown et al. 2017", "arXiv:1712.09665"),
    tasks=(Task.CLASSIFY, Task.DETECT),
    recorded=True,
    needs=(Need.GRADIENTS,),
)
class Patch:
    """A sticker's colors, optimized over random positions, sizes and lighting (EOT)."""

    Params: ClassVar[type] = PatchParams
    shows: ClassVar[str] = (
        "A sticker that fools the network wherever it lies: it is trained over random"
        " positions, sizes, rotations, tilts, lighting, blur and noise (EOT)."
    )
    reading: ClassVar[str] = (
        "Each step pastes the sticker into a batch of views; the curve counts how "
        "many of them are fooled. The table tests the finished sticker under new "
        "conditions, next to a plain gray one that hides just as much."
    )
    misleads: ClassVar[str] = (
        "Trained on one image, it need not work on others: give a folder. The "
        "conditions are simulated; a printer's colors, a crease or a reflection are "
        "not. It is specific to this network. For a detector it hides, or conjures "
        "up, a class; what lies under the sticker would be hidden by any sticker."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 4, "batch": 2, "trials": 4, "side": 16},
        "to print": {
            "smoothness": 0.2, "printable": 2.0, "side": 128, "light": 30.0,
            "tilt": 20.0, "blur": 1.0, "steps": 400,
        },
        "published": {
            "smallest": 10.0, "largest": 100.0, "tilt": 0.0, "light": 0.0, "blur": 0.0,
            "noise": 0.0, "batch": 16, "steps": 500,
        },
    }  # fmt: skip

    def run(self, ctx: Context, params: PatchParams) -> Iterator[Report]:
        """Yield "patch", "samples" and "success" at each step, "test" at the end."""
        learning = _Learning(ctx, params)
        while learning.done < params.steps:
            numbers = learning.step(ctx.params)
            ctx.step(learning.done, params.steps, noun="step")
            ctx.keep(numbers, learning.state)
            yield learning.report()
        yield learning.tested(ctx.params)


class _Learning:
    """Training of a sticker; steered values take effect with the next step."""

    def __init__(self, ctx: Context, params: PatchParams) -> None:
        self._ctx = ctx
        self._task = _task(ctx, params)
        channels = ctx.pixels.shape[1]
        start = ctx.pixels.new_zeros((1, channels, params.side, params.side))
        self._alpha = outlined(params.outline, params.side, start)
        self._descent = Descent(start, "adam", history=1, falling=_FALLING)
        self._rates: list[float] = []
        self._samples = ctx.pixels
        self.done = 0
        if ctx.begun is not None:
            self._descent.restore(ctx.begun)
            self._rates = ctx.begun["rates"].tolist()
            self.done = len(self._rates)

    def step(self, params: PatchParams) -> dict[str, float]:
        """Update the colors once; return the figures measured before."""
        aim, generator = self._task.learned, self._ctx.generator
        rows = drawn(aim, params.batch, generator)
        clean = aim.images(rows)
        size = (clean.shape[2], clean.shape[3])
        views = drawn_views(_conditions(params), len(rows), size, generator)
        found: dict[str, float] = {}

        def look(numbers: Tensor) -> tuple[float, Tensor]:
            leaf = numbers.detach().requires_grad_()
            with torch.enable_grad():
                sticker = self._sticker(leaf)
                pictures = seen(clean, sticker, views, generator)
                held = penalty(sticker, params.smoothness, params.printable)
            self._samples = pictures.detach()
            slope = slope_of(aim, self._samples, rows, self._ctx.chunks.over_gradients)
            found["success"] = float(slope.reached.double().mean())
            found["score"] = float(slope.score.mean())
            outcome = held - (pictures * slope.gradient).sum() / len(rows)
            (gradient,) = torch.autograd.grad(outcome, leaf)
            return float(outcome.detach()), gradient

        self._descent.step(look, params.learning_rate)
        self._rates.append(_PERCENT * found["success"])
        self.done += 1
        return found

    def state(self) -> State:
        """Return the arrays of a resume point."""
        return {**self._descent.state(), "rates": np.array(self._rates)}

    def report(self) -> Report:
        """Return the sticker, its latest samples, and the curve of its fooling rate."""
        rates = np.array(self._rates)
        curves = Curves(
            x=np.arange(1, len(rates) + 1),
            series={"fooled": rates},
            x_label="step",
            y_label="samples fooled, %",
        )
        results = {
            "patch": self._picture(),
            "samples": as_image(self._samples[:_SHOWN]),
            "success": curves,
        }
        words = f"{self._task.words}: {rates[-1]:.3g} % of the last samples"
        return Report(results, (words,))

    def tested(self, params: PatchParams) -> Report:
        """Return the report with a test under fresh conditions."""
        learned = self._sticker(self._descent.pixels)
        gray = replace(learned, colors=torch.full_like(learned.colors, _GRAY))
        # The learned patch comes last: its samples are shown then.
        rows: list[tuple[str | float, ...]] = [
            (name, params.trials, *self._rates_of(aim, (gray, learned), params))
            for name, aim in self._task.tests
        ]
        columns = ("tested on", "places", "fooled by gray, %", "fooled, %")
        report = self.report()
        words = "; ".join(
            f"{name}: {with_it:.3g} % of {trials} new views, a gray sticker "
            f"{without:.3g} %"
            for name, trials, without, with_it in rows
        )
        table = Table(columns=columns, rows=tuple(rows))
        return replace(
            report,
            results={**report.results, "test": table},
            notes=(*report.notes, words),
        )

    def _rates_of(
        self, aim: AttackObjective, stickers: Iterable[Sticker], params: PatchParams
    ) -> tuple[float, ...]:
        """Return the fooling rates of some stickers under identical conditions, %."""
        generator, pixels = self._ctx.generator, self._ctx.pixels
        rows = drawn(aim, params.trials, generator)
        size = (pixels.shape[2], pixels.shape[3])
        views = drawn_views(_conditions(params), len(rows), size, generator)
        noise = generator.get_state()
        return tuple(
            self._rate(aim, rows, partial(self._shown, sticker, views, noise))
            for sticker in stickers
        )

    def _rate(
        self,
        aim: AttackObjective,
        rows: Tensor,
        attack: Callable[[Tensor, slice], Tensor],
    ) -> float:
        rate = rate_of(aim, rows, attack, self._ctx.chunks.over_gradients)
        return round(rate, 1)

    def _shown(
        self, sticker: Sticker, views: Sequence[View], noise: Tensor, clean: Tensor,
        part: slice,
    ) -> Tensor:  # fmt: skip
        """Render a sticker on images under their views; keep the first as samples."""
        if not part.start:
            self._ctx.generator.set_state(noise)
            self._samples = clean[:0]
        pictures = seen(clean, sticker, views[part], self._ctx.generator)
        self._samples = torch.cat([self._samples, pictures])[:_SHOWN]
        return pictures

    def _sticker(self, numbers: Tensor) -> Sticker:
        """Return the sticker of unbounded parameters; 0 is gray."""
        return Sticker(numbers.sigmoid(), self._alpha)

    def _picture(self) -> ColorImage:
        learned = self._sticker(self._descent.pixels)
        # Outside the disc nothing was learned: show gray.
        colors = torch.where(learned.alpha > 0, learned.colors, _GRAY)
        alpha = learned.alpha[0, 0].cpu().float().numpy()
        return replace(as_image(colors), alpha=alpha)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """The training and test images of a patch.

    Attributes:
        words: "toward toaster".
        learned: the training images.
        tests: the test images, by name of the group.
    """

    words: str
    learned: AttackObjective
    tests: tuple[tuple[str, AttackObjective], ...]


def _task(ctx: Context, params: PatchParams) -> _Task:
    detects = ctx.model.info.task is Task.DETECT
    words, aimed = (_watching if detects else _classifying)(ctx, params)
    photo = ctx.pixels.cpu()
    tests = [("this image", aimed(photo))]
    if not params.image_folder.strip():
        return _Task(words, tests[0][1], tuple(tests))
    learned, held_out = ctx.files.folder(
        params.image_folder, params.image_count, ctx.placement.input_size
    )
    tests.append((f"{len(held_out)} other images", aimed(held_out)))
    return _Task(words, aimed(torch.cat([photo, learned])), tuple(tests))


Aimed = Callable[[Tensor], AttackObjective]
"""From images (N, C, H, W) to the objective on them."""


def _classifying(ctx: Context, params: PatchParams) -> tuple[str, Aimed]:
    attempt = start_attack(ctx, params.target, towards=params.towards)
    named = bool(params.target.strip())

    def aimed(clean: Tensor) -> AttackObjective:
        return AttackBatch(
            attacked_model=attempt.attacked_model,
            clean=clean,
            goal=attempt.chosen.goal,
            own=not named,
            device=ctx.model.device,
            most=_MOST,
        )

    alone = named or not params.image_folder.strip()
    return (
        attempt.chosen.words if alone else "away from the prediction of each image",
        aimed,
    )


def _watching(ctx: Context, params: PatchParams) -> tuple[str, Aimed]:
    model = ctx.model
    with torch.no_grad():
        size = ctx.placement.input_size
        found = candidates_of(model.net, ctx.inference.outputs(), size, FOUND)
    kinds, words = choose_kinds(
        params.target, model.info, found, towards=params.towards
    )

    def aimed(clean: Tensor) -> AttackObjective:
        return DetectorBatch(
            model=ctx.inference.pixel_model,
            clean=clean,
            kinds=kinds,
            towards=params.towards,
            device=ctx.model.device,
        )

    return words, aimed


def _conditions(params: PatchParams) -> Conditions:
    widths = sorted((params.smallest, params.largest))
    return Conditions(
        smallest=widths[0] / _PERCENT,
        largest=widths[1] / _PERCENT,
        turn=params.turn,
        tilt=params.tilt / _PERCENT,
        light=params.light / _PERCENT,
        blur=params.blur,
        noise=params.noise / LEVELS,
        place=None if params.anywhere else (params.x, params.y),
    )
