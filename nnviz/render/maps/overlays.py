"""Blending of a map over the image that it explains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.base.frames import Frame
from nnviz.base.results import Boxes, ColorImage, Heatmap, Mask
from nnviz.render import colormaps
from nnviz.render.colormaps import Colors, Scale, Values

OPACITY = 0.85
"""Opacity of the map at its greatest magnitude."""
_EASE = 1.5
"""Exponent of the magnitude in alpha."""
_DIMMED = 0.7
"""Brightness of the photo outside the network's input."""
_OUTLINE = (255, 255, 255)

_STRIP = 64
"""Rows of the photo that are processed at once."""
Packed = NDArray[np.uint32]
Index = NDArray[np.intp]
Spatial = Heatmap | ColorImage | Boxes | Mask
Span = tuple[float, float]
"""First and last coordinate in the photo, as fractions of its side."""


def magnitude(values: Values, scale: Scale) -> NDArray[np.float32]:
    """Return the magnitude of each value on its scale, in [0, 1].

    The magnitude is the distance from zero on a signed scale, and from the low end of
    any other; 0 for values that are not finite and for a flat scale.
    """
    if scale.flat:
        return np.zeros(values.shape, np.float32)
    start = 0.0 if scale.signed else scale.low
    distance = np.abs(np.nan_to_num(values, nan=start, posinf=start, neginf=start))
    if not scale.signed:
        distance = np.nan_to_num(values, nan=start, posinf=start, neginf=start) - start
    shares: NDArray[np.float32] = (distance / (scale.high - start)).astype(np.float32)
    return shares.clip(0, 1)


def layer(
    heat: Heatmap,
    scale: Scale,
    colormap: str = "",
    opacity: float = OPACITY,
) -> Colors:
    """Paint the map as a transparent layer, uint8 (h, w, 4): RGB and alpha.

    Alpha grows with the magnitude, slowly at first, so that the image keeps its
    brightness where the map is weak: colors near the middle of a diverging map and at
    the low end of any other differ little and would only tint it.
    """
    name = colormap or colormaps.default_map(signed=scale.signed)
    colors = colormaps.apply(heat.values, name, scale.low, scale.high)
    share = magnitude(heat.values, scale) ** _EASE
    alpha = share * np.float32(opacity * 255)
    return np.dstack([colors, alpha.round().astype(np.uint8)])


def covered(heat: Spatial) -> tuple[Span, Span]:
    """Return the part of the photo that a result covers, as fractions of its sides.

    May reach beyond 0 and 1 where the network's input was padded.
    """
    if heat.frame is Frame.INPUT and heat.placement is not None:
        top, left, bottom, right = heat.placement.input_in_photo()
        height, width = heat.placement.photo_size
        return (top / height, bottom / height), (left / width, right / width)
    return (0.0, 1.0), (0.0, 1.0)


def extent_of(result: Boxes | Mask) -> tuple[int, int]:
    """Return the height and width of the photo that a result refers to, px.

    Without a placement, the size of the result itself.
    """
    if result.placement is not None:
        return result.placement.photo_size
    if isinstance(result, Mask):
        return result.classes.shape[0], result.classes.shape[1]
    if result.masks is not None:
        return result.masks.shape[1], result.masks.shape[2]
    right, bottom = np.ceil(result.boxes[:, 2:].max(0, initial=1)).astype(int)
    return int(bottom), int(right)


def blend(
    photo: Colors,
    heat: Heatmap,
    scale: Scale,
    colormap: str = "",
    opacity: float = OPACITY,
) -> Colors:
    """Blend a map over the photo.

    Args:
        photo: uint8 (H, W, 3), the whole photo at any size.
        heat: the map; its frame and placement determine its position.
        scale: the range of the colors.
        colormap: a name; the default for the kind of numbers if empty.
        opacity: of the map at its greatest magnitude.

    Returns:
        uint8 (H, W, 3).
    """
    return over(photo, layer(heat, scale, colormap, opacity), covered(heat))


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """The resampling of a map along one axis of an image of the photo.

    Attributes:
        cells: index of the map's cell under each pixel, or of the nearest one.
        seen: whether the map covers the pixel.
        span: first and last coordinate of the map, px.
    """

    cells: Index
    seen: NDArray[np.bool_]
    span: Span

    @property
    def whole(self) -> bool:
        """Whether the map covers the whole axis."""
        return bool(self.seen.all())


def along(side: int, cells: int, span: Span) -> Axis:
    """Compute the nearest-neighbor resampling of a map along an axis.

    Args:
        side: pixels of the image along the axis.
        cells: number of the map's cells along the axis.
        span: part of the photo that the map covers.
    """
    centers = (np.arange(side) + 0.5) / side
    place = (centers - span[0]) / (span[1] - span[0]) * cells
    cell = np.floor(place).astype(np.intp)
    seen = (cell >= 0) & (cell < cells)
    return Axis(cell.clip(0, cells - 1), seen, (span[0] * side, span[1] * side))


def over(photo: Colors, see_through: Colors, spans: tuple[Span, Span]) -> Colors:
    """Blend a transparent layer over the photo.

    Each of its pixels covers a block of the photo, without smoothing.  The photo
    outside the layer is dimmed and the border outlined.

    Args:
        photo: uint8 (H, W, 3), the whole photo at any size.
        see_through: uint8 (h, w, 4): RGB and alpha.
        spans: part of the photo that the layer covers, from ``covered``.

    Returns:
        uint8 (H, W, 3); identical to the photo where alpha is 0.
    """
    return lay(photo, ready(see_through), spans)


def ready(see_through: Colors) -> Packed:
    """Pack premultiplied colors and 1 - alpha into 32-bit integers.

    Args:
        see_through: uint8 (..., 4): RGB and alpha; an image, or a table of colors.
    """
    alpha = see_through[..., 3:].astype(np.uint16)
    made = 255 - see_through
    made[..., :3] = (see_through[..., :3] * alpha + 127) // 255
    packed: Packed = made.view(np.uint32)[..., 0]
    return packed


def lay(photo: Colors, made: Packed, spans: tuple[Span, Span]) -> Colors:
    """Blend a packed layer over the photo, as ``over`` does."""
    rows = along(photo.shape[0], made.shape[0], spans[0])
    columns = along(photo.shape[1], made.shape[1], spans[1])
    outside = ready(np.array([0, 0, 0, round(255 * (1 - _DIMMED))], np.uint8))
    painted = np.empty(photo.shape, np.uint8)
    # Strip by strip: intermediate arrays stay in the processor's cache.
    for top in range(0, photo.shape[0], _STRIP):
        part = slice(top, top + _STRIP)
        spread = made[rows.cells[part]].take(columns.cells, axis=1)
        if not (rows.whole and columns.whole):
            spread[~(rows.seen[part, None] & columns.seen)] = outside
        _mix(photo[part], spread, painted[part])
    if not (rows.whole and columns.whole):
        outline(painted, rows.span, columns.span)
    return painted


def _mix(photo: Colors, made: Packed, painted: Colors) -> None:
    """Blend a strip into a canvas, in place."""
    import cv2

    four = made.view(np.uint8).reshape(*made.shape, 4)
    kept = cv2.cvtColor(cv2.extractChannel(four, 3), cv2.COLOR_GRAY2RGB)
    cv2.multiply(photo, kept, dst=painted, scale=1 / 255)
    cv2.add(painted, cv2.cvtColor(four, cv2.COLOR_RGBA2RGB), dst=painted)


def outline(canvas: Colors, rows: Span, columns: Span) -> None:
    """Draw a thin, half-transparent white frame onto a canvas, in place; px."""
    top, bottom = (_edge(value, canvas.shape[0]) for value in rows)
    left, right = (_edge(value, canvas.shape[1]) for value in columns)
    tall, wide = slice(top + 1, bottom), slice(left, right + 1)
    for part in (
        canvas[top, wide],
        canvas[bottom, wide],
        canvas[tall, left],
        canvas[tall, right],
    ):
        part[...] = (part.astype(np.uint16) + _OUTLINE) // 2


def _edge(value: float, side: int) -> int:
    return min(max(round(value), 0), side - 1)
