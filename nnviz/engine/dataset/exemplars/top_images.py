"""Most activating images of each channel, and figures of channels over a set."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nnviz.media.index import ImageIndex

_BLOCK = 1 << 13
Check = Callable[[], None]


def top_images(
    maxima: NDArray[np.floating],
    means: NDArray[np.floating],
    count: int,
    check: Check = lambda: None,
) -> NDArray[np.int64]:
    """Return the records of the highest values in each column, (d, count).

    The highest first; ties, which ReLU6 makes common, go to the highest mean, and then
    to the first record.

    Args:
        maxima: (n, d), memory-mapped.
        means: likewise, over all positions of an image.
        count: number of records; at most n are returned.
        check: raises to stop.
    """
    channels = maxima.shape[1]
    records = np.empty((channels, 0), np.int64)
    values = np.empty((2, channels, 0), np.float32)
    for start in range(0, len(maxima), _BLOCK):
        check()
        block = slice(start, start + _BLOCK)
        part = np.stack([means[block].T, maxima[block].T]).astype(np.float32)
        numbers = np.arange(start, start + part.shape[2])
        values = np.concatenate([values, part], 2)
        records = np.concatenate(
            [records, np.broadcast_to(numbers, (channels, len(numbers)))], 1
        )
        order = np.lexsort(-values, axis=1)[:, :count]
        values = np.take_along_axis(values, order[None], 2)
        records = np.take_along_axis(records, order, 1)
    return records


def answering(maxima: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the share of images that activate each channel (above 0), (d,)."""
    counts = np.zeros(maxima.shape[1], np.int64)
    for start in range(0, len(maxima), _BLOCK):
        counts += (np.asarray(maxima[start : start + _BLOCK]) > 0).sum(0)
    return np.asarray(counts / max(1, len(maxima)), np.float64)


def channel_correlations(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return Pearson's correlation between all channels over images, (d, d).

    The correlation of a constant channel is 0.
    """
    channels = features.shape[1]
    total, products = np.zeros(channels), np.zeros((channels, channels))
    for start in range(0, len(features), _BLOCK):
        part = np.asarray(features[start : start + _BLOCK], np.float64)
        total += part.sum(0)
        products += part.T @ part
    mean = total / max(1, len(features))
    covariance = products / max(1, len(features)) - np.outer(mean, mean)
    spread = np.sqrt(np.maximum(np.diag(covariance), 0))
    changing = spread > 1e-6 * np.maximum(np.abs(mean), 1e-6)
    scale = np.where(changing, 1 / np.where(changing, spread, 1), 0)
    return np.asarray(np.clip(covariance * np.outer(scale, scale), -1, 1))


def most_alike(
    index: ImageIndex, layer: str, channels: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the channels most correlated with given ones, and the correlations."""
    correlations = channel_correlations(index.features(layer))
    np.fill_diagonal(correlations, -np.inf)
    rows = correlations[channels]
    order = np.argsort(-rows, axis=1, kind="stable")[:, : min(count, rows.shape[1] - 1)]
    return order, np.take_along_axis(rows, order, 1)
