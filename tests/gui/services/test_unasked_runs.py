"""What runs unasked says nothing where it cannot run; what was asked for does.

Truth: a person who has pressed nothing has done nothing wrong.
"""

import pytest

from nnviz.gui.workspaces.explain.workspace import EXPLAIN
from nnviz.gui.workspaces.inspect.workspace import INSPECT


@pytest.fixture
def said(window):
    heard = []
    window.app.messages.said.connect(heard.append)
    return heard


def test_nothing_is_complained_of_before_a_network_is_open(window, said):
    window.app.images.add(["/photos/a.png"])
    for workspace in (EXPLAIN, INSPECT):
        window.enter(workspace)
    window.app.choice.choose("activations")
    assert "open a network first" not in said


def test_run_says_what_is_lacking(window, said):
    window.app.choice.choose("activations")
    window.app.runs.run()
    assert said[-1] == "open a network first"
