"""Segmentation: the class of each pixel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import ModelError
from nnviz.base.frames import Frame
from nnviz.base.info import INSPECTION, Reference, Task
from nnviz.base.parameters import Help, Range, Title
from nnviz.base.results import BACKGROUNDS, Mask, Report, Table
from nnviz.engine.method import Context, Presets, register

_NDIM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentParams:
    """Parameters of segmentation: confidence."""

    confidence: Annotated[
        float,
        Title("Minimum confidence"),
        Range(0.0, 1.0),
        Help(
            "Pixels with a lower confidence count as background, where the network "
            "has that class."
        ),
    ] = 0.0


@register(
    "segment",
    title="Segment",
    group="Inspect",
    capabilities=INSPECTION,
    live=True,
    reference=Reference("Long, Shelhamer & Darrell 2015", "arXiv:1411.4038"),
    tasks=(Task.SEGMENT,),
)
class Segment:
    """The class that a network holds most likely at each pixel."""

    Params: ClassVar[type] = SegmentParams
    shows: ClassVar[str] = (
        "The most likely class at each pixel and its confidence: the softmax over the"
        " classes."
    )
    reading: ClassVar[str] = (
        "Each color is a class; the table gives its fraction of the image. Look at "
        "the confidence along the borders and where two classes meet."
    )
    misleads: ClassVar[str] = (
        "Every pixel gets one of the classes the network knows, however unlikely. Two"
        " touching objects of one class become one area. Networks work on a coarser "
        "grid that is upsampled, so thin structures vanish."
    )
    presets: ClassVar[Presets] = {"demo": {}, "confident only": {"confidence": 0.7}}

    def run(self, ctx: Context, params: SegmentParams) -> Iterator[Report]:
        """Yield one report: "segments" (main) and "shares" of the image."""
        mask = _mask(ctx, _logits(ctx), params.confidence)
        yield Report({"segments": mask, "shares": _table(mask)}, _remarks(mask))


def _logits(ctx: Context) -> Tensor:
    """Return (1, K, H, W) over the network's input.

    Raises:
        ModelError: the output is no finite map for each class.
    """
    logits, title = ctx.inference.outputs()[0], ctx.model.info.title
    if logits.ndim != _NDIM:
        raise ModelError(
            title,
            f"gives an output of shape {tuple(logits.shape)}, not a map a class",
            "pick a network that segments",
        )
    if not bool(logits.sum().isfinite()):
        raise ModelError(
            title,
            "gives outputs that are infinite or not numbers",
            "check its weights and its preprocessing",
        )
    size = ctx.placement.input_size
    if logits.shape[2:] == size:
        return logits
    return functional.interpolate(logits, size, mode="bilinear", align_corners=False)


def _mask(ctx: Context, logits: Tensor, lowest: float) -> Mask:
    """Return the likeliest classes, over the input.

    Not over the photo: these are the pixels that the network decided on; how they are
    laid over a larger photo is the painter's business and can be seen as such.
    """
    with torch.no_grad():
        confidence, classes = logits[0].softmax(0).max(0)
    labels = ctx.model.info.labels
    background = next((i for i, name in enumerate(labels) if name in BACKGROUNDS), -1)
    if background >= 0:
        classes = torch.where(confidence < lowest, background, classes)
    return Mask(
        classes=classes.cpu().contiguous().numpy(),
        confidence=confidence.cpu().contiguous().numpy(),
        labels=labels,
        background=background,
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def _table(mask: Mask) -> Table:
    """Return the classes that occur, the largest first."""
    rows = tuple(
        (mask.labels[index], 100 * share, 100 * _sureness(mask, index))
        for index, share in mask.shares().items()
    )
    return Table(columns=("class", "area, %", "mean confidence, %"), rows=rows)


def _sureness(mask: Mask, index: int) -> float:
    return float(mask.confidence[mask.classes == index].mean())


def _remarks(mask: Mask) -> tuple[str, ...]:
    found = [index for index in mask.shares() if index != mask.background]
    if not found:
        return ("nothing but background",)
    names = ", ".join(mask.labels[index] for index in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""  # noqa: PLR2004
    return (f"{len(found)} classes: {names}{more}" if found[1:] else f"only {names}",)
