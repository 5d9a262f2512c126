"""What needs no network waits for none.

Truth: methods that declare ``needs_model=False`` run so from Python and the command
line, where no network is named either.
"""

import pytest

from nnviz.base.documents.dropped import Saved
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.base.requests import ModelRequest
from nnviz.gui.shell.main_window import LEARN, TRAIN


def test_a_lesson_runs_before_a_network_is_open(window, fake, qtbot):
    window.enter(LEARN)
    window.app.choice.choose("convolution")
    qtbot.waitUntil(lambda: window.stage.center.run is not None)
    assert fake.last("result").method == "convolution"
    assert fake.last("result").model == ModelRequest(reference="")
    assert window.app.selection.model is None


def test_training_starts_before_a_network_is_open(window, fake):
    window.enter(TRAIN)
    window.app.choice.choose("train_network")
    window.app.runs.run()
    assert fake.last("result").method == "train_network"


def test_it_is_not_asked_anew_when_a_network_opens(window, fake, qtbot):
    window.enter(LEARN)
    window.app.choice.choose("convolution")
    qtbot.waitUntil(lambda: window.stage.center.run is not None)
    shown = window.stage.center.run
    asked = len([place for place, _ in fake.asked if place == "result"])
    window.app.open_model("fake:net")
    assert window.app.selection.model is not None
    assert len([place for place, _ in fake.asked if place == "result"]) == asked
    assert window.stage.center.run is shown


@pytest.mark.usefixtures("window")
def test_a_recipe_that_names_no_network_opens_none(window, fake):
    recipe = Recipe(
        method="gradient_descent",
        values={},
        model="",
        model_sha256="",
        preprocess=Preprocess(),
    )
    saved = Saved("descent.json", recipe, ModelRequest(reference=""), None, ())
    window.app.restoring.restore(saved)
    assert window.app.choice.method.name == "gradient_descent"
    assert window.workspace is LEARN
    assert "models" not in [place for place, _ in fake.asked]
