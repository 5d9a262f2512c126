"""Class centers: distance of an image's features to the mean of its class."""

import numpy as np
from numpy.typing import NDArray

from nnviz.media.index import ImageIndex

_BLOCK = 1 << 14
Vectors = NDArray[np.float32]


def groups_of(index: ImageIndex) -> NDArray[np.int64]:
    """Return the class of each record: its label, else its prediction, else -1."""
    label = np.asarray(index.columns["label"], np.int64)
    if "predicted" not in index.columns:
        return label
    predicted = np.asarray(index.columns["predicted"], np.int64)
    return np.where(label < 0, predicted, label)


def class_centers(
    index: ImageIndex, groups: NDArray[np.int64], layer: str = ""
) -> tuple[Vectors, NDArray[np.int64]]:
    """Return the mean features of each class (K, d), and its number of records (K,).

    Those without a class share the last row.
    """
    classes = max(len(index.class_names), int(groups.max(initial=-1)) + 1)
    features = index.features(layer)
    sums = np.zeros((classes + 1, features.shape[1]), np.float64)
    counts = np.bincount(groups % (classes + 1), minlength=classes + 1)
    for start in range(0, len(index), _BLOCK):
        part = np.asarray(features[start : start + _BLOCK], np.float64)
        np.add.at(sums, groups[start : start + _BLOCK], part)
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32), counts


def center_distances(index: ImageIndex, layer: str = "") -> NDArray[np.float32]:
    """Return each record's cosine distance to the center of its class, (n,).

    0 is typical, larger ones less so; 2 at most.
    """
    groups = groups_of(index)
    centers, _ = class_centers(index, groups, layer)
    centers = normalized(centers)
    features = index.features(layer)
    found = np.empty(len(index), np.float32)
    for start in range(0, len(index), _BLOCK):
        part = normalized(np.asarray(features[start : start + _BLOCK], np.float32))
        own = centers[groups[start : start + _BLOCK]]
        found[start : start + _BLOCK] = 1 - np.einsum("nd,nd->n", part, own)
    return found


def normalized(vectors: Vectors) -> Vectors:
    """Normalize vectors to unit length; zero vectors stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Vectors = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return found
