"""Stickers placed on the image by hand, with the network's answers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from nnviz.base.attacks import ADVERSARIAL, AFTER, BEFORE, SURVIVAL
from nnviz.base.frames import Frame
from nnviz.base.images import Image, Pixels, eight_bits, image_from_array
from nnviz.base.info import ADVERSARIAL_ATTACK, Reference, Task
from nnviz.base.parameters import Help, StickersText, Title
from nnviz.base.preprocess import Interpolation
from nnviz.base.results import ColorImage, Report, Result, Table
from nnviz.base.stickers.placed import EXAMPLE, files_of, parse_placed
from nnviz.engine.attacks.report import rankings
from nnviz.engine.attacks.robustness_checks import survival
from nnviz.engine.attacks.run import attacked_model, start_attack
from nnviz.engine.method import Context, Presets, register
from nnviz.media.resize import resize
from nnviz.media.stickers.placed import (
    Layer,
    covered,
    image_of,
    open_placed,
    paste_layers,
)

_QUICK_PIXELS = 1 << 19


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedStickersParams:
    """Parameters of placed stickers: the stickers, and what to compute."""

    stickers: Annotated[
        StickersText,
        Help(
            "STICKER @ X Y WIDTH ANGLE [OPACITY], several separated by ;. STICKER is "
            "an image file, round:FILE for a disc of it, round:#ff0000 or "
            "square:#ff0000; X and Y are the center as fractions of the image, WIDTH "
            "is a fraction of its shorter side, ANGLE is in degrees."
        ),
    ] = EXAMPLE
    picture: Annotated[
        bool,
        Title("Image"),
        Help("Return the whole image too; the predictions alone are faster."),
    ] = True
    quick: Annotated[
        bool,
        Help(
            "Place them on a copy of at most half a megapixel: nearly the same "
            "predictions, faster."
        ),
    ] = False


@register(
    "placed_stickers",
    title="Placed stickers",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Brown et al. 2017", "arXiv:1712.09665"),
)
class PlacedStickers:
    """The image with placed stickers, and the network's answers to it."""

    Params: ClassVar[type] = PlacedStickersParams
    shows: ClassVar[str] = (
        "What stickers placed by hand do to the prediction. Drag, rotate and train "
        "them in the sticker studio (Ctrl+6)."
    )
    reading: ClassVar[str] = (
        "Compare the bars before and after, and how little of the image is covered."
    )
    misleads: ClassVar[str] = (
        "A sticker that hides the object fools nobody: it only hides it. Place it "
        "where a person can still see what the image shows."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: PlacedStickersParams) -> Iterator[Report]:
        """Yield one report: optional "adversarial", then "after", "before", "survival".

        For a network that does not classify, "adversarial" alone.
        """
        layers = open_placed(parse_placed(params.stickers))
        for file in files_of(params.stickers):
            ctx.files.hashes[file] = image_of(file).sha256
        photo = _photo(ctx, quick=params.quick)
        pixels = paste_layers(photo.pixels, layers)
        classifies = ctx.model.info.task is Task.CLASSIFY
        results: dict[str, Result] = {}
        if params.picture or not classifies:
            shown = replace(photo, pixels=pixels, alpha=None).as_float()
            results[ADVERSARIAL] = ColorImage(pixels=shown, frame=Frame.PHOTO)
        if classifies:
            results |= _answers(ctx, pixels)
        notes = _notes(photo, layers)
        if classifies and params.picture and ctx.activations("").shape[1] > 1:
            small = _photo(ctx, quick=True)
            results[SURVIVAL] = _survival(ctx, paste_layers(small.pixels, layers))
            if small.size != photo.size:
                height, width = small.size
                notes = (*notes, f"survival: of a copy of {width} x {height} px")
        yield Report(results, notes)


def _answers(ctx: Context, pixels: Pixels) -> dict[str, Result]:
    """Return the rankings of the image with and without stickers."""
    attacked = attacked_model(ctx)
    # Cached: only the stickers move.
    before = ctx.inference.cached("logits", lambda: attacked.logits(ctx.pixels))
    after = attacked.logits(ctx.model.pixel_input(image_from_array(pixels)))
    first, second = rankings(before, after, ctx.model.info)
    return {AFTER: second, BEFORE: first}


def _survival(ctx: Context, pixels: Pixels) -> Table:
    """Return the survival table of the stickers' effect in files and cameras."""
    attempt = start_attack(ctx, "", towards=False)
    return survival(
        attempt.files,
        attempt.attacked_model,
        attempt.chosen,
        ctx.model.info,
        eight_bits(pixels),
        seed=int(torch.randint(1 << 31, (1,), generator=ctx.generator)),
    )


def _photo(ctx: Context, *, quick: bool) -> Image:
    """Return the image, or a cached smaller copy."""
    photo = ctx.image
    shrink = math.sqrt(_QUICK_PIXELS / math.prod(photo.size))
    if not quick or shrink >= 1:
        return photo
    height, width = (max(1, round(side * shrink)) for side in photo.size)

    def shrunk() -> Tensor:
        small = resize(photo.pixels, (height, width), Interpolation.BILINEAR)
        return torch.from_numpy(small)

    copy = ctx.inference.cached("small copy of the image", shrunk)
    return replace(photo, pixels=copy.numpy(), alpha=None)


def _notes(photo: Image, layers: tuple[Layer, ...]) -> tuple[str, ...]:
    share = covered(photo.size, layers)
    count = "1 sticker" if len(layers) == 1 else f"{len(layers)} stickers"
    return (f"{count}, {100 * share:.2g} % of the image covered",)
