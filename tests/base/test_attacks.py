"""An attack's report while its noise is made weaker.

Truth: issue text, "tabs vanish while the epsilon slider is below its maximum".
"""

import numpy as np

from nnviz.base.attacks import with_whole_tabs
from nnviz.base.results import ColorImage, Report


def picture(value):
    return ColorImage(pixels=np.full((2, 2, 3), value, np.float32))


def test_results_of_the_whole_noise_stay_with_a_word_of_what_they_are():
    names = ("adversarial", "noise", "confidence", "survival")
    whole = Report({name: picture(1) for name in names}, ("whole",))
    half = Report({"adversarial": picture(0.5), "noise": picture(0.5)}, ("half",))
    shown = with_whole_tabs(half, whole)
    assert list(shown) == list(names)
    assert [shown[name].pixels[0, 0, 0] for name in names] == [0.5, 0.5, 1, 1]
    assert shown.notes == ("half", "confidence, survival: of the full perturbation")


def test_nothing_is_said_where_nothing_stays():
    half = Report({"adversarial": picture(0.5)}, ("half",))
    assert with_whole_tabs(half, Report({"adversarial": picture(1)}, ())) is half
