"""Scatter plots of a million points: spatial buckets, density, disks, thumbnails.

Few points are painted as disks, many as their density on a logarithmic scale, each
pixel in the mean color of its points (as datashader does for categories).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from nnviz.media.resize import resize_tiles

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]

_BUCKETS = 256
"""Buckets along each axis: their indices fit 16 bits, which numpy radix-sorts."""
_CHUNK = 1 << 20
"""Points counted in one call, which holds the GIL for 10 ms."""
_LARGEST_RADIUS = 4.5
_COVER = 0.12
"""Largest share of the view that disks may cover before they shrink."""
_FAINT = 0.45
"""Opacity of a pixel that holds one point where another holds many."""
_FEWEST_DISKS = 1.2
"""Radius in px below which points are single pixels."""
_DIM: tuple[int, int, int] = (112, 118, 128)
"""Color of unselected points while others are selected."""
_DIM_SHARE = 0.35
_HALF = 0.5
"""Added before truncation to round."""


@dataclass(frozen=True, slots=True, eq=False)
class PointBuckets:
    """Points sorted into a grid of square buckets, for fast queries of a view.

    Attributes:
        points: float32 (N, 2), x and y, in the order of their buckets.
        records: int64 (N,): record of each point.
        starts: int64 (buckets + 1,): start of each bucket.
        low: smallest x and y.
        size: extent of all points, in x and y; positive.
    """

    points: Floats
    records: Places
    starts: Places
    low: Floats
    size: Floats


@dataclass(frozen=True, slots=True)
class PointView:
    """A view of the plane; y grows upward.

    Attributes:
        x: x of the center.
        y: y of the center.
        scale: px per unit.
        width: of the view, px.
        height: of the view, px.
    """

    x: float
    y: float
    scale: float
    width: int
    height: int

    def to_pixels(self, points: Floats) -> Floats:
        """Return column and row, px, of points (N, 2)."""
        middle = np.array([self.x, self.y], np.float32)
        turned = np.array([self.scale, -self.scale], np.float32)
        half = np.array([self.width / 2, self.height / 2], np.float32)
        return (points - middle) * turned + half

    def grown(self, share: float) -> "PointView":
        """Return the view, wider and higher by a share at the same scale."""
        return PointView(
            self.x,
            self.y,
            self.scale,
            round(self.width * (1 + share)),
            round(self.height * (1 + share)),
        )


def bucket_points(points: Floats) -> PointBuckets:
    """Sort points (N, 2) into buckets, dropping those that are not finite."""
    records = np.flatnonzero(np.isfinite(points).all(axis=1))
    points = points[records].astype(np.float32, copy=False)
    low = points.min(axis=0) if len(points) else np.zeros(2, np.float32)
    size = points.max(axis=0) - low if len(points) else np.ones(2, np.float32)
    size = np.maximum(size, 1e-12).astype(np.float32)
    places = ((points - low) * (_BUCKETS / size)).astype(np.int64)
    np.clip(places, 0, _BUCKETS - 1, out=places)
    keys = (places[:, 1] * _BUCKETS + places[:, 0]).astype(np.uint16)
    order = np.argsort(keys, kind="stable")
    counts = np.bincount(keys, minlength=_BUCKETS**2)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return PointBuckets(points[order], records[order], starts, low, size)


def points_in_view(buckets: PointBuckets, view: PointView) -> Places:
    """Return indices of the points whose bucket touches the view."""
    half = np.array([view.width, view.height]) / (2 * view.scale)
    middle = np.array([view.x, view.y])
    factor = _BUCKETS / buckets.size.astype(np.float64)
    first = np.floor((middle - half - buckets.low) * factor).clip(-1, _BUCKETS)
    last = np.floor((middle + half - buckets.low) * factor).clip(-1, _BUCKETS)
    if (last < 0).any() or (first > _BUCKETS - 1).any():
        return np.empty(0, np.int64)
    left, below = np.maximum(first, 0).astype(int)
    right, above = np.minimum(last, _BUCKETS - 1).astype(int)
    if left == 0 and right == _BUCKETS - 1:
        begin = buckets.starts[below * _BUCKETS]
        return np.arange(begin, buckets.starts[(above + 1) * _BUCKETS])
    rows = np.arange(below, above + 1) * _BUCKETS
    begins, ends = buckets.starts[rows + left], buckets.starts[rows + right + 1]
    spans = zip(begins, ends, strict=True)
    return np.concatenate([np.arange(begin, end) for begin, end in spans])


@dataclass(frozen=True, slots=True, eq=False)
class PointStyle:
    """Colors, filter and selection of points.

    Attributes:
        colors: uint8 (records, 3).
        shown: bool (records,); None for all.
        selected: bool (records,); None without a selection; other points are dimmed.
    """

    colors: Bytes
    shown: Flags | None = None
    selected: Flags | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PointRaster:
    """A painted view of points.

    Attributes:
        view: the painted view.
        pixels: uint8 (H, W, 4): blue, green, red, alpha, premultiplied.
        count: of points in view.
        radius: of their disks, px; 0 for single pixels.
    """

    view: PointView
    pixels: Bytes
    count: int
    radius: float


def paint_points(
    buckets: PointBuckets, view: PointView, style: PointStyle, most: int = 0
) -> PointRaster:
    """Paint the points in view.

    Args:
        buckets: all points.
        view: the view to paint.
        style: their appearance.
        most: maximum number of points to paint, sampled evenly; 0 for all.
    """
    places = shown_in_view(buckets, view, style)
    count = len(places)
    if most and count > most:
        places = places[:: -(-count // most)]
    radius = _radius(count, view)
    pixels = np.zeros((view.height * view.width, 4), np.uint8)
    chosen = None
    if style.selected is not None:
        chosen = style.selected[buckets.records[places]]
    for part, dim in _parts(places, chosen):
        at, layer = _layer(buckets, view, style, part, radius)
        if dim:
            layer[:, :3] = np.array(_DIM, np.float32) * layer[:, 3:]
            layer *= _DIM_SHARE
        _lay_over(pixels, at, layer)
    raster = pixels.reshape(view.height, view.width, 4)
    return PointRaster(view, raster, count, radius)


def _lay_over(pixels: Bytes, at: Places, layer: Floats) -> None:
    """Composite premultiplied colors (N, 4) over some pixels, in place."""
    below = pixels[at].astype(np.float32)
    below *= 1 - layer[:, 3:]
    below[:, :3] += layer[:, 2::-1]
    below[:, 3] += 255 * layer[:, 3]
    pixels[at] = below + _HALF


def shown_in_view(buckets: PointBuckets, view: PointView, style: PointStyle) -> Places:
    """Return indices of the points in view that are not filtered out."""
    places = points_in_view(buckets, view)
    if style.shown is not None:
        places = places[style.shown[buckets.records[places]]]
    return places


def _parts(places: Places, chosen: Flags | None) -> Iterator[tuple[Places, bool]]:
    """Yield the dimmed points, then the others."""
    if chosen is None:
        yield places, False
        return
    yield places[~chosen], True
    yield places[chosen], False


def _radius(count: int, view: PointView) -> float:
    """Return the radius of disks that leave most of the view free, px."""
    room = _COVER * view.width * view.height / max(1, count)
    radius = float(min(_LARGEST_RADIUS, np.sqrt(room / np.pi)))
    return radius if radius >= _FEWEST_DISKS else 0.0


def _layer(
    buckets: PointBuckets,
    view: PointView,
    style: PointStyle,
    places: Places,
    radius: float,
) -> tuple[Places, Floats]:
    """Rasterize points: return the pixels that they cover and their colors.

    Returns:
        int64 (P,), and float32 (P, 4): red, green, blue in 0..255, alpha in 0..1;
        colors are premultiplied.
    """
    total = np.zeros((4, view.height * view.width))
    disk = list(_disk(radius))
    step = max(1, _CHUNK // len(disk))
    for begin in range(0, len(places), step):
        part = places[begin : begin + step]
        pixels = view.to_pixels(buckets.points[part])
        colors = style.colors[buckets.records[part]]
        weights = None
        if radius:
            pixels, colors, weights = _stamped(pixels, colors, disk)
        _count(total, view, pixels, colors, weights)
    at = np.flatnonzero(total[3])
    return at, _shade(total[:, at], radius)


def _stamped(
    pixels: Floats, colors: Bytes, disk: list[tuple[int, int, float]]
) -> tuple[Floats, Bytes, Floats]:
    """Return pixels, colors and coverages of a disk stamped at each point."""
    shifts = np.array([each[:2] for each in disk], np.float32)
    covers = np.array([each[2] for each in disk], np.float32)
    spread = (pixels[:, None] + shifts).reshape(-1, 2)
    repeated = np.repeat(colors, len(disk), axis=0)
    return spread, repeated, np.tile(covers, len(pixels))


def _count(
    total: NDArray[np.float64],
    view: PointView,
    pixels: Floats,
    colors: Bytes,
    weights: Floats | None,
) -> None:
    """Accumulate the colors and the number of points of each pixel."""
    column, row = pixels[:, 0], pixels[:, 1]
    inside = (column >= 0) & (column < view.width) & (row >= 0) & (row < view.height)
    if not inside.all():
        column, row, colors = column[inside], row[inside], colors[inside]
        weights = weights[inside] if weights is not None else None
    at = row.astype(np.int64) * view.width + column.astype(np.int64)
    size = total.shape[1]
    for channel in range(3):
        values = colors[:, channel].astype(np.float64)
        if weights is not None:
            values *= weights
        total[channel] += np.bincount(at, values, minlength=size)
    total[3] += np.bincount(at, weights, minlength=size)


def _shade(total: NDArray[np.float64], radius: float) -> Floats:
    """Return mean colors whose opacity encodes the number of points.

    Args:
        total: (4, P), sums of colors and number of points, above 0.
        radius: of the disks, px; 0 for single pixels.
    """
    counts = total[3]
    if radius:
        alpha = np.minimum(counts, 1)
    else:
        most = max(1.0, float(counts.max(initial=0)))
        alpha = _FAINT + (1 - _FAINT) * np.log1p(counts) / np.log1p(most)
    layer = np.empty((len(counts), 4), np.float32)
    layer[:, :3] = (total[:3] * (alpha / counts)).T
    layer[:, 3] = alpha
    return layer


def _disk(radius: float) -> Iterator[tuple[int, int, float]]:
    """Yield the pixels of a disk: offsets right and down, and coverage."""
    reach = int(np.ceil(radius))
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            cover = min(1.0, radius + 0.5 - float(np.hypot(down, right)))
            if cover > 0:
                yield right, down, cover


def thinned(
    buckets: PointBuckets, view: PointView, places: Places, side: int
) -> Places:
    """Select one point in each square of a grid, to leave room for thumbnails.

    The squares are fixed in the plane, so the selection does not change while the view
    is panned.

    Args:
        buckets: all points.
        view: the current view.
        places: indices into ``buckets.points`` of the candidates.
        side: of a square, px.
    """
    if not len(places):
        return places
    squares = np.floor(buckets.points[places] * (view.scale / side)).astype(np.int64)
    squares -= squares.min(axis=0)
    wide = int(squares[:, 0].max()) + 1
    at = squares[:, 1] * wide + squares[:, 0]
    first = np.full(int(at.max()) + 1, -1, np.int64)
    first[at[::-1]] = places[::-1]
    return first[first >= 0]


def paint_thumbnails(
    raster: PointRaster, middles: Floats, thumbnails: Bytes, frames: Bytes, side: int
) -> None:
    """Paint thumbnails onto a raster, framed in their points' colors.

    Args:
        raster: that is painted on.
        middles: float32 (N, 2): column and row of each thumbnail's center, px.
        thumbnails: uint8 (N, S, S, 3).
        frames: uint8 (N, 3).
        side: side of a thumbnail with its frame, px.
    """
    tiles = np.empty((len(thumbnails), side, side, 4), np.uint8)
    tiles[..., 3] = 255
    tiles[..., :3] = frames[:, None, None, ::-1]
    tiles[:, 1:-1, 1:-1, :3] = resize_tiles(thumbnails, side - 2)[..., ::-1]
    height, width = raster.pixels.shape[:2]
    corners = np.round(middles - side / 2).astype(int)
    for (left, top), tile in zip(corners, tiles, strict=True):
        rows = slice(max(0, top), min(height, top + side))
        columns = slice(max(0, left), min(width, left + side))
        part = tile[
            rows.start - top : max(rows.start, rows.stop) - top,
            columns.start - left : max(columns.start, columns.stop) - left,
        ]
        raster.pixels[rows, columns] = part


def points_inside(buckets: PointBuckets, view: PointView, polygon: Floats) -> Places:
    """Return indices of the points in view within a polygon (lasso).

    Args:
        buckets: all points.
        view: view on which the polygon was drawn.
        polygon: float32 (N, 2): column and row of its corners, px.
    """
    mask = Image.new("1", (view.width, view.height))
    if len(polygon) > 2:  # noqa: PLR2004 - corners of a triangle
        corners = [(float(x), float(y)) for x, y in polygon]
        ImageDraw.Draw(mask).polygon(corners, fill=1, outline=1)
    inside = np.asarray(mask)
    places = points_in_view(buckets, view)
    whole = np.floor(view.to_pixels(buckets.points[places])).astype(np.int64)
    seen = (whole >= 0).all(axis=1)
    seen &= (whole[:, 0] < view.width) & (whole[:, 1] < view.height)
    places, whole = places[seen], whole[seen]
    found: Places = places[inside[whole[:, 1], whole[:, 0]]]
    return found


def nearest_point(
    buckets: PointBuckets, view: PointView, style: PointStyle, at: tuple[float, float]
) -> int:
    """Return the record of the nearest point within 8 px of a pixel; -1 for none.

    Args:
        buckets: all points.
        view: the current view.
        style: says which are shown.
        at: column and row, px.
    """
    reach = 8
    x = view.x + (at[0] - view.width / 2) / view.scale
    y = view.y - (at[1] - view.height / 2) / view.scale
    around = PointView(x, y, view.scale, 2 * reach, 2 * reach)
    places = shown_in_view(buckets, around, style)
    if not len(places):
        return -1
    distances = np.square(buckets.points[places] - np.array([x, y])).sum(axis=1)
    best = int(distances.argmin())
    within = float(distances[best]) * view.scale**2 <= reach**2
    return int(buckets.records[places[best]]) if within else -1
