"""Decoding of a detector's outputs: from anchor offsets to boxes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nnviz.engine.nn.detection.candidates import Candidates, Limits, Size, Weights

_CORNERS = 4
_LONGEST = 4.135166556742356
"""log(1000 / 16): a box grows at most 62.5 times (Detectron's clamp)."""


def centered(corners: Tensor) -> Tensor:
    """Convert boxes (A, 4) from corners to center x, center y, width, height."""
    sizes = corners[:, 2:] - corners[:, :2]
    return torch.cat((corners[:, :2] + 0.5 * sizes, sizes), dim=1)


def cornered(centers: Tensor) -> Tensor:
    """Convert boxes (A, 4) from center and size to left, top, right, bottom."""
    half = 0.5 * centers[:, 2:]
    return torch.cat((centers[:, :2] - half, centers[:, :2] + half), dim=1)


def decode(offsets: Tensor, anchors: Tensor, weights: Weights) -> Tensor:
    """Decode anchor offsets to boxes.

    Ren et al. 2015 (arXiv:1506.01497), equation 2, inverted; in torchvision's order of
    operations, so equal to its boxes to the last bit.

    Args:
        offsets: (M, 4): dx, dy, dw, dh.
        anchors: (M, 4): center x, center y, width, height, px.
        weights: factors of the offsets in training.

    Returns:
        (M, 4): left, top, right, bottom, px.
    """
    columns = zip(offsets.unbind(1), weights, strict=True)
    dx, dy, dw, dh = (column / weight for column, weight in columns)
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
    """Decode distances from anchor centers to box sides, in anchor sizes, to boxes.

    Tian et al. 2019 (arXiv:1904.01355), equation 1, normalized by the anchor's size.

    Args:
        sides: (M, 4): distance to left, top, right, bottom, in anchor sizes.
        anchors: (M, 4): center x, center y, width, height, px.

    Returns:
        (M, 4): left, top, right, bottom, px.
    """
    middle, sizes = anchors[:, :2], anchors[:, 2:]
    return torch.cat(
        (middle - sides[:, :2] * sizes, middle + sides[:, 2:] * sizes), dim=1
    )


def clipped(boxes: Tensor, size: Size) -> Tensor:
    """Return boxes (M, 4) clipped to an image."""
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
    """Return the candidates in a single-shot detector's output.

    Liu et al. 2016 (arXiv:1512.02325), section 2: softmax over the classes, without the
    background.  Only boxes that score above the limit are decoded.

    Args:
        dense: (A, 4 + 1 + K).
        anchors: (A, 4): center x, center y, width, height, px.
        weights: factors of the offsets in training.
        limits: bounds on the candidates; ``top_k`` counts by class.

    Returns:
        Classes are numbered without the background.
    """
    scores = dense[:, _CORNERS:].softmax(1)[:, 1:]
    rows, classes = torch.nonzero(scores > limits.score, as_tuple=True)
    if limits.top_k is not None and len(rows) > limits.top_k:
        rows, classes = _best_of_each(scores, rows, classes, limits.top_k)
    boxes = decode(dense[rows, :_CORNERS], anchors[rows], weights)
    kept = scores[rows, classes]
    return Candidates(clipped(boxes, limits.size), kept, classes, rows)


def _best_of_each(
    scores: Tensor, rows: Tensor, classes: Tensor, count: int
) -> tuple[Tensor, Tensor]:
    """Keep the highest-scored candidates of each class; return rows and classes."""
    order = scores[rows, classes].argsort(descending=True, stable=True)
    order = order[classes[order].argsort(stable=True)]
    rows, classes = rows[order], classes[order]
    counts = torch.bincount(classes, minlength=scores.shape[1])
    first = counts.cumsum(0) - counts
    place = torch.arange(len(classes), device=classes.device) - first[classes]
    kept = place < count
    return rows[kept], classes[kept]


def levelled(scores: Tensor, limits: Limits) -> tuple[Tensor, Tensor, Tensor]:
    """Return the highest-scored candidates of one level of a feature pyramid.

    Lin et al. 2017 (arXiv:1708.02002), section 4.1, inference.

    Args:
        scores: (A, K), of each class independently.
        limits: bounds on the candidates; ``top_k`` counts all classes together.

    Returns:
        Anchors, scores and classes of at most ``top_k``, the best first.
    """
    rows, classes = torch.nonzero(scores > limits.score, as_tuple=True)
    kept = scores[rows, classes]
    count = len(kept) if limits.top_k is None else min(limits.top_k, len(kept))
    kept, order = kept.topk(count)
    return rows[order], kept, classes[order]


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Concatenate the candidates of several levels."""
    sources = [part.sources for part in parts if part.sources is not None]
    return Candidates(
        torch.cat([part.boxes for part in parts]),
        torch.cat([part.scores for part in parts]),
        torch.cat([part.classes for part in parts]),
        torch.cat(sources) if len(sources) == len(parts) else None,
    )
