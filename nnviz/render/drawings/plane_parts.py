"""Elements of a Plane that image and window share: colors, contours, ticks."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nnviz.base.kinds.planes import Plane, PlaneRegion
from nnviz.render import colormaps
from nnviz.render.palette import Color
from nnviz.render.text.words import short

SERIES: tuple[Color, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (240, 228, 66),
    (148, 152, 244),
    (170, 170, 170),
    (166, 110, 60),
    (250, 165, 200),
)
"""Colors of classes and series, after Okabe & Ito, for color-blind readers."""
BUBBLE_ALPHA = 0.65
"""Opacity of dots of various sizes, which overlap."""
_CLASS_SHARE, _HEIGHT_SHARE = 0.35, 0.85
_LEGEND_FROM = 0.6
"""Fraction of an axis beyond which a corner begins."""
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


def series_color(index: int) -> Color:
    """Return the color of a series or class, from a cyclic palette."""
    return SERIES[index % len(SERIES)]


def region_colors(
    region: PlaneRegion, ground: Color, *, light: bool
) -> NDArray[np.uint8]:
    """Return a region's numbers as colors, uint8 (H, W, 3).

    Args:
        region: "signed" ones take the first two series' colors, for negative and
            positive, stronger farther from zero.
        ground: background color.
        light: whether the background is light.
    """
    plain = np.array(ground, np.float64)
    values = region.values
    if region.kind == "height":
        scale = colormaps.scale_of(values, signed=False)
        name = colormaps.INK if light else "viridis"
        colors = colormaps.apply(values, name, scale.low, scale.high).astype(float)
        share = np.full(values.shape, 0.45 if light else _HEIGHT_SHARE)
    elif region.kind == "classes":
        table = np.array(SERIES, np.float64)
        colors = table[np.asarray(values, np.int64) % len(SERIES)]
        share = np.full(values.shape, _CLASS_SHARE)
    else:
        largest = float(np.abs(values).max()) or 1.0
        sides = np.where(values < 0, 0, 1)
        colors = np.array(SERIES[:2], np.float64)[sides]
        share = 0.1 + 0.5 * np.sqrt(np.abs(values) / largest)
    mixed = share[..., None] * colors + (1 - share[..., None]) * plain
    painted: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return painted


def contour_lines(plane: Plane) -> list[NDArray[np.float64]]:
    """Return a region's contour lines, each (P, 2) of x and y."""
    region = plane.region
    if region is None or not region.contours:
        return []
    from contourpy import contour_generator

    rows, columns = region.values.shape
    x = _centers(plane.x_range, columns)
    y = _centers(plane.y_range, rows)[::-1]
    lines = contour_generator(x=x, y=y, z=np.asarray(region.values, np.float64))
    return [
        np.asarray(line, np.float64)
        for level in region.contours
        for line in lines.lines(level)
    ]


def ticks(limits: tuple[float, float], most: int = 6) -> tuple[float, ...]:
    """Return round tick values between two limits.

    Args:
        limits: lowest and highest.
        most: 2 or more.
    """
    low, high = limits
    rough = (high - low) / max(1, most - 1)
    if not rough > 0:
        return (low,)
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(each for each in _NICE if each * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return tuple(round(index * step, 12) for index in range(first, last + 1))


def tick_texts(places: Sequence[float]) -> tuple[str, ...]:
    """Return the labels of ticks."""
    return tuple(short(place) for place in places)


def legend_names(plane: Plane) -> tuple[tuple[str, Color | None], ...]:
    """Return the entries of a legend, name and color; None for quiet gray."""
    found: list[tuple[str, Color | None]] = []
    for path in plane.paths:
        color = series_color(path.color) if path.color >= 0 else None
        found += [(path.name, color)] if path.name else []
    for arrows in plane.arrows:
        color = series_color(arrows.color) if arrows.color >= 0 else None
        found += [(arrows.name, color)] if arrows.name else []
    for index, series in enumerate(plane.points):
        if series.name and series.classes is None:
            found.append((series.name, series_color(index)))
    return tuple(dict(found).items())


def legend_corner(plane: Plane) -> tuple[bool, bool]:
    """Return the emptiest corner for a legend: whether right, whether top."""
    places = [each.places for each in plane.points if len(each.places)]
    places += [each.places for each in plane.paths if len(each.places)]
    if not places:
        return True, True
    across, up = np.concatenate(places).T
    (left, right), (low, high) = plane.x_range, plane.y_range
    x, y = (across - left) / (right - left), (up - low) / (high - low)
    corners = [(True, True), (False, True), (True, False), (False, False)]

    def crowd(corner: tuple[bool, bool]) -> int:
        beside = x > _LEGEND_FROM if corner[0] else x < 1 - _LEGEND_FROM
        above = y > _LEGEND_FROM if corner[1] else y < 1 - _LEGEND_FROM
        return int((beside & above).sum())

    return min(corners, key=crowd)


def _centers(limits: tuple[float, float], count: int) -> NDArray[np.float64]:
    low, high = limits
    return low + (np.arange(count) + 0.5) * (high - low) / count
