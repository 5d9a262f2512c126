"""Words on completeness: what attributions add up to, and what would help."""

from nnviz.base.completeness import Completeness

_PERCENT = 100
_LARGE_ERROR = 0.05
"""Share of the difference above which a remedy is named."""


def completeness_notes(found: Completeness, remedy: str) -> tuple[str, ...]:
    """Return remarks: the sum, and the remedy where the error is large."""
    said = (
        f"the attributions add up to {found.total:.4g} of {found.due:.4g} "
        f"({_PERCENT * found.error:.2g} % error)"
    )
    return (said, remedy) if found.error > _LARGE_ERROR else (said,)
