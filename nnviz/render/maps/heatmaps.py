"""Heatmaps, alone or over their image, with a look that makes grainy ones legible.

Gradient maps are grainy: single pixels far above their neighbors, invisible on a bright
image.  Such a map is smoothed slightly, gamma-corrected by a power of its magnitude,
and painted over a dimmed gray image.  The legend says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from nnviz.base.results import Heatmap
from nnviz.render import colormaps, fitting, sheets
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.maps import overlays
from nnviz.render.text.words import number

_GRAINY_FROM = 64
"""Minimum side, in positions, of a grainy map: below, single positions are visible."""
_GRAINY = 0.8
"""Correlation of neighbors below which a map is grainy: that of gradients is 0 to 0.6,
that of interpolated maps above 0.95."""
_DIMMED = 0.5
"""Brightness of the gray image below a grainy map."""


class Ground(StrEnum):
    """The background of a heatmap."""

    IMAGE = "image"
    BLACK = "black"
    WHITE = "white"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapLook:
    """The look of a heatmap: opacity, smoothing, gamma, clipping, background.

    Attributes:
        opacity: of the map over the image at its greatest magnitude, 0 to 1.
        smoothing: standard deviation of a Gaussian over the values, in positions of the
            map; 0 for none.
        gamma: exponent of the magnitude; below 1, faint positions become brighter.
        gray: whether the image below is painted gray and dimmed.
        percentile: percentage of the values that the colors span; 100 for all;
            ``sheets.CLIP`` clips only where a few outliers take up much of the range.
        ground: background: the image, or black or white for the map alone.
    """

    opacity: float = overlays.OPACITY
    smoothing: float = 0.0
    gamma: float = 1.0
    gray: bool = False
    percentile: float = sheets.CLIP
    ground: Ground = Ground.IMAGE

    @property
    def words(self) -> str:
        """The look in words, for the legend; "" for a plain one."""
        parts = (
            f"smoothed, sigma {number(self.smoothing)} px" if self.smoothing else "",
            f"gamma {self.gamma:g}" if self.gamma != 1 else "",
        )
        return " · ".join(part for part in parts if part)


Looks = Mapping[str, MapLook]
"""Looks of a report's maps, by result name."""
PLAIN = MapLook()
GRAINY = MapLook(opacity=1.0, smoothing=1.0, gamma=0.7, gray=True)
GRAINY_SIGNED = MapLook(opacity=1.0, smoothing=1.5, gray=True)
"""Without gamma: brightening faint neighbors of opposite signs would add noise."""
TILE = MapLook(opacity=1.0, gamma=0.6, gray=True)
"""Look of a grainy map on a board, where each keeps the range of its raw values."""


def usual_look(heat: Heatmap) -> MapLook:
    """Return the default look of a map, which depends on whether it is grainy."""
    if not is_grainy(heat):
        return PLAIN
    return GRAINY_SIGNED if heat.signed else GRAINY


def is_grainy(heat: Heatmap) -> bool:
    """Return whether a map is as grainy as noise, by the correlation of neighbors."""
    if min(heat.values.shape) < _GRAINY_FROM:
        return False
    values = np.nan_to_num(heat.values.astype(np.float32), posinf=0, neginf=0)
    near = values - values.mean()
    power = float((near**2).mean())
    return power > 0 and float((near[:, 1:] * near[:, :-1]).mean()) < _GRAINY * power


def scale_of(heat: Heatmap, look: MapLook) -> Scale:
    """Return the color range of a map after its look's smoothing and clipping."""
    values = smoothed(heat, look).values
    whole = colormaps.scale_of(values, signed=heat.signed)
    if look.percentile == sheets.CLIP:
        return sheets.robust_scale(values, whole)
    return sheets.clipped_scale(values, whole, look.percentile)


def colormap_of(look: MapLook, *, signed: bool) -> str:
    """Return the color map's name for a look's background."""
    white = look.ground is Ground.WHITE
    if white and not signed:
        return colormaps.INK
    return colormaps.default_map(signed=signed, light=white)


def drawn(heat: Heatmap, scale: Scale, look: MapLook) -> Heatmap:
    """Apply a look's smoothing and gamma to a map."""
    return curved(smoothed(heat, look), scale, look)


def smoothed(heat: Heatmap, look: MapLook) -> Heatmap:
    """Smooth a map by its look's Gaussian; return it unchanged if there is none."""
    if not look.smoothing:
        return heat
    import cv2

    values = np.nan_to_num(heat.values.astype(np.float32), posinf=0, neginf=0)
    blurred = cv2.GaussianBlur(values, (0, 0), look.smoothing)
    return replace(heat, values=np.asarray(blurred))


def curved(heat: Heatmap, scale: Scale, look: MapLook) -> Heatmap:
    """Apply a look's gamma to a map.

    The ends of the scale and, if signed, zero are preserved.
    """
    if look.gamma == 1 or scale.flat:
        return heat
    share = overlays.magnitude(heat.values, scale) ** np.float32(look.gamma)
    start = 0.0 if scale.signed else scale.low
    sign = np.where(heat.values < start, -1, 1) if scale.signed else 1
    return replace(heat, values=start + sign * share * (scale.high - start))


def alone(heat: Heatmap, scale: Scale, look: MapLook) -> Colors:
    """Paint a map without its image, a pixel for each value, uint8 (h, w, 3)."""
    name = colormap_of(look, signed=scale.signed)
    return colormaps.apply(drawn(heat, scale, look).values, name, scale.low, scale.high)


def laid(
    photo: Colors, heat: Heatmap, scale: Scale, look: MapLook, colormap: str = ""
) -> Colors:
    """Paint a map over its image, uint8 (H, W, 3).

    Args:
        photo: uint8 (H, W, 3), the whole image at any size.
        heat: the map, not yet smoothed.
        scale: the range of the colors.
        look: appearance.
        colormap: a name; the default for the kind of numbers if empty.
    """
    below = dimmed(photo) if look.gray else photo
    shown = drawn(heat, scale, look)
    return overlays.blend(below, shown, scale, colormap, look.opacity)


def dimmed(photo: Colors) -> Colors:
    """Return an image in dark gray, so that colors on it stand out."""
    import cv2

    gray = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    levels = (np.arange(256) * _DIMMED).round().astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.LUT(gray, levels), cv2.COLOR_GRAY2RGB))


def enlarged(photo: Colors, width: int, height: int) -> Colors:
    """Resize an image to the largest size that fits, smoothly where it grows."""
    ratio = min(width / photo.shape[1], height / photo.shape[0])
    size = max(1, round(photo.shape[0] * ratio)), max(1, round(photo.shape[1] * ratio))
    if ratio <= 1:
        return fitting.show(photo, size)
    return fitting.smoothly(photo, size)
