"""Intervals and verdicts; truths: published tables and cases worked by hand."""

import math

import pytest

from nnviz.base.explanations.scores import Verdict, estimate, judge


def test_hits_and_misses_have_wilsons_interval():
    """Wilson 1927: 8 of 8 begins at 1 / (1 + z^2 / 8); 5 of 10 is even around 1/2."""
    z2 = 1.959964**2
    all_hit = estimate([1.0] * 8)
    assert all_hit.low == pytest.approx(1 / (1 + z2 / 8), abs=1e-5)
    assert all_hit.high == pytest.approx(1)
    half = estimate([0.0, 1.0] * 5)
    assert (half.low, half.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@pytest.mark.parametrize(("count", "t"), [(6, 2.5706), (11, 2.2281), (31, 2.0423)])
def test_other_figures_have_students_interval(count, t):
    """The 97.5 % points of 5, 10 and 30 degrees of freedom, as printed in tables."""
    values = [0.5 + 0.01 * (place - (count - 1) / 2) for place in range(count)]
    mean = sum(values) / count
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (count - 1))
    found = estimate(values)
    expected = t * deviation / math.sqrt(count)
    assert found.high - found.mean == pytest.approx(expected, rel=2e-3)


def test_a_single_image_has_no_interval():
    assert math.isnan(estimate([0.3]).low)


def test_verdicts():
    """Clearly above both, above one, above none; and turned where low is good."""
    mine = [0.8, 0.9, 0.85, 0.95]
    low, high = [0.1, 0.2, 0.15, 0.2], [0.95, 0.99, 0.97, 0.99]
    assert judge(mine, [low, low], higher_is_better=True) is Verdict.PASS
    assert judge(mine, [low, high], higher_is_better=True) is Verdict.CAUTION
    assert judge(mine, [high, high], higher_is_better=True) is Verdict.FAIL
    assert judge(mine, [high, high], higher_is_better=False) is Verdict.PASS


def test_a_difference_that_may_be_chance_is_no_merit():
    mine, other = [0.5, 0.6, 0.4, 0.5], [0.4, 0.7, 0.5, 0.3]
    assert judge(mine, [other], higher_is_better=True) is Verdict.FAIL
