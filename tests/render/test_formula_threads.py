"""Formulas painted by several threads.  Truth: the same painted by one alone."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nnviz.render.drawings.formulas import formula_mask

FORMULAS = [
    rf"$\sum_{{i={n}}}^{{n}} w_{{i{n}}} x^{{{n}}} + \frac{{b}}{{{n}}}$"
    for n in range(1, 41)
]


@pytest.fixture
def quick_switches():
    """Let threads take turns after a few lines, so that they meet in the parser."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("quick_switches")
def test_threads_do_not_disturb_each_other():
    """It ended in a ParseException: matplotlib has one parser for all threads."""
    paint = formula_mask.__wrapped__
    alone = [paint(formula, 20) for formula in FORMULAS]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda formula: paint(formula, 20), FORMULAS * 12))
    for expected, found in zip(alone * 12, together, strict=True):
        np.testing.assert_array_equal(found, expected)
