"""Maps of points: buckets, rasters, lassos, thumbnails.

Truth: plain loops and comparisons over all points, and pixels counted by hand.
"""

import numpy as np
import pytest

from nnviz.render.dataset.point_maps import (
    PointStyle,
    PointView,
    bucket_points,
    nearest_point,
    paint_points,
    paint_thumbnails,
    points_in_view,
    points_inside,
    thinned,
)

RED = (255, 0, 0)


@pytest.fixture(scope="module")
def points():
    random = np.random.default_rng(5)
    return (random.normal(size=(4000, 2)) * (3, 1)).astype(np.float32)


def style(count, **fields):
    return PointStyle(np.tile(np.uint8(RED), (count, 1)), **fields)


def inside(points, view):
    half = np.array([view.width, view.height]) / (2 * view.scale)
    return (np.abs(points - (view.x, view.y)) <= half).all(axis=1)


@pytest.mark.parametrize(
    "view",
    [
        PointView(0, 0, 40, 400, 300),
        PointView(1.5, -0.4, 300, 200, 200),
        PointView(0, 0, 1, 500, 500),
        PointView(99, 99, 10, 50, 50),
    ],
)
def test_no_point_in_view_is_missed(points, view):
    """Truth: all points compared with the view's edges."""
    buckets = bucket_points(points)
    found = set(buckets.records[points_in_view(buckets, view)].tolist())
    wanted = set(np.flatnonzero(inside(points, view)).tolist())
    assert wanted <= found
    assert len(found) <= len(points)


def test_points_without_a_place_are_left_out():
    points = np.array([[0, 0], [np.nan, 1], [1, 1], [np.inf, 0]], np.float32)
    assert sorted(bucket_points(points).records.tolist()) == [0, 2]
    assert len(bucket_points(points[1:2]).points) == 0


def test_every_record_is_where_its_point_is(points):
    buckets = bucket_points(points)
    assert (buckets.points == points[buckets.records]).all()
    assert sorted(buckets.records.tolist()) == list(range(len(points)))


def test_a_pixel_has_the_mean_color_of_its_points():
    """By hand: two red points and a blue one in the pixel right of the middle."""
    points = np.tile(np.float32([0.25, 0.25]), (30_000, 1))
    colors = np.zeros((30_000, 3), np.uint8)
    colors[:20_000, 0] = colors[20_000:, 2] = 255
    buckets = bucket_points(points)
    raster = paint_points(buckets, PointView(0, 0, 1, 8, 8), PointStyle(colors))
    assert raster.radius == 0
    painted = np.argwhere(raster.pixels[..., 3])
    assert painted.tolist() == [[3, 4]]  # y grows upward
    blue, green, red, alpha = raster.pixels[3, 4].tolist()
    assert (red, green, blue, alpha) == (170, 0, 85, 255)


def test_denser_pixels_are_more_opaque(points):
    raster = paint_points(
        bucket_points(points), PointView(0, 0, 2, 16, 8), style(len(points))
    )
    counts = np.zeros((8, 16), int)
    for x, y in points:
        column, row = int(np.floor(2 * x + 8)), int(np.floor(-2 * y + 4))
        if 0 <= column < 16 and 0 <= row < 8:
            counts[row, column] += 1
    order = np.argsort(counts, axis=None)
    alphas = raster.pixels[..., 3].ravel()[order].astype(int)
    assert (np.diff(alphas) >= 0).all()
    assert (alphas > 0).sum() == (counts > 0).sum()


def test_few_points_are_disks():
    """Truth: a disk of 4.5 px covers about pi 4.5 squared pixels about its point."""
    buckets = bucket_points(np.array([[0.0, 0.0]], np.float32))
    raster = paint_points(buckets, PointView(0, 0, 1, 101, 101), style(1))
    cover = raster.pixels[..., 3].astype(float).sum() / 255
    assert cover == pytest.approx(np.pi * 4.5**2, rel=0.1)
    rows, columns = np.nonzero(raster.pixels[..., 3])
    assert rows.mean() == columns.mean() == 50


def test_filtered_points_are_not_painted_and_others_dimmed(points):
    buckets, view = bucket_points(points), PointView(0, 0, 40, 400, 300)
    shown = np.zeros(len(points), bool)
    assert not paint_points(buckets, view, style(len(points), shown=shown)).pixels.any()
    selected = points[:, 0] > 0
    raster = paint_points(buckets, view, style(len(points), selected=selected))
    vivid = raster.pixels[..., 2].astype(int) - raster.pixels[..., 1] > 60
    assert vivid[:, 210:].any()
    assert not vivid[:, :190].any()
    assert raster.pixels[:, :190, 3].any()


def test_quick_rasters_show_an_even_part(points):
    """Truth: all points in view are counted, few of them painted."""
    view, look = PointView(0, 0, 30, 400, 300), style(len(points))
    whole = paint_points(bucket_points(points), view, look)
    quick = paint_points(bucket_points(points), view, look, 500)
    assert quick.count == whole.count >= inside(points, view).sum()
    painted = [np.count_nonzero(each.pixels[..., 3]) for each in (quick, whole)]
    assert 300 < painted[0] < 510 < painted[1]


def test_a_lasso_catches_what_lies_within(points):
    """Truth: the half plane left of the middle, by comparison."""
    view = PointView(0, 0, 40, 400, 300)
    corners = np.array([[0, 0], [200, 0], [200, 300], [0, 300]], np.float32)
    buckets = bucket_points(points)
    found = set(buckets.records[points_inside(buckets, view, corners)].tolist())
    wanted = inside(points, view) & (points[:, 0] < 0)
    # The polygon's own edge, a pixel wide, belongs to it.
    edge = np.abs(points[:, 0]) < 1.5 / 40
    assert found ^ set(np.flatnonzero(wanted).tolist()) <= set(np.flatnonzero(edge))
    assert len(found) > 1000


def test_the_nearest_point_is_that_of_a_loop(points):
    view = PointView(0, 0, 40, 400, 300)
    buckets, look = bucket_points(points), style(len(points))
    for column, row in ((200, 150), (120, 160), (260, 140)):
        at = np.array([(column - 200) / 40, (150 - row) / 40])
        distances = np.square(points - at).sum(axis=1)
        assert nearest_point(buckets, view, look, (column, row)) == distances.argmin()
    assert nearest_point(buckets, view, look, (0, 0)) == -1


def test_thumbnails_are_one_in_a_square_and_stay_while_the_view_moves(points):
    buckets = bucket_points(points)
    view = PointView(0, 0, 40, 400, 300)
    places = points_in_view(buckets, view)
    chosen = thinned(buckets, view, places, 32)
    squares = np.floor(buckets.points[chosen] * (40 / 32))
    assert len(np.unique(squares, axis=0)) == len(chosen)
    everywhere = np.unique(np.floor(buckets.points[places] * (40 / 32)), axis=0)
    assert len(everywhere) == len(chosen)
    moved = PointView(0.3, 0, 40, 400, 300)
    again = thinned(buckets, moved, points_in_view(buckets, moved), 32)
    assert len(set(chosen.tolist()) & set(again.tolist())) > 0.8 * len(chosen)


def test_thumbnails_lie_about_their_points_and_are_cut_at_the_edge():
    """By hand: 10 px with a frame of 1 px, one in the middle and one in a corner."""
    buckets = bucket_points(np.zeros((1, 2), np.float32))
    view = PointView(50, 50, 1, 40, 40)
    raster = paint_points(buckets, view, style(1))
    tiles = np.full((2, 8, 8, 3), (10, 20, 30), np.uint8)
    frames = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    middles = np.array([[20, 20], [0, 0]], np.float32)
    paint_thumbnails(raster, middles, tiles, frames, 10)
    assert raster.pixels[20, 20].tolist() == [30, 20, 10, 255]
    assert raster.pixels[15, 20].tolist() == [3, 2, 1, 255]
    assert raster.pixels[25, 20].tolist() == [0, 0, 0, 0]
    assert raster.pixels[4, 0].tolist() == [6, 5, 4, 255]
    assert raster.pixels[0, 0].tolist() == [30, 20, 10, 255]
