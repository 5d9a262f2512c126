"""Controls in a notebook: from the declaration, and run by what they are set to.

Truth: the method's own declaration, and ``nnviz.run`` with the same values.
"""

import importlib

import numpy as np
import pytest

import nnviz
from nnviz.base.errors import InputError, UsageError


def test_controls_are_those_of_the_declaration():
    shown = nnviz.explore("convolution")
    kinds = {name: type(each).__name__ for name, each in shown.controls.items()}
    assert kinds["input"] == "Text"
    assert kinds["operation"] == "Dropdown"
    assert kinds["stride"] == "IntSlider"
    assert kinds["bias"] == "BoundedFloatText"
    assert shown.controls["stride"].max == 8
    assert set(kinds) == {p.name for p in nnviz.methods()["convolution"].parameters}


def test_changed_control_runs_the_method():
    shown = nnviz.explore("convolution", input="0 1 2 3 4", kernel="1 -1 2")
    assert np.array_equal(shown.result.data, [[3, 5, 7]])
    before = shown._picture.value
    shown.controls["operation"].value = "convolution"
    # The course's example: the valid places of (0 1 2 3 4) * (1 -1 2).
    assert np.array_equal(shown.result.data, [[1, 3, 5]])
    assert shown._picture.value != before
    assert bytes(shown._picture.value).startswith(b"\x89PNG")


def test_mistake_is_told_and_mended():
    shown = nnviz.explore("convolution")
    shown.controls["kernel"].value = "1 <b"
    assert shown.result is None
    assert "&lt;b" in shown._said.value
    shown.controls["kernel"].value = "1"
    assert shown.result is not None
    assert "5 × 5 positions" in shown._said.value


def test_wrong_names_are_refused_in_words():
    with pytest.raises(UsageError, match="no such method"):
        nnviz.explore("convolutoin")
    with pytest.raises(UsageError, match="no such parameter"):
        nnviz.explore("convolution", strife=2)
    with pytest.raises(UsageError, match="needs a network"):
        nnviz.explore("grad_cam")


def test_without_the_package_the_extra_is_named(monkeypatch):
    found = importlib.import_module

    def without(name, *rest):
        if name == "ipywidgets":
            raise ModuleNotFoundError(name)
        return found(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(InputError, match=r"nnviz-studio\[notebook\]"):
        nnviz.explore("convolution")
