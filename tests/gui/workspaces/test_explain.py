"""The Explain workspace: one target everywhere, methods that run by themselves."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from nnviz.base.events import Done
from nnviz.base.info import Task
from nnviz.base.parameters import Kind
from nnviz.base.results import Heatmap, Report
from nnviz.gui.shell.main_window import EXPLAIN, INSPECT
from nnviz.gui.state.parameter_values import SelectionSync


@pytest.fixture
def explaining(opened, fake, qtbot):
    """The window in Explain, with a network and a photograph; maps are answered."""
    plain = fake.outcome

    def outcome(request):
        done = plain(request)
        if getattr(request, "method", "predictions") in ("predictions", "activations"):
            return done
        return Done(with_map(done.value), seconds=fake.seconds)

    fake.seconds, fake.outcome = 0.05, outcome
    opened.enter(EXPLAIN)
    qtbot.waitUntil(lambda: asked(fake).method == "grad_cam")
    return opened


def with_map(run):
    """Return a run whose result is a map of what it was asked for."""
    shift = len(run.recipe.method)
    heat = Heatmap(
        values=np.arange(16, dtype=np.float32).reshape(4, 4) + shift,
        signed=False,
        unit="logit",
        frame=None,
        placement=None,
    )
    return replace(run, report=Report({"map": heat}, ("logit of cat, 4.8",)))


def asked(fake):
    return fake.last("result")


def target_line(window):
    form = window.stage.method.form
    return form.row("target").control.field()


def test_the_workspace_offers_what_explains(explaining):
    """Truth: the catalogue's group."""
    offered = explaining.app.choice.offered()
    assert {info.group for info in offered} == {"Explain"}
    assert explaining.stage.method.choice.currentText() == "Grad-CAM"
    assert len(offered) > 10


def test_a_class_that_is_clicked_is_asked_about(explaining, fake, qtbot):
    """Truth: the fake predicts cat, then dog; the second row is dog."""
    bars = explaining.stage.prediction.bars
    second = bars.rect().center()
    second.setY(bars._row_height() + 4)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=second)
    assert explaining.app.selection.target == "dog"
    assert target_line(explaining).text() == "dog"
    qtbot.waitUntil(lambda: asked(fake).values["target"] == "dog")


def test_the_target_goes_from_method_to_method(explaining, fake, qtbot):
    """Truth: one selection: what the form of one says, the next is asked."""
    form = explaining.stage.method.form
    form.changed.emit(form.values() | {"target": "cat - dog"})
    assert explaining.app.selection.target == "cat - dog"
    explaining.app.choice.choose("saliency")
    qtbot.waitUntil(lambda: asked(fake).method == "saliency")
    assert asked(fake).values["target"] == "cat - dog"
    assert target_line(explaining).text() == "cat - dog"


def test_another_network_forgets_a_target_it_has_not(explaining, qtbot):
    """Truth: the fake network has no class zebra; every fake knows cat."""
    selection = explaining.app.selection
    for target, kept in (("cat", "cat"), ("stem:1", "stem:1"), ("zebra", "")):
        selection.set_target(target)
        explaining.app.open_model(f"other:{target}")
        qtbot.waitUntil(lambda t=target: selection.model.reference == f"other:{t}")
        assert selection.target == kept


def test_a_channel_is_explained(opened, fake, qtbot):
    """Truth: the notation of targets, layer:channel."""
    opened.app.selection.set_layer("stem.conv")
    opened.app.selection.set_unit(2)
    opened.commands["go.explain_unit"].trigger()
    assert opened.workspace is EXPLAIN
    qtbot.waitUntil(lambda: asked(fake).method == "grad_cam")
    assert asked(fake).values["target"] == "stem.conv:2"


def test_a_channel_is_explained_at_a_layer_before_it(explaining, fake):
    """Truth: the order of the fake network; what lies behind has no influence."""
    selection, choice = explaining.app.selection, explaining.app.choice
    choice.set_values(choice.values | {"layer": "stem.relu"})
    selection.set_target("stem.relu:2")
    assert asked(fake).values["target"] == "stem.relu:2"
    assert asked(fake).values["layer"] == ""


@pytest.mark.parametrize(
    ("held", "kept"), [("head", ""), ("stem", ""), ("stem.conv", "stem.conv")]
)
def test_a_layer_before_the_channel_is_kept(explaining, held, kept):
    values = {"layer": held, "target": "stem.relu:2"}
    method = explaining.app.choice.method
    SelectionSync(explaining.app.selection).fit_layer(method, values)
    assert values["layer"] == kept


def test_without_a_channel_it_says_what_to_do(opened):
    opened.app.selection.set_layer("stem.conv")
    said = []
    opened.app.messages.said.connect(said.append)
    opened.commands["go.explain_unit"].trigger()
    assert opened.workspace is INSPECT
    assert "click" in said[-1]


def test_a_box_that_is_clicked_is_asked_about(explaining):
    """Truth: what views of boxes emit."""
    explaining.stage.center.result.target_chosen.emit("box:1")
    assert explaining.app.selection.target == "box:1"


def test_a_slow_method_waits_for_the_button(explaining, fake, qtbot):
    """Truth: integrated gradients cannot follow a camera, so it is not run unasked."""
    panel = explaining.stage.method
    before = len(fake.asked)
    explaining.app.choice.choose("integrated_gradients")
    qtbot.wait(30)
    assert not [r for _, r in fake.asked[before:] if r.method != "predictions"]
    assert not panel.run.isHidden()
    fake.seconds = 3.2
    qtbot.mouseClick(panel.run, Qt.MouseButton.LeftButton)
    assert panel._state.text() == "took 3.2 s"
    assert not panel.run.isHidden()


def test_a_method_that_proves_quick_runs_by_itself(explaining, fake, qtbot):
    """Truth: the limit of 0.4 s."""
    runs = explaining.app.runs
    explaining.app.choice.choose("integrated_gradients")
    fake.seconds = 0.39
    runs.run()
    assert runs.automatic
    assert explaining.stage.method.run.isHidden()
    assert "updates automatically" in explaining.stage.method._state.text()
    choice = explaining.app.choice
    choice.set_values(choice.values | {"steps": 7})
    qtbot.waitUntil(lambda: asked(fake).values.get("steps") == 7)


def test_a_quick_method_that_proves_slow_asks_first(explaining, fake):
    """Truth: twice slower than the limit; once may be the first, cold run."""
    runs = explaining.app.runs
    fake.seconds = 0.9
    runs.run()
    assert runs.automatic  # the run on entering took 50 ms
    runs.run()
    assert not runs.automatic


def test_a_method_keeps_the_layer_that_it_chose_itself(explaining, fake):
    """Truth: Inspect looked at the stem; a class activation map wants the last map."""
    assert explaining.app.selection.layer == "stem"
    assert asked(fake).values["layer"] == ""


def test_every_explaining_method_that_can_be_asked_has_one_target(explaining):
    """Truth: the declarations: the selection's target fills at most one parameter."""
    for info in explaining.app.choice.offered():
        kinds = [p.kind for p in info.parameters]
        assert kinds.count(Kind.TARGET) <= 1, info.name


def test_two_results_are_compared(explaining, qtbot):
    """Truth: the two newest results of the session, by their methods' names."""
    explaining.app.choice.choose("saliency")
    qtbot.waitUntil(lambda: len(explaining.app.runs.history.runs) >= 3)
    explaining.commands["view.compare"].trigger()
    center = explaining.stage.center
    assert center.mode == "compare"
    names = [choice.currentText() for choice in center.compare.choices]
    assert names[0].startswith("Grad-CAM")
    assert names[1].startswith("Saliency")
    assert "cat.png" not in names[0]  # one photograph: it tells nothing apart
    first, second = center.compare.pair()
    center.compare.swap()
    assert center.compare.pair() == (second, first)
    explaining.app.runs.bring_back(first)
    assert center.mode == "result"


def test_results_that_are_chosen_in_the_tray_are_compared(explaining, qtbot):
    """Truth: those chosen, not the newest."""
    for name in ("saliency", "layer_cam"):
        explaining.app.choice.choose(name)
        qtbot.waitUntil(
            lambda n=name: explaining.app.runs.history.runs[0].recipe.method == n
        )
    tray = explaining.stage.results
    for place in (0, 2):
        tray.list.item(place).setSelected(True)
    explaining.commands["view.compare"].trigger()
    first, second = explaining.stage.center.compare.pair()
    assert (first.recipe.method, second.recipe.method) == ("grad_cam", "layer_cam")


def test_two_items_put_together_are_compared(explaining, qtbot):
    """Truth: what the tray's list says when one item is dropped on another."""
    explaining.app.choice.choose("saliency")
    qtbot.waitUntil(lambda: len(explaining.app.runs.history.runs) >= 3)
    items = explaining.stage.results.list
    items.put_together.emit(items.item(0), items.item(1))
    first, second = explaining.stage.center.compare.pair()
    assert (first.recipe.method, second.recipe.method) == ("saliency", "grad_cam")


def test_another_method_may_come_with_a_layer(explaining, fake, qtbot):
    """Truth: its workspace opens, the layer is selected, and its form shows it."""
    explaining.app.selection.set_layer("stem.relu")
    explaining.app.choice.choose("filters", {"layer": "stem.conv"})
    assert explaining.workspace is INSPECT
    assert explaining.app.selection.layer == "stem.conv"
    assert explaining.stage.method.form.values()["layer"] == "stem.conv"
    qtbot.waitUntil(lambda: asked(fake).method == "filters")


def test_a_detector_begins_with_the_map_that_stays_in_the_box(explaining):
    """Truth: test_box_explanations measures 99 % for HiResCAM and 75 % for Grad-CAM.
    Until the user chooses, the method follows the kind of network; then it stays."""
    choice, selection = explaining.app.choice, explaining.app.selection
    classifier = selection.model
    detector = replace(classifier, task=Task.DETECT, sha256="1" * 64)
    selection.set_model(detector)
    assert choice.method.name == "hires_cam"
    selection.set_model(classifier)
    assert choice.method.name == "grad_cam"
    choice.choose("grad_cam")
    selection.set_model(detector)
    assert choice.method.name == "grad_cam"


def test_of_a_detector_nothing_is_predicted(explaining):
    """By hand: it gives no class to the whole image, which is said; and it is open."""
    selection = explaining.app.selection
    detector = replace(selection.model, task=Task.DETECT)
    selection.set_model(None)
    selection.set_model(detector)
    words = explaining.stage.prediction._words.text()
    assert words == "This network does not classify whole images."
    assert not explaining.stage.prediction.bars.isVisible()


def test_a_detector_s_empty_target_is_its_best_box(opened):
    """Truth: the engine's rule for an empty target, by the network's task."""
    opened.app.choice.choose("saliency")
    form = opened.stage.method.form
    field = form.row("target").control.field()
    assert field.placeholderText() == "predicted class"
    selection = opened.app.selection
    selection.set_model(replace(selection.model, task=Task.DETECT))
    assert field.placeholderText() == "best box"
