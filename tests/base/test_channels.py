"""Channels as text: cases by hand."""

import pytest

from nnviz.base.errors import UsageError
from nnviz.base.notation.channels import parse_channels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", [((3, 1.0),)]),
        ("3, 7,12", [((3, 1.0),), ((7, 1.0),), ((12, 1.0),)]),
        ("3-5", [((3, 1.0),), ((4, 1.0),), ((5, 1.0),)]),
        ("3 - 5", [((3, 1.0), (5, -1.0))]),
        (" 3 - 7 + 0.5*12 ", [((3, 1.0), (7, -1.0), (12, 0.5))]),
        ("-2 * 4", [((4, -2.0),)]),
        ("1 + 2, 9", [((1, 1.0), (2, 1.0)), ((9, 1.0),)]),
    ],
)
def test_text(text, expected):
    assert list(parse_channels(text, "--channels")) == expected


@pytest.mark.parametrize("text", ["", "a", "3,,4", "3 *", "1.5"])
def test_no_channels(text):
    with pytest.raises(UsageError, match="is not a channel"):
        parse_channels(text, "--channels")
