"""Signed difference of two results."""

import numpy as np

from nnviz.base.results import ColorImage, Heatmap
from nnviz.render.boards import agreement
from nnviz.render.boards.scale_locks import Tile
from nnviz.render.maps import overlays

_LESS = "\N{MINUS SIGN}"


def difference(first: Tile, second: Tile) -> Heatmap:
    """Return the second result minus the first, as a signed map.

    Maps of different resolution or placement are first resampled to a common grid over
    the part of the image that both cover.  For images the mean over the colors is
    taken.

    Returns:
        A signed map, positive where the second is larger; it lies over the image if
        both results cover the same part of it.
    """
    one, two = _map(first), _map(second)
    together = overlays.covered(one) == overlays.covered(two)
    if together and one.values.shape == two.values.shape:
        before, after = (each.values.astype(np.float64) for each in (one, two))
    else:
        before, after = agreement.resampled(one, two)
    unit = one.unit if one.unit == two.unit else f"{two.unit} {_LESS} {one.unit}"
    return Heatmap(
        values=after - before,
        signed=True,
        unit=f"difference, {unit}",
        frame=one.frame if together else None,
        placement=one.placement if together else None,
    )


def _map(tile: Tile) -> Heatmap:
    """Return a tile's map, or the brightness of its image."""
    result = tile.result
    if isinstance(result, ColorImage):
        return Heatmap(
            values=result.pixels.mean(2),
            signed=False,
            unit="brightness",
            frame=result.frame,
            placement=result.placement,
        )
    return result
