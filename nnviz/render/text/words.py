"""Numbers formatted for people."""

import math
from collections.abc import Iterable

_MINUS = "\N{MINUS SIGN}"
_TIMES = "\N{MULTIPLICATION SIGN}"
_THIN = "\N{THIN SPACE}"
_SIGNIFICANT = 3
_TINY, _HUGE = 1e-3, 1e5
_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_WHOLE_FROM = 100


def number(value: float) -> str:
    """Format a number with three significant digits and a real minus sign."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: f"{_MINUS}∞"}.get(value, "NaN")
    size = abs(value)
    if value == int(value) and size < _HUGE:
        text = str(int(value))
    elif _TINY <= size < _HUGE:
        text = _fixed(value)
    else:
        text = f"{value:.{_SIGNIFICANT - 1}e}".replace("e-0", "e-").replace("e+0", "e")
    return text.replace("-", _MINUS)


def short(value: float) -> str:
    """Format a number without trailing zeros: "0.5", not "0.500"."""
    text = number(value)
    if "." not in text or "e" in text:
        return text
    return text.rstrip("0").rstrip(".")


def _fixed(value: float) -> str:
    rounded = float(f"{value:.{_SIGNIFICANT}g}")
    places = max(0, _SIGNIFICANT - 1 - math.floor(math.log10(abs(rounded))))
    return f"{value:.{places}f}"


def numbers(values: Iterable[float]) -> list[str]:
    """Format the numbers of a column with the same number of decimals.

    The largest number has three significant digits; where that would hide differences
    or be too long, each number is formatted by itself.
    """
    given = list(values)
    finite = [abs(value) for value in given if math.isfinite(value)]
    largest = max(finite, default=0.0)
    if not _TINY <= largest < _HUGE:
        return [number(value) for value in given]
    places = max(0, _SIGNIFICANT - 1 - math.floor(math.log10(largest)))
    if all(value == int(value) for value in finite):
        places = 0
    return [
        f"{value:.{places}f}".replace("-", _MINUS)
        if math.isfinite(value)
        else number(value)
        for value in given
    ]


def whole(value: float) -> str:
    """Format a whole number with thousands separators; any other as ``number``."""
    if not math.isfinite(value) or value != int(value):
        return number(value)
    return f"{int(value):,}".replace(",", _THIN).replace("-", _MINUS)


def percent(share: float) -> str:
    """Format a share in [0, 1] as a percentage with one decimal, "<0.1 %" if tiny."""
    smallest = 0.001
    if 0 < share < smallest:
        return "<0.1 %"
    return f"{number(math.nan)} %" if math.isnan(share) else f"{100 * share:.1f} %"


def extent(shape: tuple[int, ...]) -> str:
    """Format the height and width at the start of a shape: "7 × 7"."""
    return f"{shape[0]} {_TIMES} {shape[1]}"


def plural(count: int, noun: str) -> str:
    """Format a count with its noun: "1 channel", "64 channels"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def short_number(number: float) -> str:
    """Format a count in about three digits: 11.7 M, 802."""
    for size, letter in _STEPS:
        if number >= size:
            value = number / size
            digits = 0 if value >= _WHOLE_FROM else 1
            return f"{value:.{digits}f} {letter}"
    return f"{number:g}"


def short_bytes(count: float) -> str:
    """Format a file size: 44.7 MB."""
    number = short_number(count)
    return f"{number}B" if number[-1].isalpha() else f"{number} B"
