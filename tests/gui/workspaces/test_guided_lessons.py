"""Each guided lesson from its first step to its last, by the keyboard alone.

Truth: the lesson's own file: its steps, the method of each, and that nothing fails;
1280 x 720, the size of a lecture hall's projector.
"""

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nnviz.base.documents.guides import shipped_guides
from nnviz.base.info import Severity

PROJECTOR = QSize(1280, 720)
PICTURES = os.environ.get("NNVIZ_PICTURES", "")
"""A folder for a picture of each step, to be looked at."""


def is_idle(window):
    bench = window.app
    opening = bench.models.is_opening or bench.predictions.running
    return bench.selection.model is not None and not (bench.runs.running or opening)


@pytest.fixture
def lecture(live, qtbot, cat):
    """The window on the projector, with a network and an image; what went wrong."""
    live.resize(PROJECTOR)
    wrong = []

    def note(notice):
        if notice.severity is Severity.PROBLEM:
            wrong.append(notice.text)

    live.app.messages.noticed.connect(note)
    live.app.open_model("bundled:objects")
    live.app.open_files([str(cat)])
    selection = live.app.selection
    qtbot.waitUntil(lambda: selection.image is not None, timeout=60_000)
    qtbot.waitUntil(lambda: is_idle(live), timeout=60_000)
    return live, wrong


def settle(window, qtbot):
    """Wait until nothing is at work; a training is long enough after a moment."""
    qtbot.wait(300)
    method = window.app.choice.method
    if window.app.runs.running and method.capabilities.workspace == "Train":
        QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: is_idle(window), timeout=180_000)


def keep_image(window, guide, place):
    if PICTURES:
        name = f"{guide.name}-{place[0] + 1}{'b' if place[1] else 'a'}.png"
        window.grab().save(str(Path(PICTURES, name)))


@pytest.mark.slow
@pytest.mark.parametrize("guide", shipped_guides(), ids=lambda each: each.name)
def test_lesson_is_gone_through_by_keyboard(lecture, qtbot, guide):
    window, wrong = lecture
    runner = window.app.guide
    window.app.open_guide(guide)
    visited = []
    while True:
        settle(window, qtbot)
        place = (runner.index, runner.revealed)
        assert place not in visited
        visited.append(place)
        step = guide.steps[runner.index]
        methods = [each.name for each in step.actions if each.kind == "method"]
        if methods and not runner.revealed:
            assert window.app.choice.method.name == methods[-1]
        assert wrong == []
        assert window.size() == PROJECTOR
        keep_image(window, guide, place)
        if runner.last and (runner.revealed or not step.reveal):
            break
        QTest.keyClick(window, Qt.Key.Key_F7)
        QApplication.processEvents()
    assert {index for index, _ in visited} == set(range(len(guide.steps)))
    QTest.keyClick(window, Qt.Key.Key_F6)
    assert runner.index == max(0, len(guide.steps) - 2)
