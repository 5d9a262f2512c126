"""Durations as short texts."""

_FEW = 2
"""Number of a unit below which the smaller unit is shown."""
_TENS = 10
"""Seconds from which no tenths are shown."""


def duration(seconds: float) -> str:
    """Format a duration: "41 ms", "3.2 s", "75 s"."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < _TENS else f"{seconds:.0f} s"


def long_duration(seconds: float) -> str:
    """Format a duration of about a minute or more: "25 minutes", "3 hours"."""
    minutes = round(seconds / 60)
    if minutes < _FEW:
        return "a minute"
    hours = minutes / 60
    return f"{minutes} minutes" if hours < _FEW else f"{hours:.0f} hours"
