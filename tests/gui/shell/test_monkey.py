"""Anything, in any order: a session of random commands, keys and clicks."""

import random

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QApplication,
    QColorDialog,
    QFileDialog,
    QTreeWidget,
    QWidget,
)

from nnviz.gui.shell import app

WAIT = 60_000
STEPS = 200
LEFT_ALONE = {"file.quit"}
KEYS = (
    Qt.Key.Key_PageDown,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_BracketRight,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Down,
    Qt.Key.Key_Return,
)


@pytest.fixture
def no_dialogs(monkeypatch, tmp_path, cat):
    """Dialogs answer at once: green, or with a photograph, a new file, or a folder."""
    new = str(tmp_path / "kept.mp4")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (new, ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(cat), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(cat)], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    monkeypatch.setattr(QColorDialog, "getColor", lambda **_: QColor("#00ff00"))


def press_a_key(window, chance, qtbot):
    target = QApplication.focusWidget() or window
    qtbot.keyClick(target, chance.choice(KEYS))


def click_somewhere(window, chance, qtbot):
    seen = [each for each in window.findChildren(QWidget) if each.isVisible()]
    target = chance.choice(seen)
    if target.objectName() == "qt_toolbar_ext_button" or target.size().isEmpty():
        return
    place = QPoint(chance.randrange(target.width()), chance.randrange(target.height()))
    if not hasattr(target, "menu"):  # a menu is an event loop of its own
        qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=place)


def do_a_command(window, chance, _qtbot):
    entries = [
        action
        for command, action in window.commands.all()
        if command.name not in LEFT_ALONE and action.isEnabled()
    ]
    chance.choice(entries).trigger()


def choose_a_row(window, chance, _qtbot):
    trees = [tree for tree in window.findChildren(QTreeWidget) if tree.isVisible()]
    for tree in trees[:1]:
        rows = tree.findItems("", Qt.MatchFlag.MatchContains)
        tree.setCurrentItem(chance.choice(rows)) if rows else None


# Clicks tear docks off; the offscreen platform has no windows to raise.
@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
@pytest.mark.usefixtures("no_dialogs")
@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_random_steps(live, qtbot, cat, coffee, seed):
    """Truth: no exception and no warning of Qt, both of which fail a test.

    Afterwards a photograph is still predicted.
    """
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    app.open_first(live.bench, [str(cat), str(coffee)], "bundled:objects")
    qtbot.waitUntil(lambda: live.stage.centre.run is not None, timeout=WAIT)
    deeds = [press_a_key, click_somewhere, do_a_command, do_a_command, choose_a_row]
    for _ in range(STEPS):
        chance.choice(deeds)(live, chance, qtbot)
        if chance.random() < 0.3:
            qtbot.wait(chance.choice([1, 20]))
    live.bench.open_model("bundled:objects")
    live.bench.open_files([str(coffee)])
    qtbot.waitUntil(
        lambda: live.bench.selection.image.name == "coffee.jpg", timeout=WAIT
    )
    qtbot.waitUntil(lambda: len(live.stage.prediction.bars.lines()) == 5, timeout=WAIT)
