"""Anything, in any order: a session of random commands, keys, clicks and files."""

import os
import random

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFileDialog

from nnviz.gui.shell import app
from tests.support.driving import Driver, files_to_drop
from tests.support.stalls import StallProbe

WAIT = 60_000
STEPS = 120
LONG_STEPS = int(os.environ.get("NNVIZ_MONKEY_STEPS", "0"))
"""Of a longer run: ``make drive``, NNVIZ_MONKEY_STEPS=2000 make drive."""
LONG_SEEDS = [int(n) for n in os.environ.get("NNVIZ_MONKEY_SEEDS", "3 4 5 6").split()]
LIMIT = 0.25
"""s of its own processor time that the thread of the window is busy at most."""
# Clicks tear docks off; the offscreen platform has no windows to raise.
FINE = pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)


@pytest.fixture
def no_dialogs(monkeypatch, tmp_path, cat):
    """Dialogs answer at once: green, or with a photograph, a new file, or a folder."""
    new = str(tmp_path / "kept.mp4")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (new, ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(cat), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(cat)], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    monkeypatch.setattr(QColorDialog, "getColor", lambda **_: QColor("#00ff00"))


@pytest.fixture
def driver_of(live, qtbot, cat, coffee, tmp_path, no_dialogs):  # noqa: ARG001
    """A driver of the real window, with a seed, once it shows its first result."""
    files = tmp_path / "files"
    files.mkdir()
    dropped = files_to_drop(files, cat, coffee)

    def make(seed):
        live.app.messages.noticed.connect(ours.append)
        app.open_first(live.app, [str(cat), str(coffee)], "bundled:objects")
        qtbot.waitUntil(lambda: live.stage.center.run is not None, timeout=WAIT)
        return Driver(live, random.Random(seed), qtbot, dropped)  # noqa: S311

    ours = []
    yield make
    internal = [each.details for each in ours if "Internal error" in each.text]
    assert not internal, internal[0]


@FINE
@pytest.mark.parametrize("seed", [1, 2])
def test_random_steps(live, qtbot, coffee, driver_of, seed):
    """Truth: no exception, no warning of Qt, no notice of an error of our own.

    Afterwards a photograph is still predicted.
    """
    driver_of(seed).drive(STEPS)
    live.app.open_model("bundled:objects")
    live.app.open_files([str(coffee)])

    def is_open():  # the steps may have emptied the tray
        image = live.app.selection.image
        return image is not None and image.name == "coffee.jpg"

    qtbot.waitUntil(is_open, timeout=WAIT)
    qtbot.waitUntil(lambda: len(live.stage.prediction.bars.lines()) == 5, timeout=WAIT)


@pytest.mark.slow
@FINE
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_a_long_random_session(driver_of, seed):
    """Truth: as above, and that of ``test_stalls``.

    600 steps of each seed, or NNVIZ_MONKEY_STEPS of NNVIZ_MONKEY_SEEDS.
    """
    probe = StallProbe()
    driver_of(seed).drive(LONG_STEPS or 600, probe)
    longest = sorted(probe.stretches, reverse=True)[:10]
    told = "\n".join(f"{seconds:.3f} s {what}" for seconds, what in longest)
    assert longest[0][0] < LIMIT, told
