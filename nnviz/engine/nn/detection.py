"""Object detection: the interface of detectors and the decoding of their outputs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from nnviz.base.errors import ModelError
from nnviz.base.frames import Placement

_CORNERS = 4
_LONGEST = 4.135166556742356
"""log(1000 / 16): a box grows at most 62.5 times (Detectron's clamp)."""

Size = tuple[int, int]
"""Height and width, px."""
Weights = tuple[float, float, float, float]
"""What offsets were multiplied by in training: dx, dy, dw, dh."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits below which a box is no candidate.

    Attributes:
        size: of the input: boxes are cut to it.
        score: candidates have more than this.
        top_k: most candidates of a class or level; None for all.
    """

    size: Size
    score: float
    top_k: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes before those that say the same are dropped, in no order.

    Attributes:
        boxes: float32 (M, 4): left, top, right, bottom in px of the input, in it.
        scores: float32 (M,) in [0, 1].
        classes: int64 (M,), indices into the network's labels.
    """

    boxes: Tensor
    scores: Tensor
    classes: Tensor

    def taken(self, rows: Tensor) -> "Candidates":
        """Return some of them, in the order of ``rows``."""
        return Candidates(self.boxes[rows], self.scores[rows], self.classes[rows])


@runtime_checkable
class Detector(Protocol):
    """A network whose outputs become boxes."""

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return what the outputs for one image hold above a score.

        Args:
            outputs: what a pass gave, batch of one.
            size: of the input.
            min_score: candidates have more than this.
        """
        ...


@runtime_checkable
class AnchorDetector(Protocol):
    """A network that gives (N, A, 4 + 1 + K): offsets, then logits, background first.

    Its labels leave the background out.

    Attributes:
        box_weights: what the offsets were multiplied by in training.
    """

    box_weights: Weights

    def anchors(self, height: int, width: int) -> Tensor:
        """Return (A, 4): center x, center y, width, height in px of the input."""
        ...


@runtime_checkable
class Outliner(Protocol):
    """A detector that outlines what it found."""

    def outlines(
        self, outputs: Sequence[Tensor], found: Candidates, place: Placement
    ) -> Iterator[Tensor]:
        """Yield float32 (H, W) in [0, 1] over the photo for each box.

        How likely each pixel belongs to the object.
        """
        ...


@runtime_checkable
class KeypointFinder(Protocol):
    """A detector that finds the parts of what it found.

    Attributes:
        skeleton: pairs of keypoints to join with a line.
    """

    skeleton: tuple[tuple[int, int], ...]

    def keypoints(
        self, outputs: Sequence[Tensor], found: Candidates, size: Size
    ) -> Tensor:
        """Return float32 (n, P, 3): x, y in px of the input, and a logit."""
        ...


def candidates_of(
    net: nn.Module, outputs: Sequence[Tensor], size: Size, min_score: float
) -> Candidates:
    """Return what a detector's outputs for one image hold above a score.

    Args:
        net: the detector.
        outputs: what a pass of it gave, batch of one.
        size: of the input.
        min_score: candidates have more than this.

    Raises:
        ModelError: the network is none of those whose outputs are understood, or
            gives no numbers.
    """
    if not all(bool(each.sum().isfinite()) for each in outputs):
        raise ModelError(
            type(net).__name__,
            "gives outputs that are infinite or not numbers",
            "check its weights and its preprocessing",
        )
    if isinstance(net, Detector):
        return net.candidates(outputs, size, min_score)
    if isinstance(net, AnchorDetector):
        limits = Limits(size, min_score)
        return anchored(outputs[0][0], net.anchors(*size), net.box_weights, limits)
    raise ModelError(
        type(net).__name__,
        "is no detector whose outputs are understood",
        "give it a method candidates(), or anchors() and box_weights",
    )


def centered(corners: Tensor) -> Tensor:
    """Return (A, 4) boxes as center x, center y, width, height."""
    sizes = corners[:, 2:] - corners[:, :2]
    return torch.cat((corners[:, :2] + 0.5 * sizes, sizes), dim=1)


def decode(offsets: Tensor, anchors: Tensor, weights: Weights) -> Tensor:
    """Return the boxes that offsets to anchors stand for.

    Ren et al. 2015 (arXiv:1506.01497), equation 2, inverted; in torchvision's order of
    operations, so equal to its boxes to the last bit.

    Args:
        offsets: (M, 4): dx, dy, dw, dh.
        anchors: (M, 4): centre x, centre y, width, height, px.
        weights: what the offsets were multiplied by in training.

    Returns:
        (M, 4): left, top, right, bottom, px.
    """
    dx, dy, dw, dh = (
        column / weight
        for column, weight in zip(offsets.unbind(1), weights, strict=True)
    )
    x, y, width, height = anchors.unbind(1)
    middle_x, middle_y = dx * width + x, dy * height + y
    half_width = 0.5 * (torch.exp(dw.clamp(max=_LONGEST)) * width)
    half_height = 0.5 * (torch.exp(dh.clamp(max=_LONGEST)) * height)
    return torch.stack(
        (
            middle_x - half_width,
            middle_y - half_height,
            middle_x + half_width,
            middle_y + half_height,
        ),
        dim=1,
    )


def decode_sides(sides: Tensor, anchors: Tensor) -> Tensor:
    """Return the boxes whose sides are some anchor sizes from the anchor's center.

    Tian et al. 2019 (arXiv:1904.01355), equation 1, normalised by the anchor's size.

    Args:
        sides: (M, 4): distance to left, top, right, bottom, in anchor sizes.
        anchors: (M, 4): centre x, centre y, width, height, px.

    Returns:
        (M, 4): left, top, right, bottom, px.
    """
    middle, sizes = anchors[:, :2], anchors[:, 2:]
    return torch.cat(
        (middle - sides[:, :2] * sizes, middle + sides[:, 2:] * sizes), dim=1
    )


def clipped(boxes: Tensor, size: Size) -> Tensor:
    """Return boxes (M, 4) cut to an image."""
    height, width = size
    x = boxes[:, 0::2].clamp(0, width)
    y = boxes[:, 1::2].clamp(0, height)
    return torch.stack((x, y), dim=2).flatten(1)


def anchored(
    dense: Tensor,
    anchors: Tensor,
    weights: Weights,
    limits: Limits,
) -> Candidates:
    """Return what a single-shot detector's output holds.

    Liu et al. 2016 (arXiv:1512.02325), section 2: softmax over the classes, background
    left out.  Only what is above the score is decoded.

    Args:
        dense: (A, 4 + 1 + K).
        anchors: (A, 4): centre x, centre y, width, height, px.
        weights: what the offsets were multiplied by in training.
        limits: what is left out; ``top_k`` counts by class.

    Returns:
        Classes are counted without the background.
    """
    scores = dense[:, _CORNERS:].softmax(1)[:, 1:]
    rows, classes = torch.nonzero(scores > limits.score, as_tuple=True)
    if limits.top_k is not None and len(rows) > limits.top_k:
        rows, classes = _best_of_each(scores, rows, classes, limits.top_k)
    boxes = decode(dense[rows, :_CORNERS], anchors[rows], weights)
    return Candidates(clipped(boxes, limits.size), scores[rows, classes], classes)


def _best_of_each(
    scores: Tensor, rows: Tensor, classes: Tensor, count: int
) -> tuple[Tensor, Tensor]:
    """Keep the best of each class: rows and classes, class by class."""
    order = scores[rows, classes].argsort(descending=True, stable=True)
    order = order[classes[order].argsort(stable=True)]
    rows, classes = rows[order], classes[order]
    counts = torch.bincount(classes, minlength=scores.shape[1])
    first = counts.cumsum(0) - counts
    place = torch.arange(len(classes), device=classes.device) - first[classes]
    kept = place < count
    return rows[kept], classes[kept]


def levelled(
    scores: Tensor, offsets: Tensor, anchors: Tensor, limits: Limits
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the best of one level of a feature pyramid.

    Lin et al. 2017 (arXiv:1708.02002), section 4.1, inference.

    Args:
        scores: (A, K), each class by itself.
        offsets: (A, 4).
        anchors: (A, 4).
        limits: what is left out; ``top_k`` counts all classes together.

    Returns:
        Offsets, anchors, scores and classes of at most ``top_k``, the best first.
    """
    rows, classes = torch.nonzero(scores > limits.score, as_tuple=True)
    kept = scores[rows, classes]
    count = len(kept) if limits.top_k is None else min(limits.top_k, len(kept))
    kept, order = kept.topk(count)
    rows, classes = rows[order], classes[order]
    return offsets[rows], anchors[rows], kept, classes


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Put the candidates of several levels together."""
    return Candidates(
        torch.cat([part.boxes for part in parts]),
        torch.cat([part.scores for part in parts]),
        torch.cat([part.classes for part in parts]),
    )
