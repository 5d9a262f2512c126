"""The list of recordings moves while one is being made."""

import numpy as np
import pytest

from nnviz.base.documents.recordings import RecordingEntry
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import ColorImage, Report
from nnviz.gui.services.recording.timeline import Timeline
from nnviz.gui.shell.main_window import IMAGINE, TRAIN


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
    color = panel.list.item(0).icon().pixmap(8, 8).toImage().pixelColor(4, 4)
    assert (color.red(), color.green()) == pytest.approx((255, 0), abs=2)
    assert panel.list.item(1).icon().isNull()


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
        "Watch it learn · mlp · Epochs 40 · Batch norm",
    ]
