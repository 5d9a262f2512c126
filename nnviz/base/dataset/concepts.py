"""Concepts in a layer: TCAV, NMF parts (CRAFT), linear probes, channel ablation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConceptTest:
    """TCAV: whether a class depends on a concept (Kim et al. 2018, arXiv:1711.11279).

    Attributes:
        concept: the concept that was tested, in words.
        target: name of the class.
        layer: layer in whose channels the concept's direction lies.
        images: number of images of the concept.
        asked: number of images of the class whose sensitivity was measured.
        scores: float64 (runs,), share of those images whose logit rises along the
            concept's direction, for each random set.
        random_scores: float64 (runs,), the same of directions between random sets.
        p_value: of Welch's two-sided t-test between ``scores`` and ``random_scores``;
            NaN where neither varies.
        accuracy: mean held-out accuracy of the classifiers that gave the directions;
            near 0.5 the layer does not encode the concept.
        direction: float32 (C,), mean direction, of length 1, on the layer's channels.
        notes: how to read it.
    """

    concept: str
    target: str
    layer: str
    images: int
    asked: int
    scores: NDArray[np.float64]
    random_scores: NDArray[np.float64]
    p_value: float
    accuracy: float
    direction: NDArray[np.float32]
    notes: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Mean TCAV score, 0 to 1."""
        return float(self.scores.mean())

    @property
    def significant(self) -> bool:
        """Whether the score differs from random sets' at 5 %."""
        return bool(self.p_value < 0.05)  # noqa: PLR2004


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConceptParts:
    """Parts of a layer's activations, found by NMF (CRAFT, arXiv:2211.10154).

    Attributes:
        layer: name.
        records: int64 (n,), numbers of the images.
        paths: of these images.
        parts: float32 (r, C), non-negative directions on the layer's channels, those
            that explain most first.
        maps: float32 (n, h, w, r), coefficient of each part at each position.
        shares: float64 (r,), each part's share of what all parts explain.
        error: norm of the reconstruction error as a share of the activations' norm.
        top: int64 (r, k), indices into ``records`` of the images with most of each
            part.
    """

    layer: str
    records: NDArray[np.int64]
    paths: tuple[str, ...]
    parts: NDArray[np.float32]
    maps: NDArray[np.float32]
    shares: NDArray[np.float64]
    error: float
    top: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LayerProbe:
    """Accuracy of a linear probe: a classifier that predicts labels from a layer.

    Attributes:
        layer: name.
        channels: number of channels that the classifier reads.
        accuracy: on held-out images, in [0, 1].
        spread: standard deviation over the five folds.
    """

    layer: str
    channels: int
    accuracy: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ablation:
    """Channel ablation: a network's answers over a set with some channels replaced.

    Attributes:
        layer: name.
        channels: indices of the channels.
        replacement: "zero", "mean" (of the set) or the path of the image whose
            activations were patched in.
        images: number of images that were classified.
        labeled: number of those with a label that the network knows.
        before: accuracy of the whole network; NaN without labels.
        after: accuracy with the channels replaced.
        changed: share of images with another answer.
        classes: (name, images, before, after), the largest drop first.
        records: int64 (k,), images whose answer changed, the most confident first.
        answers: each image's answer before and after.
        paths: of these images.
    """

    layer: str
    channels: tuple[int, ...]
    replacement: str
    images: int
    labeled: int
    before: float
    after: float
    changed: float
    classes: tuple[tuple[str, int, float, float], ...]
    records: NDArray[np.int64]
    answers: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]
