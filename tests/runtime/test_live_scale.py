"""When frames are made smaller, and larger again: sequences worked out by hand."""

import pytest

from nnviz.runtime.live_scale import ScaleKeeper

FRESH, OLD, INFERENCE = 0.10, 0.40, 0.08
"""Seconds: too old is more than 1.5 x 0.08 + 0.1 = 0.22."""


def feed(keeper, age, start, seconds, inference=INFERENCE, rate=10):
    """Note frames at a rate; return (time, scale) of each change."""
    changes = []
    for step in range(round(seconds * rate) + 1):
        now = start + step / rate
        if keeper.note(age, inference, now):
            changes.append((round(now, 3), keeper.scale))
    return changes


def test_old_frames_make_it_smaller_step_by_step():
    """Truth: 1.5 s of old frames a step, and no step below 1/4."""
    keeper = ScaleKeeper()
    assert feed(keeper, OLD, 0.0, 10.0) == [(1.5, 0.5), (3.1, 0.25)]


def test_a_hiccup_changes_nothing():
    """Truth: 1.4 s are less than 1.5."""
    keeper = ScaleKeeper()
    for start in range(0, 20, 2):
        assert feed(keeper, OLD, start, 1.4) == []
        assert feed(keeper, FRESH, start + 1.5, 0.4) == []


def test_the_age_is_judged_by_how_long_inference_takes():
    """Truth: 1.5 x 0.3 + 0.1 = 0.55 s is more than 0.4."""
    assert feed(ScaleKeeper(), OLD, 0.0, 10.0, inference=0.3) == []


def test_fresh_frames_make_it_larger_again_after_a_while():
    """Truth: 8 s a step; each lasted longer than 8 s, so the wait stays."""
    keeper = ScaleKeeper(0.25)
    assert feed(keeper, FRESH, 0.0, 30.0) == [(8.0, 0.5), (16.1, 1.0)]


def test_a_size_that_is_too_much_is_tried_less_and_less_often():
    """Truth: waits of 8, 16, 32 s: each doubled by a step up that did not last."""
    keeper = ScaleKeeper(0.5)
    now, waits = 0.0, []
    for _ in range(3):
        (raised, scale), *_ = feed(keeper, FRESH, now, 40.0, rate=1)
        assert scale == 1.0
        waits.append(raised - now)
        (lowered, scale), *_ = feed(keeper, OLD, raised + 1, 2.0)
        assert scale == 0.5
        now = lowered + 1
        keeper_again = keeper.scale
        assert keeper_again == 0.5
    assert waits == pytest.approx([8, 16, 32])


def test_it_never_waits_longer_than_four_minutes():
    """Truth: 8 s doubled six times would be 512."""
    keeper = ScaleKeeper(0.5)
    now = 0.0
    for _ in range(8):
        now = feed(keeper, FRESH, now, 300.0, rate=1)[0][0]
        now = feed(keeper, OLD, now + 1, 1.5)[0][0] + 1
    assert feed(keeper, FRESH, now, 240.0, rate=1)[0][0] - now == pytest.approx(240)
