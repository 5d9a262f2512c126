"""Durations in few words."""

_TENS = 10
"""Seconds from which tenths do not matter."""


def duration(seconds: float) -> str:
    """Return a time in few words: "41 ms", "3.2 s", "75 s"."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < _TENS else f"{seconds:.0f} s"
