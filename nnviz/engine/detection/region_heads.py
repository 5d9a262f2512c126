"""R-CNN's heads on features of regions: linear SVMs and box regression.

Girshick et al. 2014 (arXiv:1311.2524), sections 2.3 and appendices B and C.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.engine.nn.detection import centered, decode
from nnviz.engine.nn.nms import Corners, overlaps

Floats = NDArray[np.float32]
_NEGATIVE = 0.3
"""Overlap below which a proposal is background for a class."""
_NEAR = 0.6
"""Overlap from which a proposal is used to train box regression."""
_NORM = 20.0
"""Mean norm to which features are scaled, as in the published program."""
_PENALTY = 1e-3
"""C of the SVMs, as published for the boxes of VOC 2007."""
_PUBLISHED_POSITIVES = 630
"""Boxes per class of VOC 2007: 12,608 of 20 classes.  With fewer, C grows as they are
missing; else nothing is gained by a margin for them, and all scores are -1."""
_POSITIVE_WEIGHT = 2.0
_BIAS_SCALE = 10.0
_RIDGE = 1000.0
"""lambda of the box regression."""
_TERMS = 4
_UNIT = (1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class RegionExamples:
    """Regions of annotated images with their features and overlaps.

    Attributes:
        features: (n, D).
        boxes: (n, 4): left, top, right, bottom, px.
        nearest: (n, 4), the annotated box that each overlaps most; the region itself
            where there is none.
        classes: int64 (n,), the class of that box, -1 for none.
        shares: (n, K), highest overlap with a box of each class.
        annotated: (n,), whether the region is an annotated box itself.
    """

    features: Floats
    boxes: Corners
    nearest: Corners
    classes: NDArray[np.int64]
    shares: Floats
    annotated: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RegionHeads:
    """A linear SVM and a box regression for each class.

    Attributes:
        labels: names of the K classes.
        scale: of the features.
        weight: (K, D), on scaled features.
        bias: (K,).
        regression: (K, 4, D + 1), from scaled features and 1 to dx, dy, dw, dh.
    """

    labels: tuple[str, ...]
    scale: float
    weight: Floats
    bias: Floats
    regression: Floats

    def margins(self, features: Floats) -> Floats:
        """Return the SVM margins (n, K); above 0 the class is detected."""
        found = self.scale * features @ self.weight.T + self.bias
        return found.astype(np.float32)

    def regressed(
        self, boxes: Corners, features: Floats, classes: NDArray[np.int64]
    ) -> Corners:
        """Apply box regression by the regions' features (appendix C, eq. 1 to 4).

        Args:
            boxes: (n, 4).
            features: (n, D).
            classes: (n,), whose regression is used.
        """
        given = _with_one(self.scale * features)
        offsets = np.einsum("ntd,nd->nt", self.regression[classes], given)
        centers = centered(torch.from_numpy(boxes))
        moved: Corners = decode(
            torch.from_numpy(offsets.astype(np.float32)), centers, _UNIT
        ).numpy()
        return moved


def region_examples(
    features: Floats,
    boxes: Corners,
    truths: Corners,
    classes: NDArray[np.int64],
    count: int,
) -> RegionExamples:
    """Match one image's regions with its annotated boxes.

    Args:
        features: (n, D).
        boxes: (n, 4), of which the first ones are ``truths``.
        truths: (m, 4), the annotated boxes.
        classes: (m,), in [0, count).
        count: of classes, K.
    """
    shares = np.zeros((len(boxes), count), np.float32)
    pairs = overlaps(boxes[:, None], truths)
    for column, index in enumerate(classes):
        np.maximum(shares[:, index], pairs[:, column], out=shares[:, index])
    best = pairs.argmax(1) if len(truths) else np.zeros(len(boxes), np.int64)
    return RegionExamples(
        features=features,
        boxes=boxes,
        nearest=truths[best] if len(truths) else boxes,
        classes=classes[best] if len(truths) else np.full(len(boxes), -1, np.int64),
        shares=shares,
        annotated=np.arange(len(boxes)) < len(truths),
    )


def joined_examples(parts: list[RegionExamples]) -> RegionExamples:
    """Concatenate the regions of several images."""
    return RegionExamples(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in RegionExamples.__dataclass_fields__
        )
    )


def fit_heads(
    examples: RegionExamples, labels: tuple[str, ...], seed: int
) -> RegionHeads:
    """Fit a linear SVM and a ridge regression of the box for each class.

    The annotated boxes of a class are its positives, regions that overlap none of its
    boxes by 0.3 its negatives; those in between are ignored.  A class without either
    gets no SVM: its margin is always -1.
    """
    norms = np.linalg.norm(examples.features, axis=1)
    scale = _NORM / max(float(norms.mean()), 1e-12)
    scaled = scale * examples.features
    width = scaled.shape[1]
    weight = np.zeros((len(labels), width), np.float32)
    bias = np.full(len(labels), -1, np.float32)
    regression = np.zeros((len(labels), _TERMS, width + 1), np.float32)
    for index in range(len(labels)):
        ours = examples.classes == index
        positive = examples.annotated & ours
        negative = examples.shares[:, index] < _NEGATIVE
        if positive.any() and negative.any():
            weight[index], bias[index] = _svm(scaled, positive, negative, seed)
        near = ours & (examples.shares[:, index] > _NEAR)
        if near.any():
            aims = box_offsets(examples.nearest[near], examples.boxes[near])
            regression[index] = _ridge(scaled[near], aims)
    return RegionHeads(labels, scale, weight, bias, regression)


def box_offsets(boxes: Corners, proposals: Corners) -> Floats:
    """Return regression targets from proposals to boxes, (n, 4): dx, dy, dw, dh.

    Appendix C, equations 6 to 9: shift of the center in proposal sizes and logarithm of
    the scaling; ``decode`` is its inverse.
    """
    aims, centers = (
        centered(torch.from_numpy(each)).numpy() for each in (boxes, proposals)
    )
    moves = (aims[:, :2] - centers[:, :2]) / centers[:, 2:]
    growth = np.log(aims[:, 2:] / centers[:, 2:])
    return np.concatenate((moves, growth), 1).astype(np.float32)


def _svm(
    scaled: Floats, positive: NDArray[np.bool_], negative: NDArray[np.bool_], seed: int
) -> tuple[Floats, float]:
    """Fit a linear SVM (liblinear); return its weights and bias."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415  slow to import

    rows = positive | negative
    machine = LinearSVC(
        C=_PENALTY * max(1.0, _PUBLISHED_POSITIVES / int(positive.sum())),
        class_weight={True: _POSITIVE_WEIGHT, False: 1.0},
        intercept_scaling=_BIAS_SCALE,
        loss="hinge",
        max_iter=1_000_000,
        random_state=seed,
    )
    machine.fit(scaled[rows], positive[rows])
    return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])


def _ridge(scaled: Floats, aims: Floats) -> Floats:
    """Fit ridge regression; return weights and constants (4, D + 1).

    In the dual, since there are fewer regions than features; the mean is not penalized.
    """
    center, mean = scaled.mean(0), aims.mean(0)
    moved = (scaled - center).astype(np.float64)
    kernel = moved @ moved.T + _RIDGE * np.eye(len(moved))
    weights = np.linalg.solve(kernel, aims - mean).T @ moved
    constant = mean - weights @ center
    return np.concatenate((weights, constant[:, None]), 1).astype(np.float32)


def _with_one(features: Floats) -> Floats:
    return np.concatenate((features, np.ones((len(features), 1), np.float32)), 1)
