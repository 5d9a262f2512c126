"""Notes on completeness: the sum of attributions, and the remedy for an error."""

from nnviz.base.completeness import Completeness

_PERCENT = 100
_LARGE_ERROR = 0.05
"""Relative error above which a remedy is suggested."""


def completeness_notes(found: Completeness, remedy: str) -> tuple[str, ...]:
    """Return notes on the sum, and the remedy if the error is large."""
    said = (
        f"the attributions add up to {found.total:.4g} of {found.due:.4g} "
        f"({_PERCENT * found.error:.2g} % error)"
    )
    return (said, remedy) if found.error > _LARGE_ERROR else (said,)
