"""Sticker attack: positions of stickers, searched by queries only."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.images import LUMINANCE, Image, image_from_array, to_float
from nnviz.base.info import ADVERSARIAL_ATTACK, Need, Reference, Task
from nnviz.base.parameters import (
    ColorText,
    Essential,
    Formerly,
    Help,
    ImageFile,
    MaskFile,
    Range,
    Title,
    Unit,
    When,
)
from nnviz.base.preprocess import Interpolation
from nnviz.base.results import Report, Table, Text
from nnviz.base.stickers.placed import PLACED, Cut, Placed, placed_text
from nnviz.base.stickers.placement import Outline
from nnviz.engine.attacks.params import GoalParams, as_tensor
from nnviz.engine.attacks.patch.compositing import Sticker, on_photo
from nnviz.engine.attacks.patch.sticker_search import (
    GENES,
    OFF_LIMITS,
    Candidate,
    Sheet,
    first_genes,
    fittest,
    mutants,
)
from nnviz.engine.attacks.report import AttackRun
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.compute.batch_size import pass_sizer
from nnviz.engine.method import Context, Presets, State, register
from nnviz.media.resize import resize
from nnviz.media.stickers.cutting import cut_out, with_alpha
from nnviz.media.stickers.placed import open_cut, open_placed, paste_layers

_PERCENT = 100
_HALF = 0.5
_WHITE = 255
_GRAY = "#808080"
_COLORS = 3
"""Of plain stickers whose color is searched: it is replaced."""
_MOST = 64
"""Maximum number of images in a pass."""
_LARGEST = 256
"""Px: maximum side of the sticker's own image in the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StickerParams(GoalParams):
    """Parameters of sticker attacks: goal, stickers, search."""

    number: Annotated[
        int,
        Essential(),
        Range(1, 20),
        Help("Number of stickers."),
    ] = 3
    sticker: Annotated[
        ImageFile,
        Essential(),
        Title("Sticker image"),
        Help(
            "An image the stickers are cut from: any image, or a trained patch. "
            "Empty: plain stickers."
        ),
    ] = ""
    outline: Annotated[
        Outline,
        Help("Shape of the stickers; square keeps what is transparent in a file."),
    ] = "round"
    color: Annotated[
        ColorText,
        Formerly("colour"),
        When("sticker", ("",)),
        Help("Color of plain stickers, as #rrggbb. Empty: searched as well."),
    ] = ""
    smallest: Annotated[
        float, Title("Smallest width"), Range(1, 100), Unit("%"),
        Help("Relative to the image's shorter side."),
    ] = 10.0  # fmt: skip
    largest: Annotated[
        float, Essential(), Title("Largest width"), Range(1, 100), Unit("%"),
        Help("Relative to the image's shorter side."),
    ] = 30.0  # fmt: skip
    middle: Annotated[
        float, Title("Clear middle"), Range(0, 90), Unit("%"),
        Help(
            "Fraction of the image's width and height, around its middle, where no "
            "sticker may lie, so that it does not simply hide the object."
        ),
    ] = 0.0  # fmt: skip
    mask: Annotated[
        MaskFile,
        Title("Keep clear"),
        Help("A mask that is white where no sticker may lie."),
    ] = ""
    queries: Annotated[
        int, Essential(), Range(1, 100000, log=True), Unit("queries"),
        Help("Maximum number of queries."),
    ] = 640  # fmt: skip
    batch: Annotated[int, Range(1, 256, log=True), Help("Candidates per batch.")] = 16
    early_stop: Annotated[
        bool,
        Formerly("stop"),
        Title("Stop early"),
        Help(
            "Stop at the first candidate that succeeds, or keep looking for a more "
            "robust one."
        ),
    ] = True
    margin: Annotated[
        float,
        Formerly("ahead"),
        Title("Margin"),
        Range(0, 20),
        Unit("logits"),
        When("early_stop", (True,)),
        Help(
            "Margin by which the prediction must change before the search ends: a "
            "bare change is undone by rounding or resizing."
        ),
    ] = 0.5  # fmt: skip


@register(
    "sticker",
    title="Stickers",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Croce et al. 2022", "arXiv:2006.12834"),
    tasks=(Task.CLASSIFY,),
    recorded=True,
    needs=(Need.GRADIENTS,),
)
class Stickers:
    """Positions, sizes, angles and colors of stickers, found by black-box search."""

    Params: ClassVar[type] = StickerParams
    shows: ClassVar[str] = (
        "How few plain stickers, or pieces of another image, change the prediction "
        "when they lie in the right positions. No gradient is used: positions, "
        "sizes, rotations and colors are tried, and the best are kept."
    )
    reading: ClassVar[str] = (
        "The notes count the queries used. The line of text recreates the same "
        "stickers in the sticker studio, where they can be moved by hand and "
        "printed. A person should still see what the image shows."
    )
    misleads: ClassVar[str] = (
        "A sticker that hides the object fools nobody: keep the middle clear. "
        "Positions are specific to this image and view: moved a little, many stickers"
        " stop working. A trained patch (Adversarial patch) tolerates more."
    )
    presets: ClassVar[Presets] = {
        "demo": {"queries": 8, "batch": 4},
        "one white disc": {"number": 1, "color": "#ffffff"},
        "beside the object": {"middle": 50.0, "number": 5, "queries": 2000},
    }

    def run(self, ctx: Context, params: StickerParams) -> Iterator[Report]:
        """Yield "adversarial", "noise", "before", "after", ..., "stickers" a batch."""
        attempt = start_attack(ctx, params.target, towards=params.towards)
        search = _Search(ctx, attempt, params)
        best = search.resumed()
        while not search.done(best):  # also a recording that ended in its last step
            best = search.further(best)
            report = search.report(best)
            ctx.step(best.tried, params.queries, noun="candidate")
            ctx.keep(attempt.numbers, partial(search.state, best))
            yield report
        yield search.last(best)


class _Search:
    """Black-box search over candidates."""

    def __init__(self, ctx: Context, attempt: AttackRun, params: StickerParams) -> None:
        self._ctx = ctx
        self._attempt = attempt
        self._params = params
        widths = sorted((params.smallest, params.largest))
        self._sheet = Sheet(
            sticker=_tensors(_image(ctx, params), ctx.pixels),
            picture=ctx.placement.input_size,
            tinted=not params.sticker.strip() and not params.color.strip(),
            smallest=widths[0] / _PERCENT,
            largest=widths[1] / _PERCENT,
            free=_kept_free(ctx, params),
        )

    def resumed(self) -> Candidate:
        """Return the resumed candidate, or an empty first one."""
        state = self._ctx.begun
        if state is None:
            return Candidate(torch.zeros((self._params.number, GENES)))
        self._attempt.take_history(state)
        return Candidate(
            as_tensor(state, "genes", torch.zeros(())),
            float(state["fitness"]),
            int(state["tried"]),
            int(state["asked"]),
        )

    def done(self, best: Candidate) -> bool:
        """Tell whether the search has succeeded, or used up its queries."""
        params = self._params
        found = params.early_stop and best.fitness > params.margin
        return found or best.tried >= params.queries

    def further(self, best: Candidate) -> Candidate:
        """Return the best candidate after one more batch of queries."""
        params, generator = self._params, self._ctx.generator
        number = min(params.batch, params.queries - best.tried)
        if not best.tried:
            genes = first_genes(number, params.number, generator)
        else:
            done = best.tried / params.queries
            genes = mutants(best.genes, number, done, generator)
        return fittest(best, genes, self._fitness(genes))

    def state(self, best: Candidate) -> State:
        """Return the arrays of a resume point."""
        counts = {"tried": best.tried, "asked": best.asked}
        fitness = torch.tensor(best.fitness, dtype=torch.float64)
        return self._attempt.state(counts, genes=best.genes, fitness=fitness)

    def report(self, best: Candidate) -> Report:
        """Return the report of the image with the stickers, and their placements."""
        pixels = self._sheet.laid(self._attempt.clean, best.genes)
        logits = self._attempt.attacked_model.logits(pixels)
        return self._with_stickers(self._attempt.report(pixels, logits), best)

    def last(self, best: Candidate) -> Report:
        """Return the final report: the saved file, and the original image's result.

        Raises:
            UsageError: all candidates lie in excluded areas.
        """
        if best.fitness <= OFF_LIMITS:
            raise UsageError(
                "--middle",
                "leaves no room for the stickers",
                "make the stickers or the mask smaller",
            )
        pixels = self._sheet.laid(self._attempt.clean, best.genes)
        last = self._attempt.last(pixels, self._ctx.generator)
        report = self._with_stickers(last, best)
        return replace(report, notes=(*report.notes, self._outcome_on_image(best)))

    def _with_stickers(self, report: Report, best: Candidate) -> Report:
        placed = self._placed(best)
        columns = ("sticker", "x, %", "y, %", "width, %", "angle, °")
        table = Table(columns=columns, rows=tuple(map(_row, placed)))
        results = {
            **report.results,
            "stickers": table,
            PLACED: Text(text=placed_text(placed)),
        }
        return replace(
            report, results=results, notes=(*report.notes, f"{best.asked} queries")
        )

    def _placed(self, best: Candidate) -> list[Placed]:
        """Return the stickers in the sticker studio's form."""
        placements = self._sheet.placements(best.genes)
        return [
            Placed(self._cut(gene), on_photo(placement, self._ctx.placement))
            for gene, placement in zip(best.genes, placements, strict=True)
        ]

    def _cut(self, gene: Tensor) -> Cut:
        params = self._params
        if params.sticker.strip():
            return Cut(params.outline, params.sticker.strip())
        if params.color.strip():
            return Cut(params.outline, params.color.strip())
        red, green, blue = (round(_WHITE * each) for each in gene[4:].tolist())
        return Cut(params.outline, f"#{red:02x}{green:02x}{blue:02x}")

    def _outcome_on_image(self, best: Candidate) -> str:
        """Describe the answer when the stickers are placed on the original image."""
        ctx = self._ctx
        layers = open_placed(self._placed(best))
        pixels = paste_layers(ctx.image.pixels, layers)
        seen = ctx.model.pixel_input(image_from_array(pixels, ctx.image.name))
        fooled = self._attempt.succeeded(self._attempt.attacked_model.logits(seen))
        outcome = "they fool too" if fooled else "they do not fool"
        return f"placed on the image before it is resized, {outcome}"

    def _fitness(self, genes: Tensor) -> list[float]:
        """Return each candidate's margin of the goal; off-limits ones rank last."""
        clean = self._attempt.clean
        fitness = [OFF_LIMITS * (1 + self._sheet.off_limits(each)) for each in genes]
        allowed = [row for row, off in enumerate(fitness) if off == OFF_LIMITS]

        def margins(part: slice) -> Tensor:
            rows = allowed[part]
            pictures = [self._sheet.laid(clean, genes[row]) for row in rows]
            logits = self._attempt.attacked_model.logits(torch.cat(pictures))
            return self._attempt.chosen.goal.margin(logits).cpu()

        pace = pass_sizer(self._ctx.model.info, self._ctx.model.device, _MOST)
        for part, found in self._ctx.chunks.over(len(allowed), pace, margins):
            for row, margin in zip(allowed[part], found.tolist(), strict=True):
                fitness[row] = margin
        return fitness


def _row(placed: Placed) -> tuple[str | float, ...]:
    at, cut = placed.placement, placed.cut
    shares = [round(_PERCENT * share, 1) for share in (at.x, at.y, at.width)]
    name = cut.text if cut.is_color else Path(cut.source).name
    return (name, *shares, round(at.angle, 1))


def _image(ctx: Context, params: StickerParams) -> Image:
    """Return the image that the stickers are cut from.

    Raises:
        InputError: no such file, no image, or no color.
    """
    if params.sticker.strip():
        return cut_out(ctx.files.image(params.sticker.strip()), params.outline)
    color = params.color.strip()
    return open_cut(Cut(params.outline, color or _GRAY))


def _tensors(image: Image, like: Tensor) -> Sticker:
    """Convert a sticker to the network's channels, reduced in size if too large.

    Raises:
        ModelError: the network takes neither color nor gray.
    """
    if like.shape[1] not in {1, _COLORS}:
        raise ModelError(
            "the network",
            f"takes {like.shape[1]} channels; stickers are in color or gray",
            "pick a network of color images",
        )
    ratio = min(1.0, _LARGEST / max(image.size))
    size = (max(1, round(image.size[0] * ratio)), max(1, round(image.size[1] * ratio)))
    whole = to_float(resize(with_alpha(image), size, Interpolation.BILINEAR))
    planes = torch.from_numpy(whole.transpose(2, 0, 1).copy())[None].to(like)
    colors, alpha = planes[:, :-1], planes[:, -1:]
    if like.shape[1] == 1:
        weights = torch.tensor(LUMINANCE).to(like)
        colors = torch.einsum("nchw,c->nhw", colors, weights)[:, None]
    return Sticker(colors, alpha)


def _kept_free(ctx: Context, params: StickerParams) -> Tensor | None:
    """Return the mask where no sticker may lie, (1, 1, H, W); None for no limits.

    Raises:
        InputError: the mask is no image.
    """
    free = torch.zeros_like(ctx.pixels[:, :1])
    if params.mask.strip():
        free = (ctx.files.pixels(params.mask.strip()).mean(1, keepdim=True) > _HALF).to(
            free
        )
    height, width = free.shape[2:]
    top, left = (
        round(side * (1 - params.middle / _PERCENT) / 2) for side in (height, width)
    )
    if params.middle:
        free[..., top : height - top, left : width - left] = 1
    return free if bool(free.any()) else None
