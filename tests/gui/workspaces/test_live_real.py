"""The real window, engine and capture in Live: random deeds and quick ends."""

import random
import time

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer

from nnviz.base.live import CONTENTS
from nnviz.base.video import SourceKind, SourceRequest
from nnviz.gui.shell.main_window import INSPECT, LIVE
from nnviz.runtime.capture import capture as module
from tests.support.videos import evenly, write_film

WAIT = 60_000
DEEDS = 60
SECONDS_TO_CLOSE = 3.0
FAULTS = """\
size = [48, 64]
rate = 60
[[events]]
frame = 10
do = "stall"
lasts = 0.1
[[events]]
frame = 20
do = "resize"
size = [100, 30]
[[events]]
frame = 40
do = "unplug"
lasts = 0.1
[[events]]
frame = 50
do = "corrupt"
frames = 3
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    film = write_film(folder / "film.mp4", evenly(40, 50), rate=50)
    cut, wrong, script = (folder / name for name in ("cut.mp4", "wrong.mp4", "s.toml"))
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    wrong.write_bytes(bytes(2000))
    script.write_text(FAULTS)
    files = [film, cut, wrong, folder / "missing.mp4"]
    return [
        SourceRequest(kind=SourceKind.SCRIPT, address=str(script)),
        *(SourceRequest(kind=SourceKind.FILE, address=str(path)) for path in files),
    ]


def start(window, qtbot, request):
    window.app.live.request = request
    window.app.open_model("bundled:objects")
    window.enter(LIVE)
    qtbot.waitUntil(lambda: answered(window), timeout=WAIT)


def answered(window):
    last = window.app.live.last
    return last is not None and last.run is not None


def deeds_of(window, sources, chance):
    live, bench = window.app.live, window.app
    return [
        lambda: live.open(chance.choice(sources)),
        lambda: bench.look_live(chance.choice(CONTENTS[:2])),
        lambda: bench.open_model(chance.choice(["bundled:objects", "missing:net"])),
        lambda: window.enter(chance.choice([INSPECT, LIVE])),
        live.toggle_hold,
        live.step,
        live.toggle_pin,
        live.snapshot,
        lambda: live.seek(chance.uniform(0, 1)),
        lambda: window.resize(chance.choice([700, 1440]), 800),
        lambda: bench.choice.set_values(bench.choice.values),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_random_deeds_and_a_window_closed_in_the_middle(live, qtbot, sources, seed):
    """Truth: no exception, no warning of Qt, no thread left, and a quick end."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    start(live, qtbot, sources[0])
    deeds = deeds_of(live, sources, chance)
    for _ in range(DEEDS):
        chance.choice(deeds)()
        qtbot.wait(chance.choice([0, 1, 10, 40]))
    live.enter(LIVE)
    live.app.live.open(sources[0])
    live.app.look_live(CONTENTS[0])
    qtbot.waitUntil(lambda: answered(live), timeout=WAIT)
    began = time.monotonic()
    live.close()
    assert time.monotonic() - began < SECONDS_TO_CLOSE


def test_the_window_never_waits_for_the_camera(live, qtbot, sources):
    """Truth: a timer of 10 ms; the benchmark has the goals, this finds a freeze."""
    start(live, qtbot, sources[0])
    beats: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start(10)
    for _ in range(3):
        live.app.live.open(sources[1])
        qtbot.wait(300)
        live.app.live.open(sources[0])
        qtbot.wait(300)
    timer.stop()
    assert np.diff(beats).max() < 1.0
    live.close()
