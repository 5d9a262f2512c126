"""Maps made comparable.  Truths: worked by hand."""

import numpy as np
import pytest

from nnviz.base.results import ColorImage, Heatmap
from nnviz.render.boards.scale_locks import Tile
from nnviz.render.normalized import Norm, normalized


def tile(values):
    heat = Heatmap(values=np.asarray(values), signed=True, unit="logit", frame=None)
    return Tile("", "", heat)


def values_of(values, norm):
    return normalized(tile(values), norm).result.values


def test_raw_values_stay():
    given = tile([[1.0, 2.0]])
    assert normalized(given, Norm.RAW) is given


def test_ranks_have_the_sign_and_are_of_the_sizes():
    """Sizes 1 2 3 4 of four places: 0, 1, 2 and 3 are weaker."""
    found = values_of([[-3.0, 1.0], [4.0, -2.0]], Norm.RANK)
    assert found.tolist() == [[-0.5, 0.0], [0.75, -0.25]]


def test_equal_sizes_share_a_rank_and_nothing_is_nothing():
    """Of 0 0 5 5 two are weaker than the fives, which share ranks 3 and 4."""
    found = values_of([[0.0, 0.0], [5.0, -5.0]], Norm.RANK)
    assert found.tolist() == [[0.0, 0.0], [0.625, -0.625]]


def test_a_scale_alone_changes_nothing():
    """Truth: ranks and percentiles are the same whatever unit a map is written in."""
    values = np.random.default_rng(0).normal(size=(8, 9))
    for norm in (Norm.RANK, Norm.PERCENTILE):
        assert np.allclose(values_of(values, norm), values_of(1000 * values, norm))


def test_percentile():
    """Of 0 ... 100 the 99th percentile of the sizes is 99."""
    found = values_of(np.arange(101.0)[None], Norm.PERCENTILE)
    assert found[0, 99] == pytest.approx(1)
    assert found[0, 100] == pytest.approx(100 / 99)


@pytest.mark.parametrize("norm", [Norm.RANK, Norm.PERCENTILE])
def test_maps_of_nothing_and_gaps(norm):
    assert not values_of(np.zeros((2, 2)), norm).any()
    found = values_of([[np.nan, 1.0, 2.0]], norm)
    assert np.isnan(found[0, 0])
    assert np.isfinite(found[0, 1:]).all()


def test_the_unit_says_what_was_done():
    assert "rank" in normalized(tile([[1.0, 2.0]]), Norm.RANK).result.unit
    picture = Tile("", "", ColorImage(pixels=np.zeros((2, 2, 3), np.float32)))
    assert normalized(picture, Norm.RANK) is picture
