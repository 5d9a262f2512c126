"""The Imagine workspace: going, waiting, scrubbing, steering, forking, films.

Truth: the house's rules for recordings.  Most of it with a bridge that is in the
test's hands; the last one with the real engine and real files.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog

from nnviz.base.documents.dropped import Saved
from nnviz.base.documents.recordings import (
    OpenedRecording,
    RecordedFrame,
    RecordingEntry,
    RecordingState,
    VideoExport,
)
from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Done, Failed, Partial, Progress
from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Kind
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import ModelRequest, RecordingStep
from nnviz.base.results import ColorImage, Report
from nnviz.gui.services.methods.runner import RESULT
from nnviz.gui.workspaces.imagine.workspace import IMAGINE
from nnviz.gui.workspaces.inspect.workspace import INSPECT
from nnviz.gui.workspaces.style.workspace import STYLE
from nnviz.gui.workspaces.train.workspace import TRAIN

METHOD = "activation_maximization"


def recording(folder, steps=20, **fields):
    recipe = Recipe(
        method=METHOD,
        values=fields.pop("values", {}),
        model="fake:net",
        model_sha256="0" * 64,
        preprocess=Preprocess(),
        changes=fields.pop("changes", ()),
    )
    numbers = tuple({"objective": float(step)} for step in range(steps))
    fields = {"frames": tuple(range(0, steps, 2)), "total": 40} | fields
    return RecordingState(folder=folder, recipe=recipe, numbers=numbers, **fields)


def picture(value):
    return Report({"picture": ColorImage(pixels=np.full((4, 4, 3), value, np.float32))})


def value_shown(window):
    report = window.app.display.state.content.report
    return round(float(report.main.pixels.mean()), 2)


@pytest.fixture
def imagine(opened, fake, qtbot):
    """The window in the workspace, a run begun that the test goes on with."""
    fake.held.add(RESULT)
    opened.enter(IMAGINE)
    opened.app.choice.choose(METHOD)
    qtbot.wait(20)
    opened.app.runs.run()
    return opened


def tell(window, fake, step, total=40):
    """Let the run make a step, and let the window look into the folder."""
    fake.tell(RESULT, Progress(step + 1, total, f"step {step}"))
    fake.tell(RESULT, Partial(picture(step / 100), step))
    folder = window.app.timeline.folder
    told(window, fake, recording(folder, step + 1))


def told(window, fake, found):
    """Let the window look into the folder."""
    window.app.timeline._read()
    fake.files.recordings.tell("read", Done(found))


def answer_frame(fake):
    """Read the frame that was asked for last, and give it."""
    recordings = fake.files.recordings
    *_, (_, folder, step, _) = [each for each in recordings.asked if each[0] == "frame"]
    pixels = np.full((4, 4, 3), 100 + step, np.uint8)
    recordings.tell("frame", Done(RecordedFrame(folder, step, pixels)))
    return step


def test_a_run_is_recorded_where_the_settings_say(imagine, fake, settings):
    request = fake.last(RESULT)
    assert request.method == METHOD
    assert request.recording.startswith(settings.recordings)
    assert request.recording.endswith(METHOD)
    assert imagine.app.timeline.folder == request.recording
    assert imagine.stage.center.timeline.isVisible()


def test_the_run_is_followed_and_can_wait(imagine, fake):
    tell(imagine, fake, 8)
    timeline, panel = imagine.app.timeline, imagine.stage.center.timeline
    assert value_shown(imagine) == 0.08
    assert panel.words.text() == "9 of 40 · 8"
    panel.go.click()
    assert fake.asked[-1] == (RESULT, "pause")
    assert timeline.paused
    assert "Continue" in panel.go.toolTip()
    panel.step.click()
    assert fake.asked[-1] == (RESULT, "step")
    panel.go.click()
    assert fake.asked[-1] == (RESULT, "go on")
    assert not timeline.paused


def test_a_second_run_is_read_as_rarely_as_the_first(imagine, fake, qtbot):
    """Truth: one read in 400 ms, however many steps a run takes in them."""
    folder = imagine.app.timeline.folder
    fake.tell(RESULT, Partial(picture(0.5), 0))
    fake.tell(RESULT, Done(Run(picture(0.5), recording(folder).recipe, None)))
    qtbot.wait(20)
    imagine.app.runs.run()
    asked = fake.files.recordings.asked
    before = len([each for each in asked if each[0] == "read"])
    for step in range(5):
        fake.tell(RESULT, Partial(picture(0.5), step))
        qtbot.wait(10)
    assert len([each for each in asked if each[0] == "read"]) == before


def test_a_step_that_measured_nothing_names_no_figure(imagine, fake):
    """As an attack's last one, where the file is tested."""
    tell(imagine, fake, 8)
    timeline = imagine.app.timeline
    measured = recording(timeline.folder, 9)
    last = replace(measured, numbers=(*measured.numbers[:-1], {}))
    told(imagine, fake, last)
    assert imagine.stage.center.timeline.words.text() == "9 of 40"


def test_the_end_of_a_run_is_reached(imagine, fake):
    """The last step is on disk and was not reported by itself."""
    tell(imagine, fake, 38)
    timeline = imagine.app.timeline
    finished = recording(timeline.folder, 40, finished=True)
    told(imagine, fake, finished)
    assert imagine.stage.center.timeline.words.text() == "40 of 40 · 39"


def test_scrubbing_shows_the_nearest_frame_while_the_run_goes_on(imagine, fake, qtbot):
    tell(imagine, fake, 19)
    timeline, bar = imagine.app.timeline, imagine.stage.center.timeline.bar
    half = QPoint(round(bar._x(6)), 20)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=half)
    assert timeline.step == 6
    assert timeline.holds
    assert answer_frame(fake) == 6
    assert value_shown(imagine) == round(106 / 255, 2)
    tell(imagine, fake, 20)
    assert value_shown(imagine) == round(106 / 255, 2)
    bar.setFocus()
    qtbot.keyClick(bar, Qt.Key.Key_Left)
    assert timeline.step == 4
    timeline.seek(10_000)
    assert timeline.following
    tell(imagine, fake, 21)
    assert value_shown(imagine) == 0.21


def test_frames_are_read_one_at_a_time_and_the_last_wish_wins(imagine, fake):
    tell(imagine, fake, 19)
    timeline = imagine.app.timeline
    before = len(fake.files.recordings.asked)
    for step in (2, 4, 6, 8):
        timeline.seek(step)
    assert [asked[2] for asked in fake.files.recordings.asked[before:]] == [2]
    answer_frame(fake)
    assert [asked[2] for asked in fake.files.recordings.asked[before:]] == [2, 8]


def test_a_slider_steers_the_run_and_the_timeline_marks_it(imagine, fake):
    choice = imagine.app.choice
    name = next(p.name for p in choice.method.parameters if p.name == "learning_rate")
    choice.set_values({**choice.values, name: 0.2})
    assert fake.asked[-1] == (RESULT, {name: 0.2})
    timeline = imagine.app.timeline
    changes = ((5, {name: 0.2}),)
    told(imagine, fake, recording(timeline.folder, changes=changes))
    marks = imagine.stage.center.timeline._steps().marks
    assert marks == {4: "learning rate = 0.2"}


def test_a_stopped_run_is_resumed_and_a_step_is_forked(imagine, fake):
    tell(imagine, fake, 19)
    timeline, panel = imagine.app.timeline, imagine.stage.center.timeline
    folder = timeline.folder
    imagine.app.stop()
    assert panel.fork.text() == "Resume"
    panel.fork.click()
    request = fake.last(RESULT)
    assert request.begin == RecordingStep(folder)
    assert request.recording == folder
    imagine.app.stop()
    timeline.seek(6)
    assert panel.fork.text() == "Continue from here"
    panel.fork.click()
    request = fake.last(RESULT)
    assert request.begin == RecordingStep(folder, 6)
    assert request.recording not in ("", folder)
    steerable = {p.name for p in imagine.app.choice.method.parameters if p.steerable}
    assert set(request.values) == steerable


def test_a_resumed_run_that_is_stopped_tells_all_that_it_computes_with(imagine, fake):
    """Its request carries the steerable values alone; what is saved is all of them."""
    name = next(
        p.name
        for p in imagine.app.choice.method.parameters
        if not p.steerable and p.kind is Kind.INTEGER
    )
    wanted = int(imagine.app.choice.values[name]) + 1
    imagine.app.choice.adjust({name: wanted})
    tell(imagine, fake, 19)
    folder = imagine.app.timeline.folder
    told(imagine, fake, recording(folder, 20, values={name: wanted}))
    imagine.app.stop()
    imagine.stage.center.timeline.fork.click()
    assert name not in fake.last(RESULT).values
    current = imagine.app.runs.current
    current.report = Report({})
    assert current.so_far().recipe.values[name] == wanted
    imagine.app.stop()


def test_a_fork_names_the_folder_of_which_the_recording_knows_the_name(imagine, fake):
    """The form has its path."""
    imagine.app.choice.adjust({"image_folder": "/photos/cats"})
    tell(imagine, fake, 9)
    timeline, panel = imagine.app.timeline, imagine.stage.center.timeline
    told(imagine, fake, recording(timeline.folder, 10, values={"image_folder": "cats"}))
    imagine.app.stop()
    timeline.seek(6)
    panel.fork.click()
    assert fake.last(RESULT).values["image_folder"] == "/photos/cats"
    assert imagine.app.choice.values["image_folder"] == "/photos/cats"
    imagine.app.stop()


def test_a_recording_is_played(imagine, fake, qtbot):
    tell(imagine, fake, 7)
    imagine.app.stop()
    timeline = imagine.app.timeline
    timeline.seek(0)
    answer_frame(fake)
    timeline.toggle()
    assert timeline.playing
    seen = []
    while timeline.playing and len(seen) < 20:
        qtbot.wait(80)
        if timeline._asked is not None:
            seen.append(answer_frame(fake))
    assert seen == [2, 4, 6]


def test_a_recording_of_the_list_is_opened_with_all_it_was_made_with(imagine, fake):
    imagine.app.stop()
    entries = tuple(
        RecordingEntry(
            f"/recordings/{name}", name, method, 9, 40, False, 1e9, None, trouble
        )
        for name, method, trouble in (
            ("good", METHOD, ""),
            ("another workspace's", "activations", ""),
            ("bad", "", "it is damaged"),
        )
    )
    fake.files.recordings.tell("list", Done(entries))
    rows = imagine.stage.recordings.list
    assert rows.item(0).text().startswith("Activation maximization · good\n9 of 40 · ")
    assert rows.item(1).text() == "bad\ndamaged"
    assert rows.count() == 2
    rows.itemClicked.emit(rows.item(0))
    assert fake.files.recordings.asked[-1] == ("open", "/recordings/good")
    imagine.enter(INSPECT)
    assert rows.count() == 2
    assert fake.files.recordings.asked[-1] == ("open", "/recordings/good")
    found = recording("/recordings/good", values={"learning_rate": 0.5})
    model = ModelRequest(reference="fake:net")
    saved = Saved("recipe.json", found.recipe, model, None, ())
    fake.files.recordings.tell("open", Done(OpenedRecording(found, saved)))
    assert imagine.workspace is IMAGINE
    assert imagine.app.choice.method.name == METHOD
    assert imagine.app.choice.values["learning_rate"] == 0.5
    assert imagine.app.timeline.step == 19
    assert answer_frame(fake) == 18
    assert not imagine.stage.center.result._veil.isVisible()


def test_deleting_can_be_undone_and_errors_are_said(imagine, fake):
    notices = []
    imagine.app.messages.noticed.connect(notices.append)
    imagine.app.stop()
    imagine.app.recordings.put_away("/recordings/a")
    assert fake.files.recordings.asked[-1] == ("put_away", "/recordings/a")
    notices[-1].remedies[0].act()
    assert fake.files.recordings.asked[-1] == ("bring_back", "/recordings/.a.deleted")
    error = ErrorRecord(ErrorKind.USER, "recipe.json: contains no nnviz recipe", "")
    imagine.app.timeline.open("/recordings/damaged")
    fake.files.recordings.tell("open", Failed(error))
    assert "contains no nnviz recipe" in notices[-1].text


def test_deleting_an_exported_recording_stops_the_export_and_keeps_undo(imagine, fake):
    """The failed export's error took the place of the notice with Undo."""
    imagine.app.stop()
    recordings, notices = imagine.app.recordings, []
    recordings.export(VideoExport(folder="/recordings/a", out="/films/a.mp4"))
    assert recordings.exporting
    imagine.app.messages.noticed.connect(notices.append)
    recordings.put_away("/recordings/a")
    assert not recordings.exporting
    recordings.export(VideoExport(folder="/recordings/b", out="/films/b.mp4"))
    words = "/films/b.mp4: cannot be written; name another file"
    fake.files.recordings.tell("export", Failed(ErrorRecord(ErrorKind.USER, words, "")))
    undo, failed = notices
    assert undo.remedies
    assert failed.topic != undo.topic  # one notice a topic is shown


def test_a_film_is_asked_for_and_can_be_stopped(imagine, fake, monkeypatch, tmp_path):
    tell(imagine, fake, 19)
    imagine.app.stop()
    panel = imagine.stage.center.timeline
    answer = str(tmp_path / "dream"), "Animation (*.gif)"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
    panel.film.click()
    name, request = fake.files.recordings.asked[-1]
    folder = imagine.app.timeline.folder
    assert name == "export"
    assert request == VideoExport(folder=folder, out=f"{tmp_path}/dream.gif")
    fake.files.recordings.tell("export", Progress(3, 12, ""))
    assert panel.film.text() == "stop (25 %)"
    panel.film.click()
    assert not imagine.app.recordings.exporting
    assert panel.film.text() == ""


@pytest.mark.parametrize(
    ("typed", "kind", "out"),
    [
        ("a.gif", "Video (*.mp4)", "a.gif"),
        ("a.MP4", "Animation (*.gif)", "a.MP4"),
        ("resnet50.v2", "Video (*.mp4)", "resnet50.v2.mp4"),
        ("frames", "Folder of images (*)", "frames"),
    ],
)
def test_a_typed_kind_of_video_wins(imagine, fake, monkeypatch, typed, kind, out):
    """Truth: by hand; the proposed name is the recording's own."""
    tell(imagine, fake, 19)
    imagine.app.stop()
    asked = []

    def answer(_parent, _title, start, _patterns):
        asked.append(Path(start).name)
        return f"/films/{typed}", kind

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    imagine.stage.center.timeline.film.click()
    request = fake.files.recordings.asked[-1][1]
    assert request.out == f"/films/{out}"
    assert asked == [imagine.app.timeline.recording.recipe.file_stem]


def test_the_end_of_a_run_is_shown_with_another_code_at_once(opened, fake):
    """Truth: the request that goes on in the same folder, where the run has ended."""
    fake.held.add(RESULT)
    opened.enter(TRAIN)
    choice, timeline = opened.app.choice, opened.app.timeline
    choice.choose("train_autoencoder", {"code": 2})
    opened.app.runs.run()
    folder = timeline.folder
    found = recording(folder, 4, values=choice.values, finished=True, total=4)
    found = replace(found, recipe=replace(found.recipe, method="train_autoencoder"))
    fake.tell(RESULT, Done(Run(picture(0.5), found.recipe, None)))
    told(opened, fake, found)
    choice.adjust({"x": 1.5})
    request = fake.last(RESULT)
    assert (request.begin, request.recording) == (RecordingStep(folder), folder)
    assert request.values["x"] == 1.5
    fake.tell(RESULT, Done(Run(picture(0.5), found.recipe, None)))
    changed = replace(found.recipe, changes=((4, {"x": 1.5}),))
    told(opened, fake, replace(found, recipe=changed))
    before = len(fake.asked)
    choice.adjust({"learning_rate": 0.01})
    assert len(fake.asked) == before


def test_another_method_lets_go_of_the_recording(imagine, fake, qtbot):
    tell(imagine, fake, 5)
    imagine.enter(INSPECT)
    qtbot.waitUntil(lambda: imagine.app.timeline.recording is None)
    assert not imagine.stage.center.timeline.isVisible()


def test_a_workspace_takes_its_recording_back_at_the_step_it_was_left(imagine, fake):
    tell(imagine, fake, 19)
    timeline, panel = imagine.app.timeline, imagine.stage.center.timeline
    folder = timeline.folder
    imagine.app.stop()
    timeline.seek(6)
    answer_frame(fake)
    imagine.enter(INSPECT)
    assert timeline.recording is None
    imagine.enter(IMAGINE)
    assert timeline.folder == folder
    fake.files.recordings.tell("read", Done(recording(folder)))
    assert timeline.step == 6
    assert panel.words.text() == "7 of 40 · 6"
    assert panel.fork.isEnabled()


def test_a_run_that_goes_on_is_followed_when_one_returns(imagine, fake):
    tell(imagine, fake, 9)
    folder = imagine.app.timeline.folder
    imagine.enter(INSPECT)
    imagine.enter(IMAGINE)
    tell(imagine, fake, 10)
    assert imagine.app.timeline.folder == folder
    assert imagine.app.timeline.step == 10
    imagine.enter(INSPECT)
    fake.tell(RESULT, Done(Run(picture(0.5), recording(folder).recipe, None)))
    imagine.enter(IMAGINE)
    fake.files.recordings.tell("read", Done(recording(folder, 40, finished=True)))
    assert imagine.stage.center.timeline.words.text() == "40 of 40 · 39"


def test_a_recording_of_the_list_is_taken_back_too(imagine, fake):
    imagine.app.stop()
    found = recording("/recordings/good")
    model = ModelRequest(reference="fake:net")
    saved = Saved("recipe.json", found.recipe, model, None, ())
    imagine.app.timeline.open("/recordings/good")
    fake.files.recordings.tell("open", Done(OpenedRecording(found, saved)))
    imagine.enter(INSPECT)
    imagine.enter(STYLE)
    assert not imagine.app.timeline.folder
    imagine.enter(IMAGINE)
    assert imagine.app.timeline.folder == "/recordings/good"
    imagine.enter(INSPECT)
    imagine.app.recordings.put_away("/recordings/good")
    imagine.enter(IMAGINE)
    assert imagine.app.timeline.folder != "/recordings/good"


def test_a_run_that_just_began_is_not_followed_into_another_workspace(imagine):
    """Truth: nothing of it was read when the workspace changed; steps come later."""
    assert imagine.app.timeline.recording is None
    assert imagine.app.timeline.folder
    imagine.enter(STYLE)
    assert not imagine.app.timeline.folder
    assert imagine.app.timeline.step == -1


def test_a_new_run_takes_back_what_was_said_of_the_last(imagine, qtbot):
    """Truth: by hand; the words stood beside the progress of the next run."""
    bench, said = imagine.app, imagine.status.message
    bench.stop()
    qtbot.waitUntil(lambda: said.text().startswith("stopped"))
    bench.runs.run()
    qtbot.waitUntil(lambda: not said.text().startswith("stopped"))


def test_a_recorded_method_never_runs_by_itself(imagine):
    info = imagine.app.choice.method
    assert isinstance(info, MethodInfo)
    assert info.recorded
    quickness = imagine.app.runs._quickness
    for _ in range(2):
        quickness.learn(info.name, "fake:net", 0.01)
    assert not quickness.runs_by_itself(info, imagine.app.selection.model)
    assert quickness.runs_by_itself(
        replace(info, recorded=False), imagine.app.selection.model
    )


def test_a_click_on_the_photograph_says_where_to_look(opened, fake, qtbot):
    """Truth: the place as shares of the photograph's sides, down and across."""
    opened.enter(IMAGINE)
    opened.app.choice.choose("semantic_dictionary")
    height, width = opened.app.selection.image.size
    opened.stage.center.photo.canvas.clicked.emit(0.25 * height, 0.75 * width)
    shown = opened.stage.method.form.values()
    assert (shown["y"], shown["x"]) == (0.25, 0.75)
    opened.app.runs.run()
    qtbot.waitUntil(lambda: fake.last("result").values["x"] == 0.75)


def test_a_result_of_the_tray_is_the_end_of_its_recording_or_of_none(imagine, fake):
    """Truth: what is shown is what the timeline tells of."""
    tell(imagine, fake, 19)
    timeline, panel = imagine.app.timeline, imagine.stage.center.timeline
    made = recording(timeline.folder, 40, finished=True)
    end = Run(picture(0.5), made.recipe, None)
    fake.tell(RESULT, Done(end))
    told(imagine, fake, made)
    timeline.seek(6)
    assert panel.words.text() == "7 of 40 · 6"
    imagine.app.runs.bring_back(end)
    assert panel.words.text() == "40 of 40 · 39"
    assert value_shown(imagine) == 0.5
    other = replace(made.recipe, seed=7)
    imagine.app.runs.bring_back(Run(picture(0.3), other, None))
    assert value_shown(imagine) == 0.3
    assert timeline.recording is None
    assert "Press Run" in panel.words.text()


def test_a_recording_of_which_nothing_is_shown_is_not_taken_back(imagine, fake):
    """As after another network has replaced the workspace's picture."""
    tell(imagine, fake, 19)
    made = recording(imagine.app.timeline.folder, 40, finished=True)
    fake.tell(RESULT, Done(Run(picture(0.5), made.recipe, None)))
    told(imagine, fake, made)
    imagine.enter(INSPECT)
    imagine.app.display._contents.pop(IMAGINE.name)
    imagine.enter(IMAGINE)
    fake.files.recordings.tell("read", Done(made))
    assert imagine.app.display.run is None
    assert not imagine.app.timeline.folder


def test_a_blend_with_the_image_ends_with_its_recording(imagine, fake):
    """Truth: a run shows what it made; an attack's image would be none otherwise."""
    tell(imagine, fake, 19)
    imagine.app.timeline.set_blend(0.5)
    imagine.app.runs.run()
    assert imagine.app.timeline.blend == 0
    tell(imagine, fake, 1)
    assert value_shown(imagine) == 0.01


def test_a_run_of_another_image_is_not_told_of_beside_this_one(imagine, fake):
    """Truth: the run goes on behind; its steps are not those of what is shown."""
    imagine.app.choice.choose("deep_dream")
    imagine.app.runs.run()
    timeline, panel = imagine.app.timeline, imagine.stage.center.timeline
    folder, cat = timeline.folder, imagine.app.selection.image
    fake.tell(RESULT, Partial(picture(0.04), 4))
    assert timeline.step == 4
    imagine.app.selection.set_image(replace(cat, sha256="1" * 64, name="dog.png"))
    assert not timeline.folder
    assert "Press Run" in panel.words.text()
    fake.tell(RESULT, Partial(picture(0.05), 5))
    assert timeline.step == -1
    imagine.app.selection.set_image(cat)
    assert timeline.folder == folder
