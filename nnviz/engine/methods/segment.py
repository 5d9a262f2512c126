"""Segmentation: the class of each pixel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from nnviz.base.info import INSPECTION, Reference, Task
from nnviz.base.parameters import Help, Range, Title
from nnviz.base.results import Mask, Report
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.segmentation.masks import input_logits, make_mask, shares_table


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
    """The likeliest class of each pixel."""

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
        probabilities = input_logits(ctx)[0].softmax(0)
        mask = make_mask(ctx, probabilities, params.confidence)
        yield Report({"segments": mask, "shares": shares_table(mask)}, _remarks(mask))


def _remarks(mask: Mask) -> tuple[str, ...]:
    found = [index for index in mask.shares() if index != mask.background]
    if not found:
        return ("nothing but background",)
    names = ", ".join(mask.labels[index] for index in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""  # noqa: PLR2004
    return (f"{len(found)} classes: {names}{more}" if found[1:] else f"only {names}",)
