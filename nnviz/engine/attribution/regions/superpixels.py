"""Superpixels: an image cut into regions that are kept or hidden as wholes."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Labels = NDArray[np.int64]
Segmentation = Literal["SLIC", "quickshift", "grid"]
_COMPACTNESS = 10.0
_KERNEL, _DISTANCE, _RATIO = 4, 200, 0.2
"""LIME's settings of quickshift."""
_COLORS = 3


def superpixels(pixels: Tensor, kind: Segmentation, count: int) -> Labels:
    """Return the region of each pixel, int64 (H, W), numbered from 0 without gaps.

    Args:
        pixels: (1, C, H, W) in [0, 1].
        kind: SLIC (Achanta et al. 2012), quickshift (Vedaldi & Soatto 2008, with the
            values of LIME's image explainer) or a grid of rectangles.
        count: approximate number of regions; quickshift finds its own number.  An image
            in which SLIC finds a single region is divided into a grid.
    """
    from skimage import segmentation  # noqa: PLC0415 -- 1 s, at its first use only

    image = pixels[0].permute(1, 2, 0).cpu().double().numpy()
    if kind == "grid":
        return _grid(image.shape[:2], count)
    colored = image if image.shape[2] == _COLORS else image.mean(2, keepdims=True)
    if kind == "quickshift":
        found = segmentation.quickshift(  # type: ignore[no-untyped-call]
            np.broadcast_to(colored, (*image.shape[:2], _COLORS)),
            kernel_size=_KERNEL,
            max_dist=_DISTANCE,
            ratio=_RATIO,
            rng=0,
        )
    else:
        found = segmentation.slic(
            colored,
            n_segments=count,
            compactness=_COMPACTNESS,
            start_label=0,
            channel_axis=2,
        )
    labels = numbered(found)
    flat = kind == "SLIC" and not labels.any()
    return _grid(image.shape[:2], count) if flat else labels


def numbered(labels: NDArray[np.integer]) -> Labels:
    """Return labels renumbered from 0 without gaps, in their order."""
    places = np.unique(labels, return_inverse=True)[1]
    found: Labels = places.reshape(labels.shape).astype(np.int64)
    return found


def _grid(size: tuple[int, int], count: int) -> Labels:
    """Return about ``count`` rectangles, as nearly square as possible."""
    height, width = size
    rows = max(1, min(height, round((count * height / width) ** 0.5)))
    columns = max(1, min(width, round(count / rows)))
    down = np.arange(height) * rows // height
    across = np.arange(width) * columns // width
    found: Labels = (down[:, None] * columns + across).astype(np.int64)
    return found
