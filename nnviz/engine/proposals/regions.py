"""Regions of an image: Felzenszwalb segments and the features used to merge them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
COLOR_BINS, TEXTURE_BINS, ORIENTATIONS = 25, 10, 8
_SIGMA = 0.8
"""Of the blur before segmentation (Uijlings et al. 2013, section 3.1)."""
_TEXTURE_SIGMA = 1.0
_CHANNELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Regions of an image with the features that their similarity compares.

    Attributes:
        color: float32 (N, 75), 25 bins per channel; each row sums to 1.
        texture: float32 (N, 240), 10 bins for each of 8 orientations and 3 channels;
            each row sums to 1.
        size: float32 (N,), px.
        boxes: float32 (N, 4): left, top, right, bottom, px, continuous.
    """

    color: Floats
    texture: Floats
    size: Floats
    boxes: Floats


def segment(pixels: Floats, scale: float, smallest: int) -> Labels:
    """Segment an image by Felzenszwalb & Huttenlocher's graph-based method (2004).

    Args:
        pixels: (H, W, 3) in [0, 1].
        scale: k, larger for larger segments, in units of colors in [0, 255].
        smallest: px; smaller segments are merged with a neighbor.

    Returns:
        int64 (H, W), numbered from 0.
    """
    from skimage.segmentation import felzenszwalb  # noqa: PLC0415  slow to import

    found: Labels = felzenszwalb(pixels, scale, _SIGMA, smallest).astype(np.int64)
    return found


def measure_regions(pixels: Floats, labels: Labels) -> Regions:
    """Return the regions of a segmentation with their histograms.

    Args:
        pixels: (H, W, 3) in [0, 1], in the color space of the comparison.
        labels: int64 (H, W), numbered from 0 without gaps.
    """
    count = int(labels.max()) + 1
    return Regions(
        color=_histograms(pixels, labels, COLOR_BINS, count),
        texture=_histograms(oriented_gradients(pixels), labels, TEXTURE_BINS, count),
        size=np.bincount(labels.ravel(), minlength=count).astype(np.float32),
        boxes=_boxes(labels, count),
    )


def oriented_gradients(pixels: Floats) -> Floats:
    """Return the positive parts of Gaussian derivatives in 8 orientations.

    Uijlings et al. 2013 (doi:10.1007/s11263-013-0620-5, section 3.2): sigma 1.

    Args:
        pixels: (H, W, 3).

    Returns:
        (H, W, 24) in [0, 1]: each scaled by its maximum.
    """
    import cv2

    found = []
    for channel in range(_CHANNELS):
        plane = pixels[..., channel]
        down, right = np.gradient(cv2.GaussianBlur(plane, (0, 0), _TEXTURE_SIGMA))
        for step in range(ORIENTATIONS):
            angle = 2 * np.pi * step / ORIENTATIONS
            slope = (np.cos(angle) * right + np.sin(angle) * down).clip(0)
            found.append(slope / max(float(slope.max()), 1e-6))
    return np.stack(found, 2).astype(np.float32)


def neighbors(labels: Labels) -> NDArray[np.int64]:
    """Return the pairs of adjacent segments, each once, (M, 2), lower index first."""
    right = np.stack((labels[:, :-1].ravel(), labels[:, 1:].ravel()), 1)
    down = np.stack((labels[:-1].ravel(), labels[1:].ravel()), 1)
    pairs = np.concatenate((right, down))
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    found: NDArray[np.int64] = np.unique(pairs, axis=0)
    return found


def _histograms(planes: Floats, labels: Labels, bins: int, count: int) -> Floats:
    """Return normalized histograms of each segment, (count, channels * bins)."""
    channels = planes.shape[2]
    found = np.zeros((count, channels, bins), np.float32)
    flat = labels.ravel() * bins
    for channel in range(channels):
        values = planes[..., channel].ravel()
        places = (values * bins).astype(np.int64).clip(0, bins - 1)
        counts = np.bincount(flat + places, minlength=count * bins)
        found[:, channel] = counts.reshape(count, bins)
    total = found.sum((1, 2), keepdims=True)
    shares: Floats = found / np.maximum(total, 1)
    return shares.reshape(count, -1)


def _boxes(labels: Labels, count: int) -> Floats:
    """Return the bounding box of each segment, (count, 4)."""
    height, width = labels.shape
    rows, columns = np.mgrid[:height, :width]
    flat = labels.ravel()
    boxes = np.empty((count, 4), np.float32)
    for index, values in enumerate((columns.ravel(), rows.ravel())):
        lowest, highest = np.full(count, labels.size), np.full(count, -1)
        np.minimum.at(lowest, flat, values)
        np.maximum.at(highest, flat, values)
        boxes[:, index], boxes[:, 2 + index] = lowest, highest + 1
    return boxes
