"""Setup of the open network: what is chosen there is what is asked for.

Truth: the fields of ``ModelRequest`` and ``ModelInfo``, filled by hand.
"""

import dataclasses

import pytest
from PySide6.QtWidgets import QPushButton

from nnviz.base.info import ModelSource, PreprocessCandidate, Task
from nnviz.base.preprocess import PRESETS, Preprocess
from nnviz.base.requests import LoadModel, ModelRequest
from nnviz.gui.panels.browser import model_setup


@pytest.fixture
def setup(opened, monkeypatch, tmp_path):
    """The panel of a file with two outputs that regresses."""
    bench = opened.app
    weights = tmp_path / "age.pt"
    info = dataclasses.replace(
        bench.selection.model,
        reference=str(weights),
        source=ModelSource.YOURS,
        task=Task.REGRESS,
        output="age",
        outputs=("age", "pose"),
    )
    bridge_outcome = bench.bridge.outcome

    def outcome(request):
        done = bridge_outcome(request)
        if (
            not isinstance(request, LoadModel)
            or request.model.reference != info.reference
        ):
            return done
        model = request.model
        answer = dataclasses.replace(
            info,
            task=Task(model.task or "regress"),
            output=model.outputs or "age",
            unit=model.unit,
            preprocess=model.preprocess or Preprocess(),
            candidates=(
                PreprocessCandidate("Caffe", PRESETS["Caffe (BGR, 0 to 255)"], 0.4),
                PreprocessCandidate("as chosen", Preprocess(), 9.0),
            ),
        )
        return dataclasses.replace(done, value=answer)

    monkeypatch.setattr(bench.bridge, "outcome", outcome)
    bench.open_model(str(weights))
    return opened.stage.setup


def choose(box, data):
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def asked(window) -> ModelRequest:
    return window.app.bridge.last("model").model


def test_output_task_and_unit_are_asked_for(opened, setup):
    assert setup.output.currentData() == "age"
    choose(setup.output, "pose")
    setup.unit.setText("mm")
    setup.unit.editingFinished.emit()
    request = asked(opened)
    assert (request.task, request.outputs, request.unit) == ("", "pose", "mm")
    choose(setup.task, "embed")
    assert asked(opened).task == "embed"
    assert setup.task.currentData() == "embed"
    assert not setup.unit.isVisibleTo(setup)


def test_a_ranked_preprocessing_is_used(opened, setup):
    lines = setup.candidates.findChildren(QPushButton)
    assert [line.text() for line in lines] == ["Use", "In use"]
    lines[0].click()
    assert asked(opened).preprocess == PRESETS["Caffe (BGR, 0 to 255)"]


def test_class_names_come_from_a_file_and_go(opened, setup, monkeypatch):
    monkeypatch.setattr(model_setup, "ask_labels", lambda *_: "/names.txt")
    setup.ask_labels()
    assert asked(opened).labels == "/names.txt"
    assert setup.labels.text() == "names.txt"
    setup.own_labels.click()
    assert asked(opened).labels == ""


def test_it_is_saved_beside_the_weights_of_a_file_alone(opened, setup):
    choose(setup.task, "embed")
    setup.save.click()
    _, info, request = opened.app.bridge.files.results.asked[-1]
    assert (info.reference, request.task) == (request.reference, "embed")
    opened.app.open_model("bundled:digits")
    assert not setup.save.isEnabled()


def test_a_refused_setup_goes_back(opened, setup, monkeypatch):
    """Truth: the network stays as it was, so its form shows what it was."""
    before = opened.app.bridge.outcome
    missing = LoadModel(ModelRequest(reference="missing"))

    def outcome(request):
        return before(missing if isinstance(request, LoadModel) else request)

    monkeypatch.setattr(opened.app.bridge, "outcome", outcome)
    choose(setup.task, "detect")
    assert setup.task.currentText() == "Regression"


def test_presets_change_the_colors_alone(opened):
    """Truth: the preset's own numbers; size and fit are each network's own."""
    form = opened.stage.preprocess.form
    before = form.value()
    choose(form.preset, "-1 to 1")
    after = form.value()
    assert (after.mean, after.std) == ((0.5,) * 3, (0.5,) * 3)
    assert (after.input_size, after.fit) == (before.input_size, before.fit)
    assert form.preset.currentText() == "-1 to 1"
    form.reset()
    assert form.value() == before
