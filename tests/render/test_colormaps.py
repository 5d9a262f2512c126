"""Colors of numbers.  Truth: matplotlib's color maps, equal to the last bit."""

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnviz.base.errors import UsageError
from nnviz.render import colormaps
from nnviz.render.palette import BROKEN, EMPTY

PEERS = {"grey": "gray", "blue-red": "RdBu_r"}
NAMES = (*colormaps.SEQUENTIAL, *colormaps.DIVERGING)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64])
def test_same_colors_as_matplotlib(name, kind):
    """Steps of 1/1024 of the range are exact in both, so no color may differ."""
    values = np.arange(1025).astype(kind).reshape(25, 41)
    expected = mpl.colormaps[PEERS.get(name, name)](values / 1024, bytes=True)[..., :3]
    painted = colormaps.apply(values, name, 0, 1024)
    np.testing.assert_array_equal(painted, expected)


def test_values_outside_the_range_have_the_end_colors():
    painted = colormaps.apply(np.array([-9.0, 9.0]), "viridis", 0, 1)
    np.testing.assert_array_equal(painted, colormaps.table("viridis")[[0, 255]])


def test_what_is_not_finite_is_told_apart():
    values = np.array([0, np.nan, np.inf, -np.inf, 1])
    painted = colormaps.apply(values, "inferno", 0, 1)
    np.testing.assert_array_equal(painted[1:4], [BROKEN] * 3)
    np.testing.assert_array_equal(painted[[0, 4]], colormaps.table("inferno")[[0, 255]])


def test_a_map_without_range_is_not_painted_as_if_it_had_one():
    painted = colormaps.apply(np.zeros((2, 2)), "viridis", 0, 0)
    np.testing.assert_array_equal(painted, np.full((2, 2, 3), EMPTY))


def test_the_middle_of_a_diverging_map_suits_what_is_around():
    dark, light = (
        colormaps.table(colormaps.default_map(signed=True, light=light))[128].mean()
        for light in (False, True)
    )
    assert dark < 40
    assert light > 215


def test_unknown_name_names_the_nearest():
    with pytest.raises(UsageError, match="viridis"):
        colormaps.table("virids")


@pytest.mark.parametrize(
    ("values", "signed", "low", "high"),
    [([1, 2, 5], False, 1, 5), ([-1, 2], True, -2, 2), ([-3.0, 1], True, -3, 3)],
)
def test_range(values, signed, low, high):
    scale = colormaps.scale_of(np.array(values), signed=signed)
    assert (scale.low, scale.high, scale.problem) == (low, high, "")


@pytest.mark.parametrize("signed", [False, True])
def test_problems_are_said(signed):
    def problem(values):
        return colormaps.scale_of(np.array(values), signed=signed).problem

    assert problem([0.0, 0, 0]) == "all values are 0"
    assert problem([np.nan, np.inf]) == "no value is finite"
    assert problem([1, np.nan, 2, np.inf]) == "2 of 4 values are not finite"
    assert problem([0, np.nan]) == "all values are 0, 1 of 2 values are not finite"


def test_a_constant_map_is_said():
    scale = colormaps.scale_of(np.full((3, 3), 0.5), signed=False)
    assert scale.flat
    assert scale.problem == "all values are 0.500"


def test_percentile_cuts_outliers_and_is_named():
    values = np.append(np.linspace(-1, 1, 1001), 1000.0)
    scale = colormaps.scale_of(values, signed=True, percentile=99)
    assert scale.high == np.percentile(np.abs(values), 99) < 1
    assert scale.low == -scale.high
    assert scale.clipped == "99 % of the values"
    cut = colormaps.scale_of(values, signed=False, percentile=98)
    assert (cut.low, cut.high) == tuple(np.percentile(values, [1, 99]))


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=1, max_dims=3, max_side=6),
        elements=st.floats(width=32, allow_subnormal=False),
    ),
    st.booleans(),
)
def test_any_numbers_can_be_painted(values, signed):
    """Bounds: one color a value, of the table or one of the two grays; no warning."""
    scale = colormaps.scale_of(values, signed=signed)
    name = colormaps.default_map(signed=signed)
    painted = colormaps.apply(values, name, scale.low, scale.high)
    assert painted.shape == (*values.shape, 3)
    allowed = {tuple(color) for color in colormaps.table(name)} | {BROKEN, EMPTY}
    assert {tuple(color) for color in painted.reshape(-1, 3)} <= allowed
    finite = values[np.isfinite(values)]
    if finite.size:
        assert scale.low <= finite.min()
        assert finite.max() <= scale.high
    if signed:
        assert scale.low == -scale.high
