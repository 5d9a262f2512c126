"""Whole numbers in text from outside.

Truth: by hand; Python's own limit of 4300 digits, above which ``int`` raises.
"""

import pytest

from nnviz.base.errors import NnvizError, UsageError
from nnviz.base.notation.channels import parse_channels, parse_indices
from nnviz.base.notation.numerals import is_whole
from nnviz.cli.arguments import whole_number
from nnviz.runtime.capture import source_of

LONG = "9" * 5000


@pytest.mark.parametrize("text", ["0", "7", "007", "123456789"])
def test_numbers_of_indexes_are_whole(text):
    assert is_whole(text)


@pytest.mark.parametrize("text", ["", "-1", "1.0", " 1", "²", "٣", "1e3", LONG])
def test_other_texts_are_not(text):
    assert not is_whole(text)


@pytest.mark.parametrize(
    "read",
    [
        lambda text: parse_indices(text, "channels"),
        lambda text: parse_indices(f"3-{text}", "channels"),
        lambda _: parse_indices("0-999999999", "channels"),
        lambda text: parse_channels(text, "channels"),
        lambda text: parse_channels(f"3 - {text}*7", "channels"),
        lambda _: parse_channels("0-999999999", "channels"),
        whole_number("--count"),
        source_of,
    ],
)
def test_numbers_of_thousands_of_digits_are_one_line(read):
    with pytest.raises(NnvizError) as caught:
        read(LONG)
    assert len(str(caught.value)) < 600


def test_spans_are_those_that_they_say():
    assert parse_indices("3,7,20-25", "channels") == (3, 7, 20, 21, 22, 23, 24, 25)
    with pytest.raises(UsageError, match="too many"):
        parse_indices("0-1000001", "channels")
