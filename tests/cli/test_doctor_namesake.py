"""The doctor tells other distributions that bring a package nnviz.

Truth: what ``importlib.metadata.packages_distributions`` gives where two distributions
bring one package: both names under it.
"""

from nnviz.cli.doctor import namesakes


def test_another_distribution_of_the_name_is_a_problem():
    (check,) = namesakes({"nnviz": ["nnviz", "nnviz-studio"], "torch": ["torch"]})
    assert check.problem
    assert check.found.startswith("nnviz brings a package nnviz too")
    assert check.remedy.startswith("pip uninstall nnviz, then pip install nnviz-studio")


def test_ours_alone_is_none():
    assert not list(namesakes({"nnviz": ["nnviz-studio", "nnviz-studio"]}))
    assert not list(namesakes({}))
