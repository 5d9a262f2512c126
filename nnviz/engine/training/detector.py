"""Training of ``bundled:scenes-detector``, which detects shapes in generated scenes."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import batched_nms, box_convert, box_iou

from nnviz.base.info import Task
from nnviz.engine.data.scenes import CLASSES
from nnviz.engine.models.networks.scene_detector import SceneDetector
from nnviz.engine.nn.detection import Limits, anchored
from nnviz.engine.training.coco import Found, mean_average_precision
from nnviz.engine.training.scene_batches import (
    SceneBatch,
    SceneRecipe,
    held_out_batches,
)
from nnviz.engine.training.scene_course import SceneCourse
from nnviz.engine.training.scene_fit import SceneTask

_CORNERS = 4
_MATCHED = 0.5
"""Minimum overlap of an anchor with its shape (SSD, sec. 2.2)."""
_NEGATIVES = 3
"""Background anchors in the loss for each anchor of a shape (hard negative mining)."""
_IGNORED = -1
_LEAST_SCORE = 0.01
_MOST_OVERLAP = 0.45
"""Overlap above which the less certain of two boxes of a class is dropped."""


def box_offsets(boxes: Tensor, anchors: Tensor, weights: tuple[float, ...]) -> Tensor:
    """Encode boxes as offsets from anchors, the regression targets of a detector.

    Ren et al. 2015 (arXiv:1506.01497), equation 2; ``ops.detection.decode`` is its
    inverse.

    Args:
        boxes: (M, 4): left, top, right, bottom, px.
        anchors: (M, 4): center x, center y, width, height, px.
        weights: factors of the offsets.

    Returns:
        (M, 4): dx, dy, dw, dh.
    """
    aims = box_convert(boxes, "xyxy", "cxcywh")
    moves = (aims[:, :2] - anchors[:, :2]) / anchors[:, 2:]
    scales = (aims[:, 2:] / anchors[:, 2:]).log()
    return torch.cat([moves, scales], 1) * boxes.new_tensor(weights)


def match(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Return the box that each anchor is matched to; -1 for none (SSD, sec. 2.2).

    An anchor is matched to the box that it overlaps most, if by 0.5 at least; and each
    box gets at least the anchor that overlaps it most.

    Args:
        boxes: (n, 4): left, top, right, bottom, px.
        anchors: (A, 4): center x, center y, width, height, px.

    Returns:
        int64 (A,).
    """
    overlaps: Tensor = box_iou(boxes, box_convert(anchors, "cxcywh", "xyxy"))
    best, chosen = overlaps.max(0)
    chosen[best < _MATCHED] = _IGNORED
    chosen[overlaps.argmax(1)] = torch.arange(len(boxes), device=boxes.device)
    return chosen


def loss(net: nn.Module, batch: SceneBatch) -> Tensor:
    """Return the loss of SSD (Liu et al. 2016, arXiv:1512.02325, eq. 1 to 3).

    Smooth L1 of the offsets and cross entropy of the classes; of the background only
    the anchors with the largest loss count, three for each anchor of a shape.
    """
    if not isinstance(net, SceneDetector):
        raise TypeError(type(net).__name__)
    said: Tensor = net(batch.pixels)
    anchors = net.anchors(*batch.pixels.shape[2:])
    classes, offsets = _aims(batch, anchors, net.box_weights)
    ours = classes > 0
    boxes = functional.smooth_l1_loss(
        said[..., :_CORNERS][ours], offsets[ours], reduction="sum"
    )
    each = functional.cross_entropy(
        said[..., _CORNERS:].flatten(0, 1), classes.flatten(), reduction="none"
    ).view_as(classes)
    wrong = each.detach().masked_fill(ours, 0).argsort(1, descending=True).argsort(1)
    counted = ours | (wrong < _NEGATIVES * ours.sum(1, keepdim=True))
    summed: Tensor = boxes + each[counted].sum()
    return summed.div(ours.sum())


def _aims(
    batch: SceneBatch, anchors: Tensor, weights: tuple[float, ...]
) -> tuple[Tensor, Tensor]:
    """Return the target class (N, A) and offsets (N, A, 4) of each anchor."""
    classes, offsets = [], []
    for boxes, labels in zip(batch.boxes, batch.labels, strict=True):
        chosen = match(boxes, anchors)
        classes.append(torch.where(chosen >= 0, labels[chosen] + 1, 0))
        offsets.append(box_offsets(boxes[chosen], anchors, weights))
    return torch.stack(classes), torch.stack(offsets)


@torch.inference_mode()
def find(net: SceneDetector, pixels: Tensor) -> list[Found]:
    """Detect the shapes in normalized images (N, 3, H, W)."""
    size = (pixels.shape[2], pixels.shape[3])
    anchors = net.anchors(*size)
    found = []
    for said in net(pixels):
        limits = Limits(size, _LEAST_SCORE)
        maybe = anchored(said, anchors, net.box_weights, limits)
        kept = batched_nms(maybe.boxes, maybe.scores, maybe.classes, _MOST_OVERLAP)
        found.append(Found(maybe.boxes[kept], maybe.scores[kept], maybe.classes[kept]))
    return found


def measure(net: nn.Module, recipe: SceneRecipe) -> dict[str, float]:
    """Return COCO's mAP and the mAP50 on the held-out scenes, in [0, 1]."""
    if not isinstance(net, SceneDetector):
        raise TypeError(type(net).__name__)
    truth, found = [], []
    device = next(net.parameters()).device
    for batch in held_out_batches(recipe):
        truth += list(zip(batch.boxes, batch.labels, strict=True))
        found += find(net, batch.pixels.to(device))
    precision = mean_average_precision(truth, found)
    return {"mAP50": precision.at_50, "mAP": precision.mean}


COURSE = SceneCourse(
    name="scenes-detector",
    title="Scenes detector",
    architecture="SceneDetector",
    classes=CLASSES,
    arguments={"classes": len(CLASSES)},
    kind=Task.DETECT,
    task=SceneTask(lambda: SceneDetector(len(CLASSES)), loss, measure),
    recipe=SceneRecipe(epochs=24),
    about="A single-shot detector (SSD) on a small residual network, 1.2 million "
    "weights, that boxes ten kinds of shapes in generated scenes.  Four anchors stand "
    "at each position of three feature maps.",
    weaknesses="It knows drawn shapes only: on real images it finds shapes where "
    "there are none.  Shapes below 15 px, blurred ones, ones of which others hide "
    "nearly half, and ones that barely differ from what is behind them are missed.",
)
