"""Mapping between a slider's positions and a parameter's range."""

import math
from dataclasses import dataclass

from nnviz.gui.forms.control import SLIDER_STEPS


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear or logarithmic scale from ``minimum`` to ``maximum``.

    A logarithmic scale needs a positive minimum; from zero on it is linear.
    """

    minimum: float
    maximum: float
    log: bool = False

    @property
    def _logarithmic(self) -> bool:
        return self.log and self.minimum > 0

    def position(self, value: float) -> int:
        """Return the slider's position for a value."""
        if self.maximum <= self.minimum:
            return 0
        if self._logarithmic:
            share = math.log(value / self.minimum) / math.log(
                self.maximum / self.minimum
            )
        else:
            share = (value - self.minimum) / (self.maximum - self.minimum)
        return round(share * SLIDER_STEPS)

    def value(self, position: int) -> float:
        """Return the value at a slider's position, exact at both ends."""
        if position <= 0:
            return self.minimum
        if position >= SLIDER_STEPS:
            return self.maximum
        share = position / SLIDER_STEPS
        if self._logarithmic:
            ratio = math.log(self.maximum / self.minimum)
            return self.minimum * math.exp(ratio * share)
        return self.minimum + (self.maximum - self.minimum) * share
