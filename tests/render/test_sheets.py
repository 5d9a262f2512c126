"""Mosaics for screens.  Truths: laid out and averaged by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.results import Mosaic
from nnviz.render import colormaps
from nnviz.render.sheets import (
    color_limits,
    columns_for,
    indices_of,
    robust_scale,
    sheet_of,
    shrunk,
    table_of,
)

GAP, FLAT, BROKEN = (1, 2, 3), (4, 5, 6), (7, 8, 9)


@pytest.fixture
def make_mosaic():
    def make(count=12, side=4, **changes):
        tiles = np.arange(count * side * side, dtype=np.float32)
        values = {
            "tiles": tiles.reshape(count, side, side),
            "order": np.arange(count)[::-1].copy(),
            "signed": False,
            "shared_scale": True,
            "unit": "activation",
            "noun": "channel",
            "layer": "layer1",
        }
        return Mosaic(**(values | changes))

    return make


def sheet(mosaic, columns, *, shared=True, factor=1):
    scale = colormaps.scale_of(mosaic.tiles, signed=mosaic.signed)
    limits = color_limits(mosaic, scale if shared else None)
    rows = indices_of(shrunk(mosaic, factor), limits)
    return sheet_of(mosaic, rows, columns, table_of(mosaic, GAP, FLAT, BROKEN), GAP)


def colors(made):
    return made.pixels if made.table is None else made.table[made.pixels]


@pytest.mark.parametrize(
    ("count", "room", "columns"),
    [
        (16, (100, 100), 4),
        # Twice as wide as high: 2 rows of 8 tiles are as large as can be.
        (16, (100, 400), 8),
        (16, (400, 100), 2),
        (1, (10, 1000), 1),
        # 45 x 46 = 2070 is the smallest that is nearly square and holds 2048.
        (2048, (100, 100), 45),
    ],
)
def test_columns_make_the_tiles_largest(count, room, columns):
    assert columns_for(count, (5, 5), room) == columns


@given(st.integers(1, 300), st.integers(1, 30), st.integers(1, 2000))
def test_no_other_number_of_columns_is_better(count, tile, width):
    def zoom(columns):
        rows = -(-count // columns)
        return min(500 / (rows * tile), width / (columns * tile))

    best = columns_for(count, (tile, tile), (500, width))
    assert zoom(best) >= max(map(zoom, range(1, count + 1))) * (1 - 1e-6)


def test_each_tile_lies_at_its_place(make_mosaic):
    mosaic = make_mosaic(5, 4)
    made = sheet(mosaic, 2)
    # 3 rows and 2 columns of 4 px with 1 px between: 14 x 9.
    assert made.pixels.shape == (14, 9)
    scale = colormaps.scale_of(mosaic.tiles, signed=False)
    for place, tile in enumerate(mosaic.order):
        top, left, bottom, right = map(int, made.bounds(place))
        part = colors(made)[top:bottom, left:right].astype(int)
        exact = colormaps.apply(mosaic.tiles[tile], "inferno", scale.low, scale.high)
        # 253 colors stand for the map's 256: two steps of the table at most.
        assert abs(part - exact).max() <= 8
    assert tuple(colors(made)[4, 0]) == GAP
    assert tuple(colors(made)[10, 5]) == GAP


def test_own_scale_gives_each_tile_the_whole_map(make_mosaic):
    made = sheet(make_mosaic(3, 4), 3, shared=False)
    table = colormaps.table("inferno")
    for place in range(3):
        top, left, bottom, right = map(int, made.bounds(place))
        part = colors(made)[top:bottom, left:right]
        assert tuple(part[0, 0]) == tuple(table[0])
        assert tuple(part[-1, -1]) == tuple(table[-1])


def test_zero_is_the_middle_of_a_signed_scale(make_mosaic):
    tiles = np.zeros((2, 2, 2), np.float32)
    tiles[0, 0, 0], tiles[1, 1, 1] = 5, -1
    made = sheet(make_mosaic(2, 2, tiles=tiles, signed=True), 2)
    middle = colormaps.table("berlin")[128].astype(int)
    # Tile 1 is shown first; all but its last value are zero.
    assert abs(colors(made)[0, 0].astype(int) - middle).max() <= 4


def test_dead_and_broken_values_have_colors_of_their_own(make_mosaic):
    tiles = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    tiles[1] = 0
    tiles[2, 0, 0] = np.nan
    order = np.arange(3)
    made = sheet(make_mosaic(3, 2, tiles=tiles, order=order), 3, shared=False)
    assert tuple(colors(made)[0, 3]) == FLAT
    assert tuple(colors(made)[0, 6]) == BROKEN


def test_tiles_of_colors_are_stretched(make_mosaic):
    tiles = np.zeros((2, 3, 3, 3), np.float32)
    tiles[..., 0] = 1
    made = sheet(make_mosaic(2, 3, tiles=tiles), 2)
    assert made.table is None
    assert tuple(made.pixels[0, 0]) == (255, 0, 0)


def test_a_tile_that_is_not_shown_has_no_place(make_mosaic):
    made = sheet(make_mosaic(4, 2, order=np.array([2, 0])), 2)
    assert made.place_of(0) == 1
    assert made.place_of(3) is None


def test_tiles_made_smaller_are_averaged_before_they_are_colored(make_mosaic):
    tiles = np.zeros((1, 4, 4), np.float32)
    tiles[0, :2, :2] = [[0, 1], [2, 5]]  # mean 2
    tiles[0, 2:, 2:] = 4
    made = sheet(make_mosaic(1, tiles=tiles, order=np.arange(1)), 1, factor=2)
    # Of 0 to 5 in 253 steps: 2 is 101.2, 4 is 202.4.
    assert made.pixels.tolist() == [[101, 0], [0, 202]]
    # A point leads to the tile's own numbers all the same.
    assert made.locate(1.6, 0.2) == (0, 3, 0)
    assert made.locate(0.9, 1.4) == (0, 1, 2)


def test_a_factor_that_does_not_divide_keeps_the_mean(make_mosaic):
    tiles = np.random.default_rng(0).random((3, 7, 9), np.float32)
    small = shrunk(make_mosaic(3, tiles=tiles), 2).tiles
    assert small.shape == (3, 3, 4)
    np.testing.assert_allclose(small.mean((1, 2)), tiles.mean((1, 2)), rtol=1e-5)


class TestOutliers:
    def scale(self, values, *, signed=False):
        values = np.asarray(values, np.float32)
        whole = colormaps.scale_of(values, signed=signed)
        return robust_scale(values, whole), whole

    def test_a_few_are_cut_and_that_is_named(self):
        values = np.linspace(-1, 1, 1000)
        values[7] = 20
        robust, whole = self.scale(values[None], signed=True)
        assert whole.high == 20
        # 99.5 % of 1000 absolute values, evenly spread up to 1.
        assert robust.high == pytest.approx(0.996, abs=0.002)
        assert robust.low == -robust.high
        assert robust.clipped == "99.5 % of the values"

    def test_none_are_cut_where_that_would_gain_little(self):
        robust, whole = self.scale(np.linspace(0, 1, 1000)[None])
        assert robust is whole

    def test_of_very_many_values_a_sample_will_do(self):
        values = np.random.default_rng(0).standard_normal((40, 300, 300))
        values[0, 0, 0] = 100
        robust, _ = self.scale(values, signed=True)
        # 99.5 % of a normal distribution's absolute values lie below 2.807.
        assert robust.high == pytest.approx(2.807, abs=0.05)

    def test_an_empty_range_stays(self):
        robust, whole = self.scale(np.zeros((3, 3)))
        assert robust is whole
