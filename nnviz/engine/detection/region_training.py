"""Training of R-CNN's heads on images with annotated boxes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.compute.batch_size import BatchSizer, pass_bytes
from nnviz.engine.context import Context
from nnviz.engine.data.annotated import Annotations, boxes_of
from nnviz.engine.detection.region_heads import (
    RegionExamples,
    RegionHeads,
    fit_heads,
    joined_examples,
    region_examples,
)
from nnviz.engine.detection.warped_regions import (
    SEARCHED,
    RegionPasses,
    propose_regions,
    working_image,
)
from nnviz.engine.nn.nms import Corners
from nnviz.media.decode import open_image


@dataclass(slots=True, eq=False)
class TrainedHeads:
    """R-CNN's heads in training.

    Attributes:
        rows: name, boxes and regions of each processed image.
        heads: None before the last image.
    """

    rows: list[tuple[str, int, int]] = field(default_factory=list)
    heads: RegionHeads | None = None


def train_heads(
    ctx: Context, passes: RegionPasses, data: Annotations, regions: int
) -> Iterator[TrainedHeads]:
    """Extract features from annotated images, then fit the heads; yield per image.

    Args:
        ctx: of the run.
        passes: of the network over regions.
        data: images with boxes.
        regions: maximum number of proposals of an image.
    """
    chosen = data.pictures
    used = sorted({each["category_id"] for one in chosen for each in one.objects})
    classes = {index: place for place, index in enumerate(used)}
    labels = tuple(map(data.label, used))
    parts: list[RegionExamples] = []
    trained = TrainedHeads()
    for number, picture in enumerate(chosen, 1):
        image = open_image(picture.path)
        pixels, scale = working_image(image)
        boxes, kinds = boxes_of(picture, classes)
        truths: Corners = (boxes.numpy() / scale).astype(np.float32)
        found = propose_regions(ctx, pixels, SEARCHED, regions)
        every = np.concatenate((truths, found))
        features = _features(ctx, passes, pixels, every)
        parts.append(
            region_examples(features, every, truths, kinds.numpy(), len(labels))
        )
        trained.rows.append((picture.path.name, len(truths), len(found)))
        ctx.step(number, len(chosen), f"example {number} of {len(chosen)}")
        if number == len(chosen):
            seed = int(ctx.generator.initial_seed()) % 2**32
            trained.heads = fit_heads(joined_examples(parts), labels, seed)
        yield trained


def _features(
    ctx: Context, passes: RegionPasses, pixels: NDArray[np.float32], boxes: Corners
) -> NDArray[np.float32]:
    """Return the features of regions, computed in chunks that memory allows."""
    info = ctx.model.info
    sizer = BatchSizer(ctx.model.device, info.macs, pass_bytes(info.layers))
    work = passes.features(pixels, boxes)
    return np.concatenate(
        [part for _, part in ctx.chunks.over(len(boxes), sizer, work)]
    )


def sampled(data: Annotations, count: int) -> Annotations:
    """Return the images with boxes, sampled evenly if there are more than ``count``."""
    known = tuple(each for each in data.pictures if each.objects)
    if len(known) > count:
        places = np.linspace(0, len(known) - 1, count).round().astype(int)
        known = tuple(known[place] for place in places)
    return Annotations(known, data.names)
