"""Anything, in any order: a session of random commands, keys and clicks."""

import os
import random
from functools import partial

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QApplication,
    QColorDialog,
    QFileDialog,
    QLineEdit,
    QTreeWidget,
    QWidget,
)

from nnviz.gui.shell import app
from tests.support.stalls import StallProbe

WAIT = 60_000
STEPS = 200
LONG_STEPS = int(os.environ.get("NNVIZ_MONKEY_STEPS", "0"))
"""Of a longer run: NNVIZ_MONKEY_STEPS=2000 pytest -m slow."""
LONG_SEEDS = [int(n) for n in os.environ.get("NNVIZ_MONKEY_SEEDS", "3 4 5 6").split()]
LIMIT = 0.25
"""s of its own processor time that the thread of the window is busy at most."""
TEXTS = (
    "",
    " ",
    "cat",
    "9" * 5000,
    "-1",
    "<b>x</b>",
    "layer4:12",
    "crab - cat",
    ".",
)
LEFT_ALONE = {"file.quit", "live.camera"}
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
    target, key = QApplication.focusWidget() or window, chance.choice(KEYS)
    qtbot.keyClick(target, key)
    return f"{key.name} on {target.__class__.__name__}"


def click_somewhere(window, chance, qtbot):
    seen = [each for each in window.findChildren(QWidget) if each.isVisible()]
    target = chance.choice(seen)
    name = f"{target.__class__.__name__} {target.objectName()}"
    if target.objectName() == "qt_toolbar_ext_button" or target.size().isEmpty():
        return name
    place = QPoint(chance.randrange(target.width()), chance.randrange(target.height()))
    if not hasattr(target, "menu"):  # a menu is an event loop of its own
        qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=place)
    return name


def do_a_command(window, chance, _qtbot):
    entries = [
        (command.name, action)
        for command, action in window.commands.all()
        if command.name not in LEFT_ALONE and action.isEnabled()
    ]
    name, action = chance.choice(entries)
    action.trigger()
    return name


def type_something(window, chance, qtbot):
    """Type words, numbers too large for anything, and names with tags into a field."""
    seen = [f for f in window.findChildren(QLineEdit) if f.isVisible()]
    if seen:
        line = chance.choice(seen)
        line.setFocus()
        line.setText(chance.choice(TEXTS))
        line.textEdited.emit(line.text())
        key = chance.choice([Qt.Key.Key_Return, Qt.Key.Key_Escape])
        name = f"{line.accessibleName()}, {line.text()[:12]}, {key.name}"
        qtbot.keyClick(line, key)
        return name
    return None


def change_the_size(window, chance, _qtbot):
    window.resize(*chance.choice([(1024, 700), (1440, 900), (700, 500), (1900, 1000)]))


def drop_something(window, chance, _qtbot):
    """Drop text: blank, a name of nothing, an address that is no file."""
    data = QMimeData()
    data.setText(chance.choice(TEXTS))
    window.operations.take(data)


def choose_a_method(window, chance, _qtbot):
    """Choose a method of any workspace, as the palette does."""
    name = chance.choice(window.app.models.catalogue.methods).name
    window.app.choice.choose(name)
    return name


def choose_a_row(window, chance, _qtbot):
    trees = [tree for tree in window.findChildren(QTreeWidget) if tree.isVisible()]
    for tree in trees[:1]:
        rows = tree.findItems("", Qt.MatchFlag.MatchContains)
        tree.setCurrentItem(chance.choice(rows)) if rows else None


DEEDS = (
    *(press_a_key, click_somewhere, do_a_command, do_a_command, choose_a_row),
    *(type_something, change_the_size, drop_something, choose_a_method),
)


def drive(window, chance, qtbot, steps, probe=None):
    """Do random things, with pauses in which answers come."""
    for _ in range(steps):
        deed = chance.choice(DEEDS)
        if probe is None:
            deed(window, chance, qtbot)
        else:
            what = f"{deed.__name__} in {window.workspace.name}"
            probe.during(what, partial(deed, window, chance, qtbot))
        if chance.random() < 0.3:
            qtbot.wait(chance.choice([1, 20]))


# Clicks tear docks off; the offscreen platform has no windows to raise.
@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
@pytest.mark.usefixtures("no_dialogs")
@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_random_steps(live, qtbot, cat, coffee, seed):
    """Truth: no exception and no warning of Qt, both of which fail a test.

    Afterwards a photograph is still predicted.
    """
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    app.open_first(live.app, [str(cat), str(coffee)], "bundled:objects")
    qtbot.waitUntil(lambda: live.stage.center.run is not None, timeout=WAIT)
    drive(live, chance, qtbot, STEPS)
    live.app.open_model("bundled:objects")
    live.app.open_files([str(coffee)])

    def is_open():  # the steps may have emptied the tray
        image = live.app.selection.image
        return image is not None and image.name == "coffee.jpg"

    qtbot.waitUntil(is_open, timeout=WAIT)
    qtbot.waitUntil(lambda: len(live.stage.prediction.bars.lines()) == 5, timeout=WAIT)


@pytest.mark.slow
@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
@pytest.mark.usefixtures("no_dialogs")
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_a_long_random_session(live, qtbot, cat, coffee, seed):
    """Truth: as above, and that of ``test_stalls``.

    600 steps of each seed, or NNVIZ_MONKEY_STEPS of NNVIZ_MONKEY_SEEDS.
    """
    probe = StallProbe()
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    app.open_first(live.app, [str(cat), str(coffee)], "bundled:objects")
    qtbot.waitUntil(lambda: live.stage.center.run is not None, timeout=WAIT)
    drive(live, chance, qtbot, LONG_STEPS or 600, probe)
    longest = sorted(probe.stretches, reverse=True)[:10]
    told = "\n".join(f"{seconds:.3f} s {what}" for seconds, what in longest)
    assert longest[0][0] < LIMIT, told
