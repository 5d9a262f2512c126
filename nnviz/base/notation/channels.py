"""Notation of channels and of linear combinations of channels.

===================  =====================================================
``3, 7, 12``         three images, one for each channel
``3-6``              channels 3, 4, 5 and 6, an image each
``3 - 7 + 0.5*12``   one image of a direction: 3 and half of 12, not 7
===================  =====================================================
"""

import re
from collections.abc import Iterator

from nnviz.base.errors import UsageError
from nnviz.base.notation.numerals import is_whole

Mixture = tuple[tuple[int, float], ...]
"""Channels and their weights."""

_LONGEST = 40
"""Letters of a text that errors repeat."""
_MOST_AT_ONCE = 1_000_000
"""Numbers in a span; no layer has more channels."""
_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_TERM = re.compile(
    r"(?P<sign>[+-]?)\s*((?P<weight>[0-9]{0,9}\.?[0-9]{1,18})\s*\*\s*)?"
    r"(?P<index>[0-9]{1,9})"
)
_GAP = re.compile(r"\s+(?=[+-]\s)")


def parse_channels(text: str, option: str) -> tuple[Mixture, ...]:
    """Parse the combinations of channels that a text names, in its order.

    Args:
        text: as the module describes.
        option: where it was given, for errors.

    Raises:
        UsageError: the text names no channels.
    """
    return tuple(mixture for part in text.split(",") for mixture in _part(part, option))


def parse_indices(text: str, option: str) -> tuple[int, ...]:
    """Parse a list of channels, "3,7,20-25"; () for an empty one.

    Args:
        text: numbers and ranges.
        option: where it was given, for errors.

    Raises:
        UsageError: the text is not a list of numbers.
    """
    found: list[int] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        first, dash, last = (each.strip() for each in part.partition("-"))
        if not is_whole(first) or (dash and not is_whole(last)):
            shown = part if len(part) <= _LONGEST else f"{part[:_LONGEST]}..."
            raise UsageError(option, f"{shown!r} is not a number", "write 3,7,20-25")
        _check_span(int(first), int(last or first), option)
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _check_span(first: int, last: int, option: str) -> None:
    if last - first > _MOST_AT_ONCE:
        raise UsageError(option, f"{first}-{last} are too many", "name fewer")


def _part(text: str, option: str) -> Iterator[Mixture]:
    whole = _RANGE.fullmatch(text.strip())
    if whole:
        first, last = int(whole[1]), int(whole[2])
        _check_span(first, last, option)
        yield from (((index, 1.0),) for index in range(first, last + 1))
    else:
        yield tuple(_term(term, option) for term in _GAP.split(text.strip()))


def _term(text: str, option: str) -> tuple[int, float]:
    found = _TERM.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            option, f"{text.strip()!r} is not a channel", "write 3, 7 or 3 - 7 + 0.5*12"
        )
    weight = float(found["weight"] or 1)
    return int(found["index"]), -weight if found["sign"] == "-" else weight
