"""Teaching a style from the window: chosen, started, stopped, gone on with, used.

Truth: issue of the workspace (stop and resume at will; usable at once), with a bridge
that is in the test's hand; once with the real engine, which writes the files.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from skimage import data

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import EPOCH, Cancelled, Done, Failed, Progress
from nnviz.gui.services import style_training as lessons
from nnviz.gui.services.bridge import Bridge
from nnviz.gui.shell import app
from nnviz.gui.state.settings import Settings
from nnviz.gui.workspaces.style.workspace import STYLE
from nnviz.media.decode import open_image

PLACE = "lesson"


@pytest.fixture
def settings(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"files/networks": str(tmp_path / "networks")}))
    return Settings(file)


@pytest.fixture
def panel(window, fake):
    fake.held.add(PLACE)
    window.enter(STYLE)
    window.app.style_training.choose("/pictures/waves.png", "/photos/summer")
    return window.stage.rooms["style"].lesson


def learn_a_little(settings):
    """Leave what the engine leaves after an epoch."""
    folder = settings.networks
    for suffix in ("ckpt", "safetensors", "png"):
        Path(folder, f"style-waves.{suffix}").write_bytes(b"")


def test_nothing_is_learnt_before_picture_and_folder_are_chosen(window, fake):
    window.enter(STYLE)
    panel = window.stage.rooms["style"].lesson
    assert not panel.go.isEnabled()
    assert not panel.use.isEnabled()
    assert "Choose a style image" in panel.state.text()
    window.app.style_training.start()
    assert not [place for place, _ in fake.asked if place == PLACE]


def test_what_is_chosen_is_learnt_and_remembered(panel, fake, settings):
    assert panel.style_name.text() == "waves.png"
    assert panel.folder_name.text() == "summer"
    panel.go.click()
    asked = fake.last(PLACE)
    assert (asked.name, asked.style) == ("style", "/pictures/waves.png")
    assert (asked.data, asked.out) == ("/photos/summer", settings.networks)
    assert settings.lesson == ("/pictures/waves.png", "/photos/summer")


def test_says_how_long_it_takes_from_where_it_began(panel, fake, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(lessons.time, "monotonic", lambda: now[0])
    panel.go.click()
    fake.tell(PLACE, Progress(10.0, 20, "epoch 11: step 1 of 80"))
    now[0] = 160.0
    fake.tell(PLACE, Progress(12.0, 20, "epoch 13: step 1 of 80"))
    # Two epochs a minute, eight to go.
    assert panel.state.text() == "epoch 13: step 1 of 80 · 4 min left"
    assert panel.bar.value() == 600


def test_stops_goes_on_and_paints_with_what_there_is(
    panel, fake, settings, window, tmp_path
):
    (tmp_path / "networks").mkdir()
    panel.go.click()
    assert panel.go.text() == "Stop"
    learn_a_little(settings)
    fake.tell(PLACE, Progress(1, 20, "epoch 1: loss 0.4", EPOCH))
    fake.tell(PLACE, Progress(1.01, 20, "epoch 2: step 1 of 80"))
    assert panel.use.isEnabled()
    weights = f"{settings.networks}/style-waves.safetensors"
    listed = [item.data(0, 0x0100) for item in window.stage.models._rows]
    assert weights in listed
    panel.go.click()
    assert panel.go.text() == "Continue"
    assert "can be continued" in panel.state.text()
    panel.use.click()
    assert fake.last("model").model.reference == weights


def test_an_error_is_told_in_words(panel, fake, window):
    notices = []
    window.app.messages.noticed.connect(notices.append)
    panel.go.click()
    record = ErrorRecord(ErrorKind.USER, "summer: 2 images are too few; more", "")
    fake.answer(PLACE, Failed(record))
    assert notices[-1].text.startswith("summer: 2 images")
    assert not panel.bar.isVisible()


def test_another_picture_stops_the_lesson(panel, window):
    panel.go.click()
    window.app.style_training.choose(style="/pictures/stones.png")
    assert not window.app.style_training.running
    assert panel.style_name.text() == "stones.png"
    assert panel.folder_name.text() == "summer"


@pytest.mark.slow
def test_the_real_engine_learns_and_stops(qtbot, settings, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    cat = data.chelsea()
    for number in range(12):
        part = np.roll(cat, 20 * number, 1)
        PillowImage.fromarray(part).save(photos / f"{number}.png")
    PillowImage.fromarray(data.coffee()).save(tmp_path / "cup.png")
    window = app.make_window(settings)
    qtbot.addWidget(window)
    bench = window.app
    bench.attach(Bridge())
    bench.style_training.choose(str(tmp_path / "cup.png"), str(photos))
    with qtbot.waitSignal(
        bench.style_training.improved,
        timeout=400_000,
        check_params_cb=lambda pixels: pixels is not None,
    ):
        bench.style_training.start()
    bench.style_training.stop()
    qtbot.waitUntil(lambda: not bench.style_training.running, timeout=10_000)
    assert bench.style_training.begun
    with qtbot.waitSignal(bench.models.opened, timeout=60_000) as opened:
        window.stage.rooms["style"].lesson.use.click()
    assert opened.args[0].task == "repaint"
    assert open_image(Path(settings.networks, "style-cup.png")).pixels.ndim == 3
    bench.shutdown()


def test_done_and_stopped_are_said(panel, fake, window):
    said = []
    window.app.messages.said.connect(said.append)
    panel.go.click()
    fake.answer(PLACE, Cancelled())
    panel.go.click()
    fake.answer(PLACE, Done("/networks/style-waves.safetensors"))
    assert said[-2:] == [
        "training stopped; it can be continued",
        "/networks/style-waves.safetensors has been trained",
    ]
