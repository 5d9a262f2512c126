"""A session that was not closed is offered at the next start and comes back.

Truth: what was open before; the process is ended by the system, as by ``kill -9``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nnviz.base.documents.session import SessionState
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.gui.shell import app
from nnviz.gui.state.settings import Settings
from nnviz.storage.sessions import SessionFiles
from tests.gui.conftest import FakeBridge, finished, photo

B, C = "/photos/b.png", "/photos/c.png"
STATE = SessionState(
    images=(B, C),
    current=C,
    model=ModelRequest(reference="fake:other"),
    workspace="explain",
    method="saliency",
    values={"signed": True},
    boxes="cat 1 2 30 20 @ /photos/b.png",
)
PROCESS = Path(__file__).parents[2] / "support" / "session_process.py"
KILLS = int(os.environ.get("NNVIZ_KILLS", "3"))
"""Processes that are ended; 50 of them before a release."""
GRACE = 2.0
"""s before the end: what was open then is offered."""


@pytest.fixture
def store(tmp_path):
    return SessionFiles(tmp_path / "sessions")


@pytest.fixture
def start(qtbot, tmp_path):
    """Makes windows whose engine answers at once; gives them and their notices."""

    def make():
        window = app.make_window(Settings(tmp_path / "settings.json"))
        qtbot.addWidget(window)
        window.app.attach(FakeBridge())
        window.show()
        notices = []
        window.app.messages.noticed.connect(notices.append)
        return window, notices

    return make


def offers(notices):
    return [notice for notice in notices if notice.topic == "session"]


def test_what_is_open_is_kept_and_closing_is_noted(start, store, qtbot):
    window, _ = start()
    bench = window.app
    bench.keep_session(store)
    bench.open_model("fake:net")
    bench.images.add([B])

    def kept():
        state = store.read(bench.autosave.folder)
        assert state.current == B
        assert state.model.reference == "fake:net"
        assert state.workspace == "inspect"
        assert not state.closed

    qtbot.waitUntil(lambda: store.folders() != [], timeout=5000)
    qtbot.waitUntil(lambda: kept() is None, timeout=5000)
    window.close()
    assert store.read(bench.autosave.folder).closed


def test_a_session_that_was_not_closed_is_offered_and_comes_back(start, store):
    asked = RunMethod(
        method="saliency", model=STATE.model, image=photo(B), values={"signed": True}
    )
    run = finished(asked)
    store.keep(store.new_folder(), STATE, [run])
    window, notices = start()
    window.app.keep_session(store)
    (notice,) = offers(notices)
    assert "Images: 2, results: 1" in notice.text
    notice.remedies[0].act()
    assert set(window.app.images.paths) == {B, C}
    assert window.app.images.current == C
    assert window.app.models.request.reference == "fake:other"
    assert window.workspace.name == "explain"
    assert window.app.boxes.text == STATE.boxes
    assert run.recipe in [each.recipe for each in window.app.runs.history.runs]


def test_a_closed_session_is_not_offered_but_can_be_reopened(start, store):
    folder = store.new_folder()
    store.keep(folder, STATE, [])
    store.close(folder)
    window, notices = start()
    window.app.keep_session(store)
    assert not offers(notices)
    window.commands["file.reopen"].trigger()
    assert set(window.app.images.paths) == {B, C}


def test_a_session_that_another_window_has_is_left_alone(start, store, qtbot):
    first, _ = start()
    first.app.keep_session(store)
    first.app.images.add([B])
    qtbot.waitUntil(lambda: store.folders() != [], timeout=5000)
    other, notices = start()
    other.app.keep_session(store)
    assert not offers(notices)
    other.commands["file.reopen"].trigger()
    assert other.app.images.paths == ()


def test_a_damaged_session_only_leaves_a_line_in_the_log(start, store):
    folder = store.new_folder()
    store.keep(folder, STATE, [])
    (folder / "session.json").write_text("{")
    window, notices = start()
    logged = []
    window.app.messages.logged.connect(logged.append)
    window.app.keep_session(store)
    assert not offers(notices)
    assert any("session.json" in line for line in logged)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_kill_at_any_moment_loses_nothing_older_than_two_seconds(cat, tmp_path, seed):
    resume_point = np.random.default_rng(seed).uniform(3.0, 9.0)
    log = tmp_path / "log"
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    with log.open("w") as told:
        process = subprocess.Popen(
            [sys.executable, str(PROCESS), str(cat), str(tmp_path)],
            stdout=told,
            env=environment,
        )
        while not log.read_text():
            time.sleep(0.05)
            assert process.poll() is None
        time.sleep(resume_point)
        process.send_signal(signal.SIGKILL)
        ended = time.time()
        process.wait()
    events = [json.loads(line) for line in log.read_text().splitlines(keepends=True)
              if line.endswith("\n")]  # fmt: skip
    known = [each for each in events if each["time"] < ended - GRACE]
    store = SessionFiles(tmp_path / "nnviz" / "sessions")
    (folder,) = store.folders()
    state = store.read(folder)
    runs, troubles = store.results(folder, state)
    assert known
    assert troubles == []
    assert {each["image"] for each in known} <= set(state.images)
    targets = [run.recipe.values.get("target") for run in runs]
    assert {each["target"] for each in known} <= set(targets)
