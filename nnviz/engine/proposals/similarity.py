"""Similarity of two regions by color, texture, size and fill.

Uijlings et al. 2013 (doi:10.1007/s11263-013-0620-5, section 3.2, equations 1 to 6).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.proposals.regions import Floats, Regions

Rows = NDArray[np.int64]
Measure = Callable[[Regions, int, Rows, float], Floats]
"""Similarity of one region to others in an image of a number of px; higher is more
similar."""


def color_similarity(regions: Regions, one: int, others: Rows, area: float) -> Floats:
    """Return the intersection of the color histograms (equation 1), in [0, 1]."""
    del area
    return _intersection(regions.color, one, others)


def texture_similarity(regions: Regions, one: int, others: Rows, area: float) -> Floats:
    """Return the intersection of the texture histograms (equation 3), in [0, 1]."""
    del area
    return _intersection(regions.texture, one, others)


def size_similarity(regions: Regions, one: int, others: Rows, area: float) -> Floats:
    """Return 1 - (size of both) / (size of the image) (equation 4)."""
    both: Floats = regions.size[one] + regions.size[others]
    return 1 - both / area


def fill_similarity(regions: Regions, one: int, others: Rows, area: float) -> Floats:
    """Return 1 - (gaps in the box around both) / (size of the image) (equation 5)."""
    mine, theirs = regions.boxes[one], regions.boxes[others]
    sides = np.maximum(mine[2:], theirs[:, 2:]) - np.minimum(mine[:2], theirs[:, :2])
    gaps: Floats = sides.prod(1) - regions.size[one] - regions.size[others]
    return 1 - gaps / area


MEASURES: Mapping[str, Measure] = {
    "color": color_similarity,
    "texture": texture_similarity,
    "size": size_similarity,
    "fill": fill_similarity,
}
"""The measures by name; a strategy sums some of them (equation 6)."""


def _intersection(histograms: Floats, one: int, others: Rows) -> Floats:
    shared: Floats = np.minimum(histograms[one], histograms[others]).sum(1)
    return shared
