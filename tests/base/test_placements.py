"""Where stickers lie."""

import math

import numpy as np
import pytest

from nnviz.base.errors import InputError, UsageError
from nnviz.base.stickers.placement import Placement


def test_the_corners_of_a_sticker_that_is_not_turned() -> None:
    """By hand: a fifth of 100 px, twice as high as wide, around (150, 25)."""
    placement = Placement(x=0.75, y=0.25, width=0.2)
    found = placement.corners((100, 200), (40, 20))
    expected = [[140, 5], [160, 5], [160, 45], [140, 45]]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_it_turns_counter_clockwise() -> None:
    """By hand: after a quarter turn the upper left corner is the lower left one."""
    placement = Placement(width=0.5, angle=90)
    found = placement.corners((100, 100), (8, 8))
    expected = [[25, 75], [25, 25], [75, 25], [75, 75]]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_what_is_dragged_too_far_stops() -> None:
    """By the rules of ``nearest``: center and width have limits, angles go round."""
    found = Placement.nearest(x=-0.2, y=1.7, width=9.0, angle=190)
    assert found == Placement(x=0.0, y=1.0, width=2.0, angle=-170)
    assert Placement.nearest(0.5, 0.5, 0.0, 180) == Placement(0.5, 0.5, 0.01, -180)


@pytest.mark.parametrize("wrong", [{"x": 1.01}, {"y": math.nan}, {"width": 0.0}])
def test_what_lies_nowhere_is_refused(wrong: dict[str, float]) -> None:
    """The ranges that the class states."""
    with pytest.raises(UsageError, match=f"sticker {next(iter(wrong))}"):
        Placement(**wrong)


def test_through_json() -> None:
    """Written out by hand and back."""
    text = '{"angle": -30.0, "width": 0.125, "x": 0.25, "y": 0.75}'
    placement = Placement(x=0.25, y=0.75, width=0.125, angle=-30.0)
    assert placement.to_json() == text
    assert Placement.from_json(text) == placement


@pytest.mark.parametrize("text", ["", "[]", '{"x": 2}', '{"z": 0}', '{"x": null}'])
def test_json_of_no_placement(text: str) -> None:
    """No JSON, no object, out of range, no such number, no number."""
    with pytest.raises(InputError, match=r"a\.json: gives no sticker a position"):
        Placement.from_json(text, "a.json")
