"""Long durations in words."""

_FEW = 2
"""Below so many of a unit the smaller one is told."""


def long_duration(seconds: float) -> str:
    """Return a time of about a minute or more: "a minute", "25 minutes", "3 hours"."""
    minutes = round(seconds / 60)
    if minutes < _FEW:
        return "a minute"
    hours = minutes / 60
    return f"{minutes} minutes" if hours < _FEW else f"{hours:.0f} hours"
