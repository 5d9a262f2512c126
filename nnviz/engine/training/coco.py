"""COCO's mean average precision, computed by pycocotools."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The detections of one image.

    Attributes:
        boxes: float32 (n, 4): left, top, right, bottom, px.
        scores: float32 (n,).
        classes: int64 (n,).
    """

    boxes: Tensor
    scores: Tensor
    classes: Tensor


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precision, averaged over the classes, in [0, 1].

    Attributes:
        mean: over the overlaps 0.50, 0.55, ... 0.95 (COCO's mAP).
        at_50: at an overlap of 0.50.
    """

    mean: float
    at_50: float


def mean_average_precision(
    truth: Sequence[tuple[Tensor, Tensor]], found: Sequence[Found]
) -> Precision:
    """Return the mean average precision (Lin et al. 2014, arXiv:1405.0312).

    Args:
        truth: for each image boxes (n, 4) as corners in px, and classes (n,).
        found: likewise.
    """
    from pycocotools.coco import COCO  # noqa: PLC0415  it imports matplotlib
    from pycocotools.cocoeval import COCOeval  # noqa: PLC0415

    objects = [
        {"id": 0, "image_id": image, "bbox": box, "category_id": label, "iscrowd": 0}
        for image, (boxes, labels) in enumerate(truth)
        for box, label in zip(_widths(boxes), labels.tolist(), strict=True)
    ]
    for number, each in enumerate(objects, 1):
        each |= {"id": number, "area": each["bbox"][2] * each["bbox"][3]}
    known = COCO()
    known.dataset = {
        "images": [{"id": image} for image in range(len(truth))],
        "categories": [{"id": n} for n in sorted({o["category_id"] for o in objects})],
        "annotations": objects,
    }
    answers = [
        {"image_id": image, "bbox": box, "score": score, "category_id": label}
        for image, each in enumerate(found)
        for box, score, label in zip(
            _widths(each.boxes),
            each.scores.tolist(),
            each.classes.tolist(),
            strict=True,
        )
    ]
    if not answers:
        return Precision(0.0, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        known.createIndex()
        judged = COCOeval(known, known.loadRes(answers), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return Precision(float(judged.stats[0]), float(judged.stats[1]))


def _widths(boxes: Tensor) -> list[list[float]]:
    """Convert boxes from corners to left, top, width, height."""
    rows = boxes.clone()
    rows[:, 2:] -= rows[:, :2]
    return [[float(value) for value in row] for row in rows.tolist()]
