"""Runs belong to the user: what they leave, and what is shown and saved meanwhile.

Truth: ux.md, "A run belongs to the user, not to the workspace" and "What is saved is
what is shown"; the window's review.
"""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Done, Failed, Partial, Progress
from nnviz.base.info import ModelEntry, ModelSource, Task
from nnviz.base.requests import LoadModel
from nnviz.base.results import Heatmap, Report
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.gui.services.app_context import _suitable_network
from nnviz.gui.shell.main_window import ATTACK, EXPLAIN, IMAGINE, INSPECT, STYLE

RESULT, SLOW = "result", "integrated_gradients"


def a_map(value):
    heat = Heatmap(
        values=np.full((4, 4), value, np.float32),
        signed=False,
        unit="logit",
        frame=None,
        placement=None,
    )
    return Report({"map": heat})


@pytest.fixture
def slow(opened, fake):
    """A Grad-CAM is shown; integrated gradients are at work, 24 % of them."""
    plain = fake.outcome
    maps = {"grad_cam", SLOW, "saliency"}

    def outcome(request):
        done = plain(request)
        if getattr(request, "method", "") in maps:
            return Done(replace(done.value, report=a_map(0.0)), seconds=0.05)
        return done

    fake.outcome = outcome
    opened.enter(EXPLAIN)
    assert opened.stage.center.run.recipe.method == "grad_cam"
    fake.held.add(RESULT)
    opened.app.choice.choose(SLOW)
    opened.app.runs.run()
    fake.tell(RESULT, Partial(a_map(0.24)))
    fake.tell(RESULT, Progress(24, 100, "step 12 of 50"))
    return opened


def title(window):
    return window.stage.center.title.text()


def test_title_save_and_copy_are_of_what_is_on_the_canvas(slow, fake, tmp_path):
    """It was the method before that was named, saved and copied."""
    for act in (lambda: None, slow.app.stop):
        act()
        assert title(slow) == "Integrated gradients · cat · cat.png · Fake:Net"
        slow.app.settings.export_folder = str(tmp_path)
        slow.commands["file.save"].trigger()
        saved = fake.files.results.asked[-1][1]
        assert saved.recipe.method == SLOW
        assert saved.report.main.values[0, 0] == np.float32(0.24)
        slow.commands["edit.copy_command"].trigger()
        assert QApplication.clipboard().text().startswith(f"nnviz run {SLOW}")
    assert "stopped at 24 %" in saved.report.notes
    assert slow.stage.center.result.report is saved.report


def test_a_run_goes_on_when_the_workspace_changes(slow, fake):
    job = fake.handles[RESULT][-1]
    fake.held.clear()
    slow.enter(INSPECT)
    assert job.open
    assert title(slow).startswith("Activations")
    job.hear(Partial(a_map(0.5)))
    assert title(slow).startswith("Activations")
    job.hear(Done(fake.outcome(slow.app.runs.newest()["explain"].request).value))
    said = slow.status.message.text()
    assert (
        said
        == "Integrated gradients · cat · cat.png · Fake:Net is saved to the results"
    )
    slow.enter(EXPLAIN)
    assert title(slow).startswith("Integrated gradients")
    assert slow.app.runs.history.runs[0].recipe.method in (SLOW, "activations")


def test_the_message_of_one_workspace_does_not_stand_in_another(slow, fake):
    fake.held.clear()
    slow.app.stop()
    panel = slow.stage.method
    assert panel._state.text() == "stopped at 24 %"
    slow.enter(IMAGINE)
    assert panel._state.text() == ""
    assert panel.stop.isHidden()


@pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagate)", extend=True)
def test_all_jobs_are_listed_with_their_progress(slow):
    slow.enter(INSPECT)
    button = slow.status.jobs
    assert button.isVisible()
    assert button.text() == "1 job · 24 %"
    button.click()
    ((job, row),) = button.list.rows.items()
    assert job.title == "Integrated gradients · cat · cat.png · Fake:Net"
    assert row.bar.value() == 240
    slow.app.job_wanted.emit(job)
    assert slow.workspace is EXPLAIN
    assert slow.app.choice.method.name == SLOW
    assert job.open
    job.cancel()
    assert not button.isVisible()


def test_another_image_does_not_end_a_run(slow, fake):
    """It goes on behind, and its result is kept; the new image is shown."""
    job = fake.handles[RESULT][-1]
    slow.app.images.add(["/photos/dog.png"])
    assert job.open
    assert slow.stage.center.run is None
    assert slow.stage.center.photo.isVisible()
    asked = slow.app.runs.newest()["explain"].request
    job.hear(Done(fake.outcome(asked).value))
    assert slow.app.runs.history.runs[0].recipe.image == "cat.png"
    assert slow.stage.center.run is None


def test_a_run_that_fails_behind_says_which(slow, fake):
    job = fake.handles[RESULT][-1]
    fake.held.clear()
    slow.enter(INSPECT)
    record = ErrorRecord(ErrorKind.USER, "memory: not enough; use fewer steps", "")
    job.hear(Failed(record))
    texts = [notice.text for notice in slow.stage.center.banners.shown()]
    assert texts == ["memory: not enough; use fewer steps"]
    assert title(slow).startswith("Activations")


def test_an_error_names_the_fields_of_the_form_not_options(slow, fake):
    """The window has no options: a person looks for the field by its title."""
    words = "--steps and --unheard-of: too many; lower --steps"
    fake.handles[RESULT][-1].hear(Failed(ErrorRecord(ErrorKind.USER, words, "")))
    texts = [notice.text for notice in slow.stage.center.banners.shown()]
    assert texts == ["Steps and --unheard-of: too many; lower Steps"]


def test_a_class_of_explain_is_no_goal_of_an_attack(slow):
    """A cougar was "away from crab" before anything was attacked."""
    slow.app.selection.set_target("dog")
    slow.enter(ATTACK)
    assert slow.app.choice.values["target"] == ""
    choice = slow.app.choice
    choice.set_values(choice.values | {"target": "cat"})
    slow.enter(EXPLAIN)
    assert slow.app.choice.values["target"] == "dog"
    slow.enter(ATTACK)
    assert slow.app.choice.values["target"] == "cat"
    slow.app.selection.set_target("dog")  # clicked there
    assert slow.app.choice.values["target"] == "dog"


def test_a_class_to_be_reached_is_none_to_be_left(slow):
    """Away from goldfish, on a cat, an attack has nothing to do and reads reached."""
    slow.enter(ATTACK)
    choice = slow.app.choice
    choice.choose("pgd", {"goal": "toward", "target": "dog"})
    choice.adjust({"goal": "away"})
    assert choice.values["target"] == ""
    choice.adjust({"goal": "toward"})
    assert choice.values["target"] == "dog"
    choice.choose("fgsm")
    assert (choice.values["goal"], choice.values["target"]) == ("away", "")
    slow.enter(EXPLAIN)
    slow.app.selection.set_target("cat")
    slow.enter(ATTACK)
    choice.choose("pgd")
    assert (choice.values["goal"], choice.values["target"]) == ("toward", "dog")
    slow.enter(EXPLAIN)
    assert choice.values["target"] == "cat"


def test_results_of_one_method_are_told_apart_by_their_target(slow, fake):
    fake.held.clear()
    slow.app.stop()
    for target in ("cat", "dog"):
        slow.app.selection.set_target(target)
        slow.app.runs.run()
    texts = [slow.stage.results.list.item(n).text() for n in range(2)]
    assert texts == ["Integrated gradients · dog", "Integrated gradients · cat"]
    assert title(slow) == "Integrated gradients · dog · cat.png · Fake:Net"


def test_values_of_another_form_are_not_taken(slow):
    """A form announces 60 ms late; by then another method's may stand there."""
    choice, form = slow.app.choice, slow.stage.method.form
    late = form.values()
    choice.choose("saliency")
    before = choice.values
    form.changed.emit(late | {"steps": 3})
    assert choice.values == before
    slow.stage.method._show_values(late)  # told while methods are changed
    assert slow.stage.method.form.values() == before


def test_a_method_that_does_not_suit_the_network_says_so_and_offers_one(opened, fake):
    """Truth: the catalogue: style transfer classifies, a one-pass network repaints.

    It left an empty list of methods, and a Run that did nothing, silently.
    """
    plain = fake.outcome

    def outcome(request):
        done = plain(request)
        if isinstance(request, LoadModel) and "style" in request.model.reference:
            return Done(replace(done.value, task="repaint"))
        return done

    fake.outcome = outcome
    opened.app.open_model("bundled:style-waves")
    opened.enter(STYLE)
    offered = [info.name for info in opened.app.choice.offered()]
    assert offered == ["fast_style"]
    opened.app.choice.choose("style_transfer", {"style": "waves"})
    assert opened.app.choice.method.name == "fast_style"
    assert opened.stage.method.choice.count() == 1
    (notice,) = opened.stage.center.banners.shown()
    assert "Style transfer does not work on" in notice.text
    notice.remedies[0].act()
    assert opened.app.choice.method.name == "style_transfer"
    assert opened.app.choice.values["style"] == "waves"
    assert opened.stage.center.banners.shown() == ()


def test_the_network_that_is_offered_suits_the_method(opened):
    """Truth: a method for detectors alone works on no classifier."""
    methods = opened.app.models.catalogue.methods
    info = replace(methods[0], tasks=(Task.DETECT,))
    classifier = ModelEntry(
        reference=DEFAULT_MODEL, title="a", family="a", source=ModelSource.BUNDLED,
        parameters=1, file_size=0,
    )  # fmt: skip
    detector = replace(classifier, reference="bundled:b", task=Task.DETECT)
    abroad = replace(detector, reference="zoo:c", source=ModelSource.TORCHVISION)
    known = (abroad, detector, classifier)
    assert _suitable_network(info, known) == "bundled:b"
    info = replace(info, tasks=(Task.CLASSIFY, Task.DETECT))
    assert _suitable_network(info, known) == DEFAULT_MODEL


def test_a_prediction_that_comes_late_names_the_target(opened, fake):
    """Truth: the fake predicts cat; the map was there before."""
    fake.held.add("predictions")
    opened.app.images.add(["/photos/the-dog.png"])
    opened.enter(EXPLAIN)
    assert title(opened) == "Grad-CAM · stem · the-dog.png · Fake:Net"
    fake.tell("predictions", fake.outcome(fake.last("predictions")))
    assert title(opened) == "Grad-CAM · cat · the-dog.png · Fake:Net"
    assert opened.stage.results.list.item(0).text().startswith("Grad-CAM · cat")
