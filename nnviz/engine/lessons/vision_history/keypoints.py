"""SIFT keypoints on the image, with their sizes and directions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.frames import Frame
from nnviz.base.images import rgb8, to_float
from nnviz.base.info import Reference, lesson
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import ColorImage, Curves, Report, Result, Table
from nnviz.engine.lessons.arithmetic.gray import WHITE, gray_of
from nnviz.engine.method import Context, Presets, register
from nnviz.media.keypoints import Keypoint, draw_keypoints, find_keypoints

_ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypointsParams:
    """Parameters: the number of keypoints, and their minimum contrast."""

    count: Annotated[
        int,
        Range(1, 2000),
        Essential(),
        Title("Keypoints drawn"),
        Help("Number of keypoints drawn, the strongest first."),
    ] = 120
    contrast: Annotated[
        float,
        Range(0.0, 0.3),
        Essential(),
        Help("Fainter keypoints are left out; higher values leave fewer."),
    ] = 0.04


@register(
    "keypoints",
    title="Keypoints (SIFT)",
    group="Learn",
    live=False,
    needs_model=False,
    reference=Reference("Lowe 2004", "doi:10.1023/B:VISI.0000029664.99615.94"),
    capabilities=lesson("History of vision", 3),
)
class Keypoints:
    """Lesson: keypoints, which are found again at another size and rotation."""

    Params: ClassVar[type] = KeypointsParams
    shows: ClassVar[str] = (
        "The strongest blobs of the image over all sizes, each with the direction "
        "of its gradient: the features that images were matched by before neural "
        "networks."
    )
    reading: ClassVar[str] = (
        "A circle is as large as the blob; its line points where the image gets "
        "brighter. Each is described by 128 numbers: histograms of the gradients "
        "around it."
    )
    misleads: ClassVar[str] = (
        "Keypoints mark corners and blobs, not objects: the method does not know "
        "what is worth looking at."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: KeypointsParams) -> Iterator[Report]:
        """Yield one report: the image with its keypoints, a table, one descriptor."""
        gray = np.rint(WHITE * gray_of(ctx.image)).astype(np.uint8)
        points, descriptors = find_keypoints(gray, params.count, params.contrast)
        ctx.check()
        painted = draw_keypoints(rgb8(ctx.image.pixels), points)
        results: dict[str, Result] = {
            "found": ColorImage(
                pixels=np.ascontiguousarray(to_float(painted), np.float32),
                frame=Frame.PHOTO,
                placement=ctx.placement,
            ),
            "strongest": _table(points),
        }
        if len(descriptors):
            results["descriptor_of_the_strongest"] = Curves(
                x=np.arange(129.0),
                series={"descriptor": descriptors[0].astype(np.float64)},
                x_label="4 × 4 squares with 8 directions each",
                y_label="strength of the gradient",
                style="bars",
            )
        yield Report(results, (f"{len(points)} keypoints",))


def _table(points: tuple[Keypoint, ...]) -> Table:
    rows = tuple(
        (round(p.x, 1), round(p.y, 1), round(p.size, 1), round(p.angle), p.response)
        for p in points[:_ROWS]
    )
    columns = ("x, px", "y, px", "size, px", "direction, °", "response")
    return Table(columns=columns, rows=rows)
