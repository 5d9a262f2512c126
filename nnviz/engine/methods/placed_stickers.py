"""Stickers laid on the photograph by hand: what the network says to them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from nnviz.base.attacks import ADVERSARIAL
from nnviz.base.frames import Frame
from nnviz.base.images import Image
from nnviz.base.info import Reference, Task
from nnviz.base.parameters import Help
from nnviz.base.placed import EXAMPLE, files_of, parse_placed
from nnviz.base.preprocess import Interpolation
from nnviz.base.results import Picture, Report, Result
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.ops.attack_report import rankings
from nnviz.media.placed import Layer, covered, open_placed, paste_layers, picture_of
from nnviz.media.resize import resize

_QUICK_PIXELS = 1 << 19


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedStickersParams:
    """Which stickers lie where."""

    stickers: Annotated[
        str,
        Help(
            "STICKER @ X Y WIDTH ANGLE [OPACITY], several with ; between them. "
            "STICKER is a picture file, round:FILE for a disc of it, round:#ff0000 or "
            "square:#ff0000; X and Y are the centre in shares of the photograph, WIDTH "
            "is in shares of its shorter side, ANGLE in degrees."
        ),
    ] = EXAMPLE
    picture: Annotated[
        bool,
        Help("Give the whole photograph too; the answers alone are there sooner."),
    ] = True
    quick: Annotated[
        bool,
        Help(
            "Lay them on a copy of at most half a megapixel: nearly the same answers, "
            "sooner."
        ),
    ] = False


@register(
    "placed_stickers",
    title="Placed stickers",
    group="Attack",
    live=False,
    tasks=(Task.CLASSIFY,),
    reference=Reference("Brown et al. 2017", "arXiv:1712.09665"),
)
class PlacedStickers:
    """The photograph with stickers where they were put, and the answers to it."""

    Params: ClassVar[type] = PlacedStickersParams
    shows: ClassVar[str] = (
        "What stickers that are laid on the photograph by hand do to the answer. The "
        "sticker studio, Ctrl+6, is where they are dragged, turned and learned."
    )
    reading: ClassVar[str] = (
        "Compare the bars before and after, and how little of the picture is covered."
    )
    misleads: ClassVar[str] = (
        "A sticker that hides what is asked about fools nobody: it only hides. Put it "
        "where a person still sees what it is."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: PlacedStickersParams) -> Iterator[Report]:
        """Yield one report: "adversarial", if wanted; "after", "before"."""
        victim, photo = ctx.victim(), _photo(ctx, quick=params.quick)
        layers = open_placed(parse_placed(params.stickers))
        for file in files_of(params.stickers):
            ctx.opened[file] = picture_of(file).sha256
        pixels = paste_layers(photo.pixels, layers)
        stickered = replace(photo, pixels=pixels, alpha=None)
        before, after = rankings(
            # Kept: only the stickers move.
            ctx.cached("logits", lambda: victim.logits(ctx.pixels)),
            victim.logits(ctx.model.pixel_input(stickered)),
            ctx.model.info,
        )
        answers: dict[str, Result] = {"after": after, "before": before}
        if params.picture:
            picture = Picture(pixels=stickered.as_float(), frame=Frame.PHOTO)
            answers = {ADVERSARIAL: picture, **answers}
        yield Report(answers, _notes(photo, layers))


def _photo(ctx: Context, *, quick: bool) -> Image:
    """Return the photograph, or a smaller copy that is made once."""
    photo = ctx.photo
    shrink = math.sqrt(_QUICK_PIXELS / math.prod(photo.size))
    if not quick or shrink >= 1:
        return photo
    height, width = (max(1, round(side * shrink)) for side in photo.size)

    def shrunk() -> Tensor:
        small = resize(photo.pixels, (height, width), Interpolation.BILINEAR)
        return torch.from_numpy(small)

    copy = ctx.cached("quick copy of the photograph", shrunk)
    return replace(photo, pixels=copy.numpy(), alpha=None)


def _notes(photo: Image, layers: tuple[Layer, ...]) -> tuple[str, ...]:
    share = covered(photo.size, layers)
    count = "1 sticker" if len(layers) == 1 else f"{len(layers)} stickers"
    return (f"{count}, {100 * share:.2g} % of the photograph covered",)
