"""Windows and their order.  Truth: worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.engine.attribution.sliding_windows import filled, interleaved, lay_windows


def test_order_of_a_grid_of_four():
    """Every second place first; the bits of 0, 1, 2, 3 read backwards."""
    order = interleaved(4, 4).tolist()
    assert order[:4] == [[0, 0], [0, 2], [2, 0], [2, 2]] or order[:4] == [
        [0, 0], [2, 0], [0, 2], [2, 2],
    ]  # fmt: skip
    assert order[4:8] != order[:4]


@given(st.integers(1, 30), st.integers(1, 30))
def test_each_place_comes_once_and_coarse_before_fine(rows, columns):
    order = interleaved(rows, columns)
    assert len({tuple(place) for place in order.tolist()}) == rows * columns
    steps = [_coarseness(place) for place in order.tolist()]
    assert steps == sorted(steps, reverse=True)


def _coarseness(place):
    """The largest power of two that divides row and column."""
    both = place[0] | place[1]
    return both & -both if both else 1 << 30


@given(st.integers(1, 20), st.integers(1, 20), st.data())
def test_partial_grids_have_no_gaps_and_keep_what_is_known(rows, columns, data):
    order = interleaved(rows, columns)
    known = data.draw(st.integers(1, len(order)))
    grid = np.full((rows, columns), np.nan)
    for rank, place in enumerate(order[:known]):
        grid[*place] = rank
    whole = filled(grid)
    assert np.isfinite(whole).all()
    there = ~np.isnan(grid)
    assert np.array_equal(whole[there], grid[there])
    assert set(np.unique(whole)) <= set(range(known))


@pytest.mark.parametrize("cut", [True, False])
@given(size=st.integers(8, 60), window=st.integers(1, 8), stride=st.integers(1, 8))
def test_every_pixel_is_covered(cut, size, window, stride):
    windows = lay_windows((size, size), window, min(stride, window), cut=cut)
    covered = np.zeros((size, size), bool)
    for index in range(len(windows)):
        covered[windows.box(index)] = True
    assert covered.all()
    # captum: ceil((D - w) / s) + 1 along each axis.
    count = -(-(size - window) // min(stride, window)) + 1
    assert len(windows) == count**2
