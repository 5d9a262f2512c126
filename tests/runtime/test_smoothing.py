"""Smoothed bars: by the formula, and orders worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.results import Ranking
from nnviz.runtime.smoothing import SmoothRanking

NAMES = ("ant", "bee", "cat", "dog", "elk")


def ranking(limits=(0.0, 1.0), **values):
    order = sorted(values, key=lambda name: -values[name])
    return Ranking(
        labels=tuple(order),
        values=np.array([values[name] for name in order], np.float64),
        indices=np.array([NAMES.index(name) for name in order]),
        unit="probability",
        limits=limits,
    )


def shown(result):
    return dict(zip(result.labels, result.values.tolist(), strict=True))


def test_the_first_frame_is_shown_as_it_is():
    """Truth: there is nothing before it."""
    result = SmoothRanking().update(ranking(cat=0.9, dog=0.1), 5.0)
    assert shown(result) == {"cat": 0.9, "dog": 0.1}


def test_a_step_follows_the_exponential():
    """Truth: 1 - exp(-t / tau) after a step from 0 to 1, at uneven times."""
    smooth = SmoothRanking(time_constant=0.4)
    smooth.update(ranking(cat=0.0, dog=1.0), 0.0)
    for time in (0.03, 0.1, 0.11, 0.4, 1.3):
        result = smooth.update(ranking(cat=1.0, dog=0.0), time)
        assert shown(result)["cat"] == pytest.approx(1 - math.exp(-time / 0.4))


@given(st.lists(st.floats(0.001, 0.5), min_size=1, max_size=20))
def test_uneven_frames_of_a_steady_picture_end_where_one_does(gaps):
    """Truth: exp(-a) exp(-b) = exp(-(a + b)): only the time that went by counts."""
    many, one = SmoothRanking(), SmoothRanking()
    for smooth in (many, one):
        smooth.update(ranking(cat=0.2, dog=0.8), 0.0)
    time = 0.0
    for gap in gaps:
        time += gap
        last = many.update(ranking(cat=0.7, dog=0.3), time)
    whole = one.update(ranking(cat=0.7, dog=0.3), time)
    assert shown(last)["cat"] == pytest.approx(shown(whole)["cat"])


def test_without_a_time_constant_each_frame_stands_for_itself():
    """Truth: the values given."""
    smooth = SmoothRanking(time_constant=0.0)
    smooth.update(ranking(cat=0.9, dog=0.1), 0.0)
    result = smooth.update(ranking(dog=0.6, cat=0.4), 0.01)
    assert shown(result) == {"dog": 0.6, "cat": 0.4}


def test_places_are_changed_only_by_a_clear_lead():
    """Truth: 0.51 leads 0.49 by less than 0.03, 0.52 leads 0.48 by more."""
    smooth = SmoothRanking(time_constant=0.0, margin=0.03)
    smooth.update(ranking(cat=0.6, dog=0.4), 0.0)
    close = smooth.update(ranking(dog=0.51, cat=0.49), 1.0)
    assert close.labels == ("cat", "dog")
    clear = smooth.update(ranking(dog=0.52, cat=0.48), 2.0)
    assert clear.labels == ("dog", "cat")


def test_a_class_that_is_not_listed_any_more_falls_to_zero_and_goes():
    """Truth: an unlisted probability counts as 0: exp(-1) after one time constant."""
    smooth = SmoothRanking(time_constant=1.0)
    smooth.update(ranking(cat=0.8, dog=0.2), 0.0)
    later = smooth.update(ranking(elk=0.9, bee=0.1), 1.0)
    assert later.labels[:1] == ("elk",)
    assert shown(later)["elk"] == pytest.approx(0.9 * (1 - math.exp(-1)))
    assert shown(later)["cat"] == pytest.approx(0.8 * math.exp(-1))
    gone = smooth.update(ranking(elk=0.9, bee=0.1), 60.0)
    assert set(gone.labels) == {"elk", "bee"}


@given(
    st.lists(
        st.dictionaries(st.sampled_from(NAMES), st.floats(0, 1), min_size=3), min_size=1
    )
)
def test_it_always_gives_as_many_rows_nearly_falling(frames):
    """Truth: what Ranking promises, but for the margin."""
    smooth = SmoothRanking(time_constant=0.2, margin=0.03)
    for step, values in enumerate(frames):
        result = smooth.update(ranking(**values), step / 10)
        assert len(result.labels) == len(result.values) == len(values)
        assert (np.diff(result.values) <= 0.03 + 1e-12).all()
        assert ((result.values >= 0) & (result.values <= 1)).all()
        assert len(set(result.labels)) == len(result.labels)


def test_numbers_without_limits_fall_towards_the_last_one_listed():
    """Truth: an unlisted logit may be at most the lowest listed, here 2."""
    smooth = SmoothRanking(time_constant=0.0)
    smooth.update(ranking(limits=None, cat=9.0, dog=5.0, elk=4.0), 0.0)
    later = smooth.update(ranking(limits=None, cat=8.0, bee=3.0, ant=2.0), 1.0)
    assert shown(later) == {"cat": 8.0, "bee": 3.0, "ant": 2.0}


def test_a_small_lead_that_lasts_changes_places_too():
    """Truth: two classes a hundredth apart, for less and for more than a second."""
    smooth = SmoothRanking(time_constant=0.0, margin=0.03, patience=1.0)
    smooth.update(ranking(cat=0.5, dog=0.4), 0.0)
    for time in (0.1, 0.6, 1.0):
        result = smooth.update(ranking(cat=0.45, dog=0.46), time)
        assert result.labels == ("cat", "dog")
    assert smooth.update(ranking(cat=0.45, dog=0.46), 1.2).labels == ("dog", "cat")
