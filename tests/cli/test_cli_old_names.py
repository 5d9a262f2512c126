"""Options that were renamed: the old ones work and no help shows them.

Truth: the recipe that each writes, which is to be the same.
"""

import json

import pytest

import nnviz as api
from nnviz.engine.method import methods


def test_old_option_gives_the_same_recipe(nnviz, cat, tmp_path):
    recipes = []
    for option in ("--layers", "--others"):
        out = tmp_path / option.strip("-")
        words = ["--model", "bundled:everyday", option, "stage1", "--out", out]
        status, _, said = nnviz("run", "eigen_cam", cat, *words)
        assert status == 0
        told = "--others: is called --layers now" in said
        assert told == (option == "--others")
        (found,) = out.glob("*.json")
        recipes.append(json.loads(found.read_text(encoding="utf-8")))
    assert recipes[0] == recipes[1]
    assert recipes[0]["values"]["layers"] == "stage1"


def test_old_name_warns_in_python(cat):
    with pytest.warns(DeprecationWarning, match="others is called layers now"):
        result = api.run("eigen_cam", "bundled:everyday", cat, others="stage1")
    assert result.recipe.values["layers"] == "stage1"


def test_no_help_shows_an_old_name(nnviz):
    for name, registered in methods().items():
        old = [alias for each in registered.info.parameters for alias in each.aliases]
        if not old:
            continue
        _, answer, _ = nnviz("run", name, "--help")
        for alias in old:
            assert f"--{alias.replace('_', '-')} " not in answer, name
