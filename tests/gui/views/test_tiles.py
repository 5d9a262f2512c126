"""Laying tiles out, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.gui.views.tiles import (
    columns_for,
    indices_of,
    limits_of,
    sheet_of,
    table_of,
)
from nnviz.render import colormaps

GAP, FLAT, BROKEN = (1, 2, 3), (4, 5, 6), (7, 8, 9)


def sheet(mosaic, columns, *, shared=True):
    scale = colormaps.scale_of(mosaic.tiles, signed=mosaic.signed)
    rows = indices_of(mosaic, limits_of(mosaic, scale, shared=shared))
    return sheet_of(mosaic, rows, columns, table_of(mosaic, GAP, FLAT, BROKEN), GAP)


def colours(made):
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
        part = colours(made)[top:bottom, left:right].astype(int)
        exact = colormaps.apply(mosaic.tiles[tile], "inferno", scale.low, scale.high)
        # 253 colours stand for the map's 256: two steps of the table at most.
        assert abs(part - exact).max() <= 8
    assert tuple(colours(made)[4, 0]) == GAP
    assert tuple(colours(made)[10, 5]) == GAP


def test_own_scale_gives_each_tile_the_whole_map(make_mosaic):
    made = sheet(make_mosaic(3, 4), 3, shared=False)
    table = colormaps.table("inferno")
    for place in range(3):
        top, left, bottom, right = map(int, made.bounds(place))
        part = colours(made)[top:bottom, left:right]
        assert tuple(part[0, 0]) == tuple(table[0])
        assert tuple(part[-1, -1]) == tuple(table[-1])


def test_zero_is_the_middle_of_a_signed_scale(make_mosaic):
    tiles = np.zeros((2, 2, 2), np.float32)
    tiles[0, 0, 0], tiles[1, 1, 1] = 5, -1
    made = sheet(make_mosaic(2, 2, tiles=tiles, signed=True), 2)
    middle = colormaps.table("berlin")[128].astype(int)
    # Tile 1 is shown first; all but its last value are zero.
    assert abs(colours(made)[0, 0].astype(int) - middle).max() <= 4


def test_dead_and_broken_values_have_colours_of_their_own(make_mosaic):
    tiles = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    tiles[1] = 0
    tiles[2, 0, 0] = np.nan
    order = np.arange(3)
    made = sheet(make_mosaic(3, 2, tiles=tiles, order=order), 3, shared=False)
    assert tuple(colours(made)[0, 3]) == FLAT
    assert tuple(colours(made)[0, 6]) == BROKEN


def test_tiles_of_colours_are_stretched(make_mosaic):
    tiles = np.zeros((2, 3, 3, 3), np.float32)
    tiles[..., 0] = 1
    made = sheet(make_mosaic(2, 3, tiles=tiles), 2)
    assert made.table is None
    assert tuple(made.pixels[0, 0]) == (255, 0, 0)


def test_a_tile_that_is_not_shown_has_no_place(make_mosaic):
    made = sheet(make_mosaic(4, 2, order=np.array([2, 0])), 2)
    assert made.place_of(0) == 1
    assert made.place_of(3) is None
