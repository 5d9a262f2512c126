"""Fast style: a feed-forward style network, in one pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import ModelError
from nnviz.base.frames import Frame
from nnviz.base.info import STYLIZATION, Reference, Task
from nnviz.base.parameters import (
    FormerChoices,
    Formerly,
    Help,
    Lowest,
    Range,
    Title,
    Unit,
)
from nnviz.base.results import ColorImage, Report
from nnviz.engine.compute.memory import in_words
from nnviz.engine.imaging.pyramid import scaled
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.style.color_transfer import with_colors_of

_PERCENT = 100
_SEEN, _PAINTED = "fast style seen", "fast style painted"
_SQUARE = 4
"""Side of a cell that is averaged, px: a camera's noise is not movement."""
_MOVED = 0.08
"""Minimum difference of two frames that counts as movement."""
_PICTURE_AXES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FastStyleParams:
    """Parameters of fast style: size, strength, colors, temporal stability."""

    size: Annotated[
        int,
        Range(0, 4096),
        Lowest("original"),
        Unit("px"),
        Help("Longest side of the painting; 0 keeps the size of your image."),
    ] = 256
    strength: Annotated[
        float,
        Range(0, 100),
        Unit("%"),
        Help("Blend between your image (0 %) and the painting (100 %)."),
    ] = 100.0
    colors: Annotated[
        Literal["of the style", "of the image"],
        FormerChoices({"photograph": "of the image"}),
        Formerly("colours"),
        Help(
            "Colors of the painting, or those of your image with only the lightness "
            "painted."
        ),
    ] = "of the style"
    steadiness: Annotated[
        float,
        Title("Steadiness"),
        Range(0, 95),
        Unit("%"),
        Help(
            "For videos and Live: fraction of the previous painting that is kept "
            "where nothing moves, against flicker."
        ),
    ] = 50.0


@register(
    "fast_style",
    title="Fast style",
    group="Style",
    capabilities=STYLIZATION,
    live=True,
    reference=Reference("Johnson et al. 2016", "arXiv:1603.08155"),
    tasks=(Task.REPAINT,),
)
class FastStyle:
    """Fast style: the output of an image-to-image network, in one pass."""

    Params: ClassVar[type] = FastStyleParams
    shows: ClassVar[str] = (
        "Your image as the network paints it: in the one style it was trained on, or "
        "translated to another kind of image."
    )
    reading: ClassVar[str] = (
        "One pass takes milliseconds where optimization takes a minute, so live video"
        " can be painted. The size sets how large the strokes are relative to the "
        "content."
    )
    misleads: ClassVar[str] = (
        "The network knows one style at about one size: in much larger images the "
        "strokes are fine, in much smaller ones detail is lost."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "large": {"size": 0},
        "keep the colors": {"colors": "of the image"},
    }

    def run(self, ctx: Context, params: FastStyleParams) -> Iterator[Report]:
        """Yield one report: "painting"."""
        model = ctx.model
        size = scaled(ctx.image.size, params.size)
        photograph = model.whole_input(ctx.image, size)
        with in_words(model.info.title):
            painting = _painted(ctx, photograph)
        painting = _steadied(ctx, photograph, painting, params.steadiness / _PERCENT)
        if params.colors == "of the image":
            painting = with_colors_of(painting, photograph)
        if params.strength < _PERCENT:
            painting = torch.lerp(photograph, painting, params.strength / _PERCENT)
        pixels = painting[0].permute(1, 2, 0).contiguous().cpu().numpy()
        picture = ColorImage(pixels=pixels, frame=Frame.PHOTO, placement=ctx.placement)
        yield Report({"painting": picture}, (f"{size[0]} x {size[1]} px",))


def _painted(ctx: Context, photograph: Tensor) -> Tensor:
    """Return the painting, (1, 3, H, W) in [0, 1].

    Raises:
        ModelError: the network's output is not an image.
    """
    normalizer = ctx.model.normalizer
    found = ctx.model.pixel_model(ctx.check, ctx.model.twin()).outputs(photograph)[0]
    if found.ndim != _PICTURE_AXES or found.shape != photograph.shape:
        raise ModelError(
            ctx.model.info.title,
            f"gives {tuple(found.shape)} for an image of {tuple(photograph.shape)}",
            "pick a network that repaints",
        )
    return normalizer.undone(found).clamp(0, 1)


def _steadied(
    ctx: Context, photograph: Tensor, painting: Tensor, share: float
) -> Tensor:
    """Blend the painting with the previous frame's, where a live image is still.

    Only where the image is static, so that moving objects leave no trail.

    Args:
        ctx: keeps the previous frame.
        photograph: (1, 3, H, W) in [0, 1].
        painting: of it, likewise.
        share: weight of the previous painting where nothing moves, 0 to 1.
    """
    if not ctx.inference.live:
        return painting
    seen, before = (ctx.inference.earlier.get(each) for each in (_SEEN, _PAINTED))
    if seen is not None and before is not None and before.shape == painting.shape:
        painting = torch.lerp(painting, before, share * _stillness(photograph, seen))
    ctx.inference.earlier[_SEEN], ctx.inference.earlier[_PAINTED] = photograph, painting
    return painting


def _stillness(photograph: Tensor, before: Tensor) -> Tensor:
    """Return the stillness between two frames by region, (1, 1, H, W) in [0, 1].

    Computed on cells and interpolated: a window at each pixel would take a tenth of a
    small network's time.
    """
    change = (photograph - before).abs_().mean(1, keepdim=True)
    squares = functional.avg_pool2d(
        change, _SQUARE, ceil_mode=True, count_include_pad=False
    )
    still = (1 - squares / _MOVED).clamp_(0, 1)
    return functional.interpolate(still, change.shape[2:], mode="bilinear")
