"""The list of recordings moves while one is being made."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from nnviz.base.documents.recordings import RecordingEntry
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import ColorImage, Report
from nnviz.gui.services.recording.timeline import Timeline
from nnviz.gui.shell.main_window import IMAGINE, STYLE, TRAIN


def test_steps_and_thumbnail_follow_a_run(opened, monkeypatch, qtbot):
    """Truth: 60 of 180 steps, by hand; a picture that is red."""
    bench, panel = opened.app, opened.stage.recordings
    opened.enter(IMAGINE)
    entry = RecordingEntry("/r/one", "stem", "deep_dream", steps=1, total=180)
    other = RecordingEntry("/r/two", "stem", "deep_dream", steps=7, total=180)
    bench.recordings.listed.emit((entry, other))
    monkeypatch.setattr(Timeline, "running", True)
    bench.timeline.folder, bench.timeline.newest = "/r/one", 59
    bench.timeline.changed.emit()
    texts = [panel.list.item(n).text() for n in range(2)]
    assert "60 of 180" in texts[0]
    assert "7 of 180" in texts[1]
    red = np.zeros((8, 8, 3), np.float32)
    red[..., 0] = 1
    qtbot.wait(450)
    assert panel.list.item(0).icon().isNull()
    report = Report({"dream": ColorImage(pixels=red)})
    recipe = Recipe(
        method="deep_dream",
        values={},
        model="fake:net",
        model_sha256="0" * 64,
        preprocess=Preprocess(),
    )
    bench.timeline.shown.emit(Run(report, recipe, None))
    assert red_and_green(panel) == pytest.approx((255, 0), abs=2)
    green = np.ascontiguousarray(red[..., [1, 0, 2]])
    qtbot.wait(450)
    bench.runs.reported.emit(Report({"dream": ColorImage(pixels=green)}))
    assert red_and_green(panel) == pytest.approx((0, 255), abs=2)
    assert panel.list.item(1).icon().isNull()


def red_and_green(panel):
    """Tell the color of the first recording's thumbnail."""
    color = panel.list.item(0).icon().pixmap(8, 8).toImage().pixelColor(4, 4)
    return color.red(), color.green()


def test_paintings_of_one_image_are_told_apart_by_their_styles(opened):
    """Truth: by hand; both were called "Style transfer · cat.png"."""
    opened.enter(STYLE)
    entries = [
        RecordingEntry(
            f"/r/{style}", "cat.png", "style_transfer", values={"style": path}
        )
        for style, path in (("mosaic", "mosaic"), ("wave", "/x/wave.png"))
    ]
    opened.app.recordings.listed.emit(tuple(entries))
    panel = opened.stage.recordings
    titles = [panel.list.item(n).text().split("\n")[0] for n in range(2)]
    assert [title.split(" · ")[1:] for title in titles] == [
        ["mosaic", "cat.png"],
        ["wave", "cat.png"],
    ]


def test_a_right_click_offers_to_open_copy_and_delete(opened):
    """Truth: the folder of the recording, and the texts by hand."""
    panel = opened.stage.recordings
    opened.enter(IMAGINE)
    entry = RecordingEntry("/r/one", "stem", "deep_dream", steps=7, total=180)
    opened.app.recordings.listed.emit((entry,))
    menu = panel.menu(panel.list.item(0))
    actions = {each.text(): each for each in menu.actions()}
    assert list(actions) == ["Open", "Copy path", "Delete"]
    actions["Copy path"].trigger()
    assert QApplication.clipboard().text() == "/r/one"


def test_trainings_are_told_apart_by_what_they_were_set_to(opened):
    """Truth: by hand; both were called "Watch it learn"."""
    opened.enter(TRAIN)
    panel = opened.stage.recordings
    mlp = {"network": "mlp", "epochs": 40, "batch_norm": True, "data": "digits"}
    entries = [
        RecordingEntry(f"/r/{n}", "", "train_network", steps=9, total=9, values=values)
        for n, values in enumerate(({"network": "lenet"}, mlp))
    ]
    opened.app.recordings.listed.emit(tuple(entries))
    titles = [panel.list.item(n).text().split("\n")[0] for n in range(2)]
    assert titles == [
        "Watch it learn",
        "Watch it learn · MLP · Epochs 40 · Batch norm",
    ]


def test_the_recording_on_the_timeline_is_the_one_that_is_selected(opened, fake):
    """Delete removed the one opened before, which stayed selected."""
    opened.enter(TRAIN)
    panel, timeline = opened.stage.recordings, opened.app.timeline
    entries = [RecordingEntry(f"/r/{n}", "", "train_network") for n in range(3)]
    opened.app.recordings.listed.emit(tuple(entries))
    for folder in ("/r/2", "/r/0"):
        timeline.folder = folder
        timeline.changed.emit()
    panel.remove()
    assert fake.files.recordings.asked[-1] == ("put_away", "/r/0")
    timeline.folder = "/r/new"  # a run that is not listed yet
    timeline.changed.emit()
    assert not panel.list.selectedItems()
    assert not panel.delete.isEnabled()
    opened.app.recordings.listed.emit((RecordingEntry("/r/new", "", "train_network"),))
    assert [item.text() for item in panel.list.selectedItems()]
