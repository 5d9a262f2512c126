"""Completeness check: the sum of attributions against the score difference."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Completeness:
    """The sum of attributions and the score difference that it should equal.

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
