"""A spin box, with a slider where there is a range, for a real number."""

import sys

from nnviz.base.parameters import Value
from nnviz.gui.forms.number_box import NumberBox
from nnviz.gui.forms.ranged import RangedControl


class NumberControl(RangedControl):
    """Edits a ``Kind.NUMBER``."""

    def make_box(self) -> NumberBox:
        """Return a spin box over the parameter's range."""
        low, high = self.parameter.minimum, self.parameter.maximum
        if low is None or high is None:
            low, high = -sys.float_info.max, sys.float_info.max
        return NumberBox(low, high, self)

    def rounded(self, value: float) -> Value:
        """Return the value with the digits that the box shows."""
        return min(
            max(float(f"{value:.3g}"), self.parameter.minimum or value),
            self.parameter.maximum or value,
        )
