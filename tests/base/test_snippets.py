"""Recipes as command lines and Python: quoted, and without what goes unsaid."""

import shlex

import pytest

from nnviz.base.documents.snippets import command_line, python_code
from nnviz.base.parameters import Kind, Parameter
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe

PARAMETERS = (
    Parameter(name="layer", kind=Kind.LAYER, default="", title="", help=""),
    Parameter(name="own_scale", kind=Kind.FLAG, default=False, title="", help=""),
    Parameter(name="channel", kind=Kind.CHANNEL, default=-1, title="", help=""),
    Parameter(
        name="alpha", kind=Kind.NUMBER, default=0.5, title="", help="",
        when=("own_scale", (True,)),
    ),
)  # fmt: skip


def recipe(**changed) -> Recipe:
    given = {
        "method": "activations",
        "values": {"layer": "", "own_scale": False, "channel": -1, "alpha": 0.5},
        "model": "zoo:resnet18@random:0",
        "model_sha256": "0",
        "preprocess": Preprocess(),
        "image": "cat.jpg",
    }
    return Recipe(**given | changed)


def test_defaults_go_unsaid():
    assert command_line(recipe(), PARAMETERS) == (
        "nnviz run activations cat.jpg --model zoo:resnet18@random:0 --out out"
    )


def test_all_that_differs_is_said():
    values = {"layer": "a.b", "own_scale": True, "channel": -1, "alpha": 0.25}
    line = command_line(recipe(values=values, seed=3, labels="l.txt"), PARAMETERS)
    for words in ("--layer a.b", "--own-scale yes", "--alpha 0.25", "--seed 3",
                  "--labels l.txt"):  # fmt: skip
        assert words in line
    assert "--channel" not in line


def test_what_does_not_matter_goes_unsaid():
    values = {"layer": "", "own_scale": False, "channel": 2, "alpha": 0.25}
    line = command_line(recipe(values=values), PARAMETERS)
    assert "--alpha" not in line
    assert "--channel 2" in line


def test_negative_values_are_no_options():
    line = command_line(recipe(values={"channel": -1}))
    assert "--channel=-1" in line


@pytest.mark.parametrize("name", ["my cat.jpg", "$(rm).jpg", "it's.png", "ü.png"])
def test_shell_quoting(name):
    """Truth: shlex, which reads as a POSIX shell does."""
    assert shlex.split(command_line(recipe(image=name)))[3] == name


def test_preprocessing_is_said_where_it_differs():
    other = Preprocess(mean=(0.5,) * 3, std=(0.5,) * 3)
    assert "--preprocess" not in command_line(recipe(), own=Preprocess())
    assert "--preprocess" in command_line(recipe(), own=other)
    assert "preprocess={" in python_code(recipe(), own=other)


def test_python_is_python():
    code = python_code(recipe(image="it's.png", seed=2), PARAMETERS)
    compile(code, "snippet", "exec")
    assert 'nnviz.open_image("it\'s.png")' in code
    assert "seed=2" in code


def test_python_without_a_picture():
    code = python_code(recipe(image=""), PARAMETERS)
    assert "open_image" not in code
    assert "nnviz.run('activations', model)" in code
