"""Mosaics.  Truths: pictures put together by hand."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.results import Mosaic
from nnviz.render import colormaps, mosaics
from nnviz.render.palette import BROKEN, EMPTY, GAP


def mosaic(tiles, **options):
    tiles = np.asarray(tiles)
    options = {
        "order": np.arange(len(tiles)),
        "signed": False,
        "shared_scale": True,
        "unit": "activation",
        "noun": "channel",
        "layer": "conv",
        **options,
    }
    return Mosaic(tiles=tiles, **options)


def test_a_small_mosaic_by_hand():
    """Four 1 x 1 tiles in two rows, 1 px apart, in the order given."""
    painted = mosaics.paint(
        mosaic([[[0.0]], [[1.0]], [[2.0]], [[3.0]]], order=np.array([3, 0, 2, 1])),
        colormap="viridis",
        magnify=False,
    )
    viridis = colormaps.table("viridis")
    at = {0: viridis[0], 1: viridis[85], 2: viridis[170], 3: viridis[255]}
    expected = [[at[3], GAP, at[0]], [GAP, GAP, GAP], [at[2], GAP, at[1]]]
    np.testing.assert_array_equal(painted.pixels, expected)
    assert painted.tile_at(0, 0) == 3
    assert painted.tile_at(2, 2) == 1
    assert painted.tile_at(1, 0) is None
    assert painted.rectangle_of(2) == (2, 0, 1, 1)


def test_each_tile_is_where_its_rectangle_says():
    tiles = np.random.default_rng(0).random((23, 5, 7), np.float32)
    order = np.random.default_rng(1).permutation(23)[:19]
    painted = mosaics.paint(mosaic(tiles, order=order), 600)
    zoom = painted.layout.zoom
    assert zoom > 1
    shown = tiles[order]
    for place, tile in enumerate(order):
        top, left, height, width = painted.layout.rectangle(place)
        expected = colormaps.apply(tiles[tile], "inferno", shown.min(), shown.max())
        expected = expected.repeat(zoom, 0).repeat(zoom, 1)
        found = painted.pixels[top : top + height, left : left + width]
        np.testing.assert_array_equal(found, expected)
        assert painted.tile_at(top, left) == tile
        assert painted.tile_at(top + height - 1, left + width - 1) == tile


def test_own_scales():
    tiles = np.array([[[0.0, 1.0]], [[0.0, 100.0]], [[5.0, 5.0]]])
    painted = mosaics.paint(
        mosaic(tiles, shared_scale=False), colormap="grey", magnify=False
    )
    np.testing.assert_array_equal(painted.limits, [[0, 1], [0, 100], [5, 5]])
    for place, ends in ((0, [0, 255]), (1, [0, 255]), (2, [EMPTY[0], EMPTY[0]])):
        top, left, _, width = painted.layout.rectangle(place)
        assert painted.pixels[top, left : left + width, 0].tolist() == ends


def test_signed_colors_have_gray_at_zero():
    """Kernels: 0 is the middle of 256 levels, the largest magnitude an end."""
    kernels = np.array([[[[0.0, -2.0, 1.0]]]])
    for shared in (True, False):
        painted = mosaics.paint(
            mosaic(kernels, signed=True, shared_scale=shared), magnify=False
        )
        assert painted.pixels.reshape(-1).tolist() == [128, 0, 192]


def test_broken_values_are_told_apart():
    tiles = np.array([[[0.0, np.nan, 1.0]]])
    painted = mosaics.paint(mosaic(tiles), magnify=False)
    np.testing.assert_array_equal(painted.pixels[0, 1], BROKEN)
    assert painted.scale.problem == "1 of 3 values are not finite"


def test_locked_scale():
    scale = colormaps.Scale(0, 10, signed=False)
    painted = mosaics.paint(mosaic([[[5.0]]]), scale=scale, colormap="grey")
    assert set(painted.pixels.reshape(-1)) == {128}


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (2, 2), (64, 8), (96, 12), (256, 16), (512, 32)]
)
def test_columns_leave_no_empty_places_where_that_can_be(count, columns):
    assert mosaics.layout(count, 10, 10).columns == columns


@given(
    st.integers(1, 3000),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(50, 2000),
    st.integers(0, 14),
)
def test_layout_bounds(count, height, width, hint, captions):
    """Every place lies inside, and its own pixels lead back to it."""
    places = mosaics.layout(count, height, width, hint, captions=captions)
    assert places.rows * places.columns >= count > (places.rows - 1) * places.columns
    for place in {0, count // 2, count - 1}:
        top, left, tall, wide = places.rectangle(place)
        assert top + tall <= places.size[0]
        assert left + wide <= places.size[1]
        assert places.locate(top, left) == (place, 0, 0)
        corner = places.locate(top + tall - 1, left + wide - 1)
        assert corner == (place, height - 1, width - 1)
        assert places.locate(top + tall, left) is None
    assert places.locate(-1, 0) is None
    assert places.locate(*places.size) is None
    if places.zoom > 1:
        assert places.size[1] <= hint


def test_thousands_of_tiles():
    painted = mosaics.paint(mosaic(np.random.default_rng(0).random((2048, 7, 7))))
    assert painted.pixels.shape[:2] == painted.layout.size
    assert painted.layout.columns == 64


def test_captions_are_drawn_where_there_is_room():
    tiles = np.zeros((4, 8, 8)) + np.arange(4)[:, None, None]
    plain = mosaics.paint(mosaic(tiles), 400)
    with_words = mosaics.paint(mosaic(tiles), 400, captions=12)
    tiny = mosaics.paint(mosaic(np.zeros((4, 1, 1))), 40, captions=12)
    assert plain.layout.caption == tiny.layout.caption == 0
    assert with_words.layout.caption > 0
    top, left, height, width = with_words.layout.rectangle(0)
    strip = with_words.pixels[top + height :][:12, left : left + width]
    assert strip.max() > 100


def test_smaller_tiles_hold_the_mean():
    """An 8-px side in 3 areas of 8/3 px: means of the integral, by hand for one."""
    row = np.arange(8, dtype=np.float32)
    tiles = np.broadcast_to(row, (2, 8, 8)).copy()
    small = mosaics.reduced(mosaic(tiles), (4, 3)).tiles
    assert small.shape == (2, 4, 3)
    first = (0 + 1 + 2 * 2 / 3) / (8 / 3)
    np.testing.assert_allclose(small[0, 0, 0], first, rtol=1e-6)
    np.testing.assert_allclose(small.mean(), tiles.mean(), rtol=1e-6)
    colors = mosaics.reduced(mosaic(np.ones((2, 8, 8, 3), np.float32)), (3, 3))
    np.testing.assert_allclose(colors.tiles, np.ones((2, 3, 3, 3)), rtol=1e-6)


def test_512_feature_maps_are_painted_at_once():
    """notes: 4.5 ms in a prototype, goal 6; here 30 for a busy machine."""
    made = mosaic(np.random.default_rng(0).random((512, 14, 14), np.float32))
    times = []
    for _ in range(9):
        start = time.perf_counter()
        mosaics.paint(made, magnify=False)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.03
