"""Values of edited recipes; truth: what the method declares, and its defaults."""

import pytest

from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe


def recipe(method, values):
    return Recipe(
        method=method,
        values=values,
        model="fake:net",
        model_sha256="0" * 64,
        preprocess=Preprocess(),
    )


@pytest.mark.parametrize(
    "values",
    [
        {"nosuch": 1},
        {"samples": "x"},
        {"samples": 10**400},
        {"samples": None},
        {"samples": [1]},
        {"noise": float("nan")},
        {"noise": 10**400},
        {"layer": 3, "target": 5.5},
    ],
)
def test_values_that_the_method_cannot_have_are_said_and_left(opened, values):
    choice = opened.app.choice
    choice.choose("smooth_grad")
    usual, said = choice.values, []
    choice.values_refused.connect(said.append)
    choice.choose_recipe(recipe("smooth_grad", {**values, "seed": 1}))
    choice.choose("grad_cam")
    choice.choose("smooth_grad")
    names = set(usual)
    assert set(choice.values) == names
    for name in values.keys() & names:
        assert choice.values[name] == usual[name]
    assert len(said) == 1
    assert all(name.replace("_", "-") in said[0] for name in values)
