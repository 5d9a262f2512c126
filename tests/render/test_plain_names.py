"""Names that matplotlib would read: formulas, hidden labels, names that are not UTF-8.

Truth: matplotlib's documentation of mathtext, of legends, and of ``\\$``.
"""

import os

import numpy as np
import pytest
from matplotlib.figure import Figure

from nnviz.base.results import Curves
from nnviz.render.charts import curves
from nnviz.render.drawings.plots import plain, rasterized


@pytest.mark.parametrize("name", [r"$\frac{$", "from $5 to $9", "_ground", "a$"])
def test_a_name_is_drawn_as_it_is(name: str) -> None:
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], label=plain(name))
    axes.set_title(plain(name))
    assert len(axes.legend().get_texts()) == 1
    rasterized(figure)


def test_curves_of_any_name_are_drawn() -> None:
    x, name = np.arange(3.0), os.fsdecode(b"\xff\xfe.png")
    series = {r"$\frac{$": x, "_": x, name: x}
    drawn = curves(Curves(x=x, series=series, x_label=r"$\x{$", y_label=name), 200)
    assert drawn.shape[2] == 3
