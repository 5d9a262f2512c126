"""A few hundred damaged inputs for all readers; ``make fuzz`` reads thousands.

Truth: a reader gives a value or one line of the program's own errors, whatever it is
given; it does not die, hang, or need more than 2 GiB.
"""

import pytest

from tests.fuzz import network_files
from tests.fuzz.campaign import ALL, Finding, campaign, read_one
from tests.fuzz.readers import CASES

_EACH = 25
_FIRST = 500_000
"""Other inputs than those that ``make fuzz`` begins with."""


def test_damaged_inputs_give_values_or_one_line() -> None:
    inputs = [(case, _FIRST + n) for n in range(_EACH) for case in CASES]
    assert list(map(str, campaign(inputs))) == []


@pytest.mark.slow
def test_networks_with_changed_contents_give_values_or_one_line() -> None:
    """In a process of their own: torch's exporters leave little memory to others."""
    inputs = [(case, _FIRST + n) for n in range(_EACH) for case in network_files.CASES]
    assert list(map(str, campaign(inputs))) == []


def test_the_campaign_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that raises what is not the program's own is reported."""

    def raising(*_given: object) -> None:
        raise KeyError("gone")

    monkeypatch.setitem(ALL, "image", raising)
    assert read_one("image", 0).startswith("KeyError: 'gone' (test_fuzz.py:")
    assert "--number 3" in str(Finding("image", 3, "died"))
