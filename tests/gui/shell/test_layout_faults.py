"""Screens and text sizes: nothing is cut off, lies upon another or off the window.

Truth: rectangles and fonts of the widgets themselves, ``tests/support/layouts.py``; the
smallest screen that is promised, the usual one and the largest.
"""

import itertools
import random

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from nnviz.base.info import Severity
from nnviz.gui.shell import app
from nnviz.gui.shell.banner import Banner
from nnviz.gui.shell.main_window import STYLE, WORKSPACES
from nnviz.gui.state.messages import Notice, Remedy
from nnviz.gui.state.settings import Settings
from nnviz.gui.theme.manager import SCALES, THEMES
from tests.support.layouts import faults

SMALL, USUAL, LARGE = QSize(1024, 700), QSize(1440, 900), QSize(3840, 2160)


def settle(window, qtbot):
    qtbot.waitUntil(lambda: window.app.look.settled)
    for _ in range(12):  # docks and text change their sizes in several turns
        QApplication.processEvents()


def lasting_faults(window, qtbot):
    """Return the faults that stay once answers have come and layouts have settled."""
    for pause in (30, 100, 400, 1000):
        qtbot.wait(pause)
        settle(window, qtbot)
        found = faults(window)
        if not found:
            break
    return found


def tour(window, qtbot, workspaces):
    """Return what is wrong in some workspaces, entered one after the other."""
    found = {}
    for workspace in workspaces:
        window.enter(workspace)
        for each in lasting_faults(window, qtbot):
            found.setdefault(each, workspace.name)
    return [f"{name}: {each}" for each, name in found.items()]


def test_large_text_on_a_small_screen_is_whole(opened, qtbot):
    opened.resize(SMALL)
    opened.app.look.enlarge(6)
    settle(opened, qtbot)
    found = tour(opened, qtbot, WORKSPACES)
    assert not found, "\n".join(found)
    assert opened.size() == SMALL


@pytest.mark.parametrize("steps", [0, 4, 6])
def test_a_notice_is_read_whole_beside_its_buttons(opened, qtbot, steps):
    """Truth: its own rectangle; the middle is scrolled down only."""
    opened.enter(STYLE)
    opened.resize(SMALL)
    opened.app.look.enlarge(steps)
    settle(opened, qtbot)
    remedy = Remedy("Open a network that suits", lambda: None)
    notice = Notice("style", Severity.NOTE, "some words " * 12, "", (remedy,))
    opened.app.messages.notice(notice)
    settle(opened, qtbot)
    assert opened.centralWidget().horizontalScrollBar().maximum() == 0
    assert not faults(opened)
    (banner,) = opened.findChildren(Banner)
    for each in banner.findChildren(QAbstractButton):
        assert banner.rect().contains(each.mapTo(banner, each.rect().bottomRight()))
    words = next(e for e in banner.findChildren(QLabel) if "some" in e.text())
    assert words.width() >= 10 * words.fontMetrics().averageCharWidth()


@pytest.mark.slow
@pytest.mark.parametrize("steps", [-2, 0, 4, 6])
@pytest.mark.parametrize("size", [SMALL, USUAL, LARGE], ids=["small", "usual", "large"])
def test_every_workspace_is_whole_after_any_other(live, qtbot, cat, size, steps):
    """All workspaces in each theme, with a sample of the pairs that follow each other.

    With the real engine, its networks and results.
    """
    app.open_first(live.app, [str(cat)], "bundled:objects")
    qtbot.waitUntil(lambda: live.stage.center.run is not None, timeout=60_000)
    live.resize(size)
    live.app.look.enlarge(steps)
    pairs = list(itertools.permutations(WORKSPACES, 2))
    chance = random.Random(steps)  # noqa: S311 - not for secrets
    for theme in THEMES:
        live.app.look.use(theme)
        settle(live, qtbot)
        some = itertools.chain.from_iterable(chance.sample(pairs, 8))
        found = tour(live, qtbot, (*some, *WORKSPACES))
        assert not found, "\n".join(found)
        assert live.size() == size


def sizes(window):
    """Return the sizes that every widget is bound to, by its place in the window."""
    found = {}

    def note(widget, path):
        icon = widget.iconSize().toTuple() if hasattr(widget, "iconSize") else ()
        least, most = widget.minimumSize(), widget.maximumSize()
        found[path] = (least.toTuple(), most.toTuple(), icon)
        inner = [
            each
            for each in widget.children()
            if isinstance(each, QWidget) and "container" not in each.objectName()
        ]
        for number, each in enumerate(inner):
            note(each, f"{path}/{type(each).__name__} {number}")

    for name, dock in window.stage.docks.items():
        if name not in {"preprocess", "trust", "log"}:  # never shown here
            note(dock, name)
    for each in (window.centralWidget(), window.top, window.status):
        note(each, type(each).__name__)
    return found


def test_text_that_grows_sizes_all_as_text_that_was_large_at_the_start(qtbot, tmp_path):
    """Truth: a window that was made with large text."""
    made = []
    for first, then in ((SCALES[-1], SCALES[-1]), (1.0, SCALES[-1])):
        settings = Settings(tmp_path / f"{first}.json")
        settings.scale = first
        window = app.make_window(settings)
        qtbot.addWidget(window)
        window.resize(USUAL)
        window.show()
        for workspace in WORKSPACES:
            window.enter(workspace)
        window.app.look.set_scale(then)
        settle(window, qtbot)
        for workspace in WORKSPACES:  # what is hidden follows when it is shown
            window.enter(workspace)
            settle(window, qtbot)
        made.append(sizes(window))
        window.hide()
    there, grown = made
    other = {
        path: (found, grown[path])
        for path, found in there.items()
        if path in grown and grown[path] != found
    }
    assert len(there) > 500
    assert not other, "\n".join(f"{path}: {two}" for path, two in other.items())
