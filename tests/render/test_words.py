"""Numbers and words in pictures; cases by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.render.palette import BACKGROUND
from nnviz.render.text import paragraphs as text
from nnviz.render.text import words

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (12, "12"),
        (0.5, "0.500"),
        (-1.2345, MINUS + "1.23"),
        (99.96, "100"),
        (1234.5, "1234"),
        (0.00012, "1.20e-4".replace("-", MINUS)),
        (3.2e9, "3.20e9"),
        (math.nan, "NaN"),
        (-math.inf, MINUS + "\N{INFINITY}"),
    ],
)
def test_number(value, expected):
    assert words.number(value) == expected


@given(st.floats(-1e307, 1e307))
def test_numbers_are_right_to_three_digits(value):
    shown = float(words.number(value).replace(MINUS, "-"))
    assert shown == pytest.approx(value, rel=5.1e-3, abs=1e-300)
    assert len(words.number(value)) <= 10


def test_columns_of_numbers():
    assert words.numbers([12.3, 8.1, -0.5]) == ["12.3", "8.1", MINUS + "0.5"]
    assert words.numbers([3.0, 20.0]) == ["3", "20"]
    assert words.whole(115605504.0).split("\N{THIN SPACE}") == ["115", "605", "504"]
    assert words.percent(0.0004) == "<0.1 %"
    assert words.percent(0.8732) == "87.3 %"
    assert words.plural(1, "channel") == "1 channel"
    assert words.plural(3, "channel") == "3 channels"


@given(st.text(max_size=80), st.integers(30, 300), st.integers(8, 20))
def test_wrapped_and_shortened_text_fits(content, width, size):
    for line in text.wrap(content, width, size):
        assert text.width_of(line, size) <= width or len(line) == 1
    assert text.width_of(text.shorten(content, width, size), size) <= width
    assert "".join("".join(text.wrap(content, width, size)).split()) == "".join(
        content.split()
    )


@pytest.mark.parametrize("place", [(-30, -5), (60, 10), (500, 500), (-500, 0)])
def test_text_beyond_the_edge_is_cut_off(place):
    canvas = text.sheet(20, 80, BACKGROUND)
    text.stamp(canvas, place, "activations", 14)
    assert canvas.shape == (20, 80, 3)


def test_alignment():
    def columns(align):
        canvas = text.sheet(24, 200, (0, 0, 0))
        text.stamp(canvas, (100, 0), "layer", 16, align=align)
        return np.flatnonzero(canvas.any((0, 2)))

    assert 99 <= columns("left").min() <= 103
    assert 97 <= columns("right").max() <= 100
    assert abs(columns("centre").mean() - 100) <= 2


def test_a_long_word_breaks_behind_its_hyphen():
    room = text.width_of("EfficientNet-Li", 16)
    assert text.wrap("EfficientNet-Lite0", room, 16) == ["EfficientNet-", "Lite0"]
    assert text.wrap("abcdefgh", text.width_of("abcd", 16), 16) == ["abcd", "efgh"]
    assert "".join(text.wrap("-abcdefgh", room // 3, 16)) == "-abcdefgh"
