"""Maps and figures: hand-worked cases and obvious float64 twins."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnviz.base.info import LayerInfo, Layout
from nnviz.engine.nn.feature_maps import (
    channel_figures,
    channel_maps,
    covers_input,
    histogram,
)


def layer(layout, grid=None, extra=0):
    return LayerInfo(
        name="layer",
        kind="Layer",
        depth=0,
        shape=None,
        parameters=0,
        macs=0,
        receptive_field=None,
        leaf=True,
        filters=False,
        layout=layout,
        grid=grid,
        extra_tokens=extra,
    )


def test_channels_first_stay_as_they_are():
    output = torch.rand(1, 5, 3, 4)
    assert np.array_equal(channel_maps(output, layer(Layout.MAP)), output[0].numpy())


def test_channels_last_are_turned():
    output = torch.rand(1, 3, 4, 5)
    maps = channel_maps(output, layer(Layout.MAP_LAST, (3, 4)))
    assert maps.shape == (5, 3, 4)
    assert maps[2, 1, 3] == output[0, 1, 3, 2]


def test_tokens_lie_in_their_grid_row_by_row():
    # One class token, then a grid of 2 rows and 3 columns: token 1 + 3 * row + column.
    output = torch.rand(1, 7, 4)
    maps = channel_maps(output, layer(Layout.TOKENS, (2, 3), extra=1))
    assert maps.shape == (4, 2, 3)
    assert maps[3, 1, 2] == output[0, 1 + 3 + 2, 3]
    assert maps[0, 0, 0] == output[0, 1, 0]


@pytest.mark.parametrize(
    ("layout", "shape", "expected"),
    [
        (Layout.TOKENS, (1, 7, 4), (4, 1, 7)),
        (Layout.WINDOWS, (1, 9, 7, 4), (4, 9, 7)),
        (Layout.VECTOR, (1, 6), (6, 1, 1)),
        (Layout.OTHER, (1, 5, 2, 3, 4), (5, 6, 4)),
        (Layout.OTHER, (1, 5, 2), (5, 1, 2)),
    ],
)
def test_other_layouts(layout, shape, expected):
    output = torch.arange(float(np.prod(shape))).reshape(shape)
    maps = channel_maps(output, layer(layout))
    assert maps.shape == expected
    assert sorted(maps.ravel()) == sorted(output.flatten().tolist())


def test_only_spatial_layouts_cover_the_input():
    assert covers_input(layer(Layout.MAP))
    assert covers_input(layer(Layout.TOKENS, (2, 3)))
    assert not covers_input(layer(Layout.TOKENS))
    assert not covers_input(layer(Layout.VECTOR))


def test_figures_of_a_hand_worked_case():
    maps = np.zeros((3, 2, 2), np.float32)
    maps[1] = [[3, 0], [0, 4]]
    maps[2] = [[-1, -1], [-1, -3]]
    figures = channel_figures(maps)
    assert figures.mean.tolist() == [0, 1.75, -1.5]
    assert figures.strength.tolist() == pytest.approx([0, 2.5, 3**0.5])
    assert figures.lowest.tolist() == [0, 0, -3]
    assert figures.highest.tolist() == [0, 4, -1]
    assert figures.zeros.tolist() == [1, 0.5, 0]
    assert figures.silent.tolist() == [True, False, False]
    assert figures.peak.tolist() == [[0, 0], [1, 1], [0, 0]]


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=3, max_dims=3, max_side=6),
        elements=st.floats(-1000, 1000, width=32),
    )
)
def test_figures_agree_with_float64(maps):
    figures = channel_figures(maps)
    for index, one in enumerate(maps.astype(np.float64)):
        # float32 sums of some 36 values: 36 * 2^-24 of the largest.
        slack = 5e-6 * np.abs(one).max() + 1e-12
        assert abs(figures.mean[index] - one.mean()) <= slack
        assert figures.strength[index] == pytest.approx(
            np.sqrt((one**2).mean()), rel=1e-5, abs=1e-18
        )
        assert figures.highest[index] == one.max()
        assert figures.lowest[index] == one.min()
        assert one[tuple(figures.peak[index])] == one.max()
        assert figures.zeros[index] == (one == 0).mean()


def test_histogram_of_a_hand_worked_case():
    values = np.array([0, 0, 1, 1, 2, 4], np.float32)
    edges, shares, sampled = histogram(values, (0, 4), 4)
    assert edges.tolist() == [0, 1, 2, 3, 4]
    assert shares.tolist() == pytest.approx([0, 2 / 6, 1 / 6, 1 / 6])
    assert not sampled


@given(
    arrays(np.float32, 40, elements=st.floats(-100, 100, width=32)),
    st.integers(1, 70),
)
def test_histogram_counts_all_but_the_zeros(values, bins):
    limits = float(values.min()), float(values.max())
    _, shares, _ = histogram(values, limits, bins)
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx((values != 0).mean(), abs=1e-9)


@pytest.mark.parametrize(("value", "share"), [(0.0, 0), (7.0, 1), (np.nan, 0)])
def test_histogram_of_constants(value, share):
    values = np.full(4, value, np.float32)
    edges, shares, _ = histogram(values, (value, value), 3)
    assert (np.diff(edges) > 0).all()
    assert shares.sum() == pytest.approx(share)


def test_histogram_leaves_out_what_is_not_finite():
    values = np.array([np.inf, 1, 3, np.nan], np.float32)
    edges, shares, _ = histogram(values, (np.nan, np.nan), 2)
    assert edges.tolist() == [1, 2, 3]
    assert shares.tolist() == [0.25, 0.25]


def test_sampled_histogram_is_near_the_whole():
    values = np.random.default_rng(0).normal(size=(64, 112, 112)).astype(np.float32)
    limits = float(values.min()), float(values.max())
    edges, shares, sampled = histogram(values, limits, 60)
    whole, _ = np.histogram(values, edges)
    assert sampled
    # 16 384 of 802 816 values: one standard error of a share of 0.06 is 0.0019.
    assert np.abs(shares - whole / values.size).max() < 0.0075
