"""Agreement of maps.  Truths: SciPy's Spearman; cases worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from nnviz.base.frames import Frame
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.results import Heatmap
from nnviz.render.boards import agreement


def heat(values, *, signed=False, frame=None, placement=None):
    return Heatmap(
        values=np.asarray(values, np.float64),
        signed=signed,
        unit="x",
        frame=frame,
        placement=placement,
    )


@given(st.integers(0, 10_000), st.booleans())
def test_rank_correlation_is_scipys(seed, ties):
    random = np.random.default_rng(seed)
    first, second = random.normal(size=(2, 5, 7))
    if ties:
        first, second = first.round(), second.round()
    mine = agreement.rank_correlation(first, second)
    assert mine == pytest.approx(
        spearmanr(first.ravel(), second.ravel()).statistic, abs=1e-12
    )


def test_rank_correlation_by_hand():
    """Ranks 1 2 3 4 and 2 1 4 3: 1 - 6 * (1 + 1 + 1 + 1) / (4 * 15) = 0.6."""
    assert agreement.rank_correlation(
        np.array([1, 2, 3, 4]), np.array([20, 10, 40, 30])
    ) == pytest.approx(0.6)
    assert np.isnan(agreement.rank_correlation(np.ones(4), np.arange(4)))


def test_overlap_by_hand():
    """Of ten places the two strongest are 8, 9 and 9, 0: one in common of two."""
    first = np.arange(10.0)
    second = np.array([-8.5, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert agreement.top_overlap(first, second, 0.2) == 0.5
    assert agreement.top_overlap(first, first, 0.2) == 1
    # At least one place counts, however small the share.
    assert agreement.top_overlap(first, second, 1e-9) == 1


def test_the_grid_is_the_coarser_maps_and_holds_means():
    fine = np.arange(16.0).reshape(4, 4)
    one, two = agreement.common_grid(heat(fine), heat([[1, 2], [3, 4]]))
    np.testing.assert_allclose(one, [[2.5, 4.5], [10.5, 12.5]])
    np.testing.assert_allclose(two, [[1, 2], [3, 4]])


def test_sizes_that_do_not_divide_weigh_by_area():
    """Three places on two: each new one has one and a half old ones."""
    one, _ = agreement.common_grid(heat([[0, 3, 6]]), heat([[1, 2]]))
    np.testing.assert_allclose(one, [[1, 5]])


def test_only_what_both_networks_saw_is_compared():
    """Photo 100 x 200: one network saw the middle half of it, the other all."""
    whole = Preprocess(input_size=(50, 50), resize=50, fit=Fit.STRETCH)
    middle = Preprocess(input_size=(50, 50), resize=50, fit=Fit.CROP)
    size = 100, 200
    seen = heat([[5, 7]], frame=Frame.INPUT, placement=middle.placement(size))
    all_ = heat([[1, 2, 3, 4]], frame=Frame.INPUT, placement=whole.placement(size))
    one, two = agreement.common_grid(seen, all_)
    np.testing.assert_allclose(one, [[5, 7]])
    np.testing.assert_allclose(two, [[2, 3]])


def test_signs_count_only_where_both_maps_have_one():
    values = [[-1.0, 2.0]]
    one, _ = agreement.common_grid(heat(values, signed=True), heat([[1, 2]]))
    np.testing.assert_allclose(one, [[1, 2]])
    both = heat(values, signed=True)
    np.testing.assert_allclose(agreement.common_grid(both, both)[0], values)


def test_what_is_not_finite_counts_as_nothing():
    one, _ = agreement.common_grid(heat([[np.nan, np.inf, 3]]), heat([[1, 2, 3]]))
    np.testing.assert_allclose(one, [[0, 0, 3]])


def test_all_pairs_of_a_board():
    random = np.random.default_rng(0)
    maps = [heat(random.random((6, 6))) for _ in range(3)]
    numbers = agreement.board_numbers(maps)
    np.testing.assert_array_equal(numbers.correlation, numbers.correlation.T)
    np.testing.assert_array_equal(np.diag(numbers.overlap), np.ones(3))
    expected = spearmanr(maps[0].values.ravel(), maps[2].values.ravel()).statistic
    assert numbers.correlation[0, 2] == pytest.approx(expected)
