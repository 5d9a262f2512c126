"""Completeness: what attributions add up to, beside the difference they should."""

from dataclasses import dataclass

_PERCENT = 100
_LARGE_ERROR = 0.05
"""Share of the difference above which a remedy is named."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """The sum of attributions and the difference in score that it should equal.

    Attributes:
        total: the sum.
        due: the image's score minus the baseline's.
    """

    total: float
    due: float

    @property
    def error(self) -> float:
        """The error as a share of the difference; 0 where there is none."""
        return abs(self.total - self.due) / abs(self.due) if self.due else 0.0

    def notes(self, remedy: str) -> tuple[str, ...]:
        """Return remarks: the sum, and the remedy where the error is large."""
        said = (
            f"the attributions add up to {self.total:.4g} of {self.due:.4g} "
            f"({_PERCENT * self.error:.2g} % error)"
        )
        return (said, remedy) if self.error > _LARGE_ERROR else (said,)
