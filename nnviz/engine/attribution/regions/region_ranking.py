"""XRAI: regions ranked by the attribution they gain (arXiv:1906.02825, algorithm 1)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Mask = NDArray[np.bool_]
_SCALES = (50, 100, 150, 250, 500, 1200)
_SIGMA, _LEAST, _DILATION = 0.8, 150, 5
_SIZE = (224, 224)
"""Size of the image that is segmented: scales and sizes are chosen for it, px."""
_RANGE = (-1.0, 1.0)
_LEAST_GAIN = 50
"""Minimum number of pixels that a region must add."""


def felzenszwalb_regions(pixels: Tensor) -> list[Mask]:
    """Segment an image at six scales, each region dilated by 5 px, bool (H, W).

    Args:
        pixels: (1, C, H, W), of any range.
    """
    from skimage import morphology, segmentation, transform  # noqa: PLC0415 -- 1 s, at its first use only

    image = pixels[0].permute(1, 2, 0).cpu().double().numpy()
    size = image.shape[:2]
    low, high = image.min(), image.max()
    image = (image - low) / ((high - low) or 1.0)
    image = image * (_RANGE[1] - _RANGE[0]) + _RANGE[0]
    image = transform.resize(  # type: ignore[no-untyped-call]
        image, _SIZE, order=3, mode="constant", preserve_range=True, anti_aliasing=True
    )
    disk = morphology.disk(_DILATION)  # type: ignore[no-untyped-call]
    masks: list[Mask] = []
    for scale in _SCALES:
        found = segmentation.felzenszwalb(
            image, scale=scale, sigma=_SIGMA, min_size=_LEAST, channel_axis=2
        )
        labels = transform.resize(  # type: ignore[no-untyped-call]
            found, size, order=0, preserve_range=True, mode="constant",
            anti_aliasing=False,
        ).astype(int)  # fmt: skip
        masks += [
            morphology.dilation(labels == label, footprint=disk)
            for label in np.unique(labels)
        ]
    return masks


def rank_regions(
    attribution: NDArray[np.floating], regions: list[Mask]
) -> Iterator[NDArray[np.float64]]:
    """Yield the map after each region; its new pixels get their mean attribution.

    The region whose new pixels have the largest mean comes next; those that would add
    fewer than 50 pixels are skipped.  At the end the remaining pixels get their own
    mean.

    Args:
        attribution: (H, W).
        regions: overlapping, bool (H, W).
    """
    found = np.full(attribution.size, np.nan)
    values = attribution.astype(np.float64).ravel()
    masks = np.array([each.ravel() for each in regions])
    free = np.ones(values.size, np.bool_)
    sizes, sums = masks.sum(1).astype(np.int64), masks @ values
    while (large := sizes >= _LEAST_GAIN).any():
        gains = np.where(large, sums / np.maximum(sizes, 1), -np.inf)
        best = int(np.argmax(gains))
        new = masks[best] & free
        found[new] = gains[best]
        free &= ~new
        # The region's new pixels are no longer available to any region.
        taken = masks[:, new]
        sizes -= taken.sum(1)
        sums -= taken @ values[new]
        yield _complete(found, values, free).reshape(attribution.shape)
    yield _complete(found, values, free).reshape(attribution.shape)


def _complete(
    found: NDArray[np.float64], values: NDArray[np.float64], free: Mask
) -> NDArray[np.float64]:
    """Return values (P,) with the pixels of no region set to their mean."""
    whole = found.copy()
    if free.any():
        whole[free] = values[free].mean()
    return whole
