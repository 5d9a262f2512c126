"""Another theme costs what is seen: hidden docks and views follow when shown."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QPushButton,
    QStackedWidget,
)

from nnviz.base.results import Curves
from nnviz.gui.theme import icons
from nnviz.gui.theme.dressing import take_apart
from nnviz.gui.theme.manager import THEMES, ThemeManager
from nnviz.gui.views.results.curves import CurvesView


class Counted(QPushButton):
    """Counts how often Qt polishes it anew."""

    def __init__(self, words):
        super().__init__(words)
        self.polished = 0

    def changeEvent(self, event):  # noqa: N802  Qt's name
        self.polished += event.type() is QEvent.Type.StyleChange
        super().changeEvent(event)


@pytest.fixture
def look(qapp):
    before = qapp.palette(), qapp.font()
    yield ThemeManager("dark", 1.0)
    qapp.setPalette(before[0])
    qapp.setFont(before[1])


@pytest.fixture
def window(qtbot, look):
    """A middle, and two docks, the second of which is hidden."""
    window = QMainWindow()
    qtbot.addWidget(window)
    look.apply()
    look.dress(window)
    window.setCentralWidget(Counted("middle"))
    for name in ("seen", "hidden"):
        dock = QDockWidget(name, window, objectName=name)
        dock.setWidget(Counted(name))
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.findChild(QDockWidget, "hidden").hide()
    with qtbot.waitExposed(window):
        window.show()
    return window


def test_a_hidden_dock_is_dressed_when_it_is_shown(window, look):
    """``StyleChange`` is what Qt sends to each widget that it polishes anew."""
    buttons = {each.text(): each for each in window.findChildren(Counted)}
    dock = window.findChild(QDockWidget, "hidden")
    for each in buttons.values():
        each.polished = 0
    look.use("light")
    assert [buttons[name].polished > 0 for name in ("middle", "seen")] == [True, True]
    assert buttons["hidden"].polished == 0
    dock.show()
    assert buttons["hidden"].polished > 0
    assert dock.styleSheet() == buttons["seen"].parentWidget().styleSheet()
    assert dock.styleSheet() == window.centralWidget().styleSheet()


def test_a_hidden_dock_is_dressed_while_the_window_is_idle(window, look, qtbot):
    """Truth: as above; showing it polishes nothing any more."""
    (button,) = [b for b in window.findChildren(Counted) if b.text() == "hidden"]
    button.polished = 0
    look.use("light")
    qtbot.waitUntil(lambda: button.polished > 0)
    button.polished = 0
    window.findChild(QDockWidget, "hidden").show()
    assert button.polished == 0


def test_hidden_pages_of_what_is_taken_apart_are_dressed_when_shown(qtbot, look):
    """Truth: as above; a part is polished once before it is first seen."""
    window = QMainWindow()
    qtbot.addWidget(window)
    look.apply()
    look.dress(window)
    stack, pages = QStackedWidget(), [Counted("first"), Counted("second")]
    take_apart(stack)
    for page in pages:
        stack.addWidget(page)
    window.setCentralWidget(stack)
    with qtbot.waitExposed(window):
        window.show()
    assert pages[0].styleSheet()
    assert not stack.styleSheet()
    for page in pages:
        page.polished = 0
    look.use("light")
    assert [page.polished > 0 for page in pages] == [True, False]
    stack.setCurrentIndex(1)
    assert pages[1].polished > 0
    assert pages[1].styleSheet() == pages[0].styleSheet()
    late = Counted("late")
    stack.addWidget(late)
    stack.setCurrentWidget(late)
    assert late.styleSheet() == pages[0].styleSheet()


@pytest.mark.parametrize("name", ["dark", "light", "contrast"])
def test_the_window_shows_the_background_of_each_theme(window, look, name):
    """Truth: the theme's own color, read from the pixels between two docks."""
    look.use(name)
    grabbed = window.grab().toImage()
    dock, middle = window.findChild(QDockWidget, "seen"), window.centralWidget()
    between = (dock.geometry().right() + middle.geometry().left() + 1) // 2
    assert grabbed.pixelColor(between, 40).name() == look.theme.window


def test_a_view_that_is_hidden_follows_the_theme_when_it_is_seen(qtbot, qapp, look):
    view = CurvesView()
    qtbot.addWidget(view)
    curves = Curves(
        x=np.arange(3.0),
        series={"loss": np.arange(3.0)},
        x_label="step",
        y_label="loss",
    )
    view.show_result(curves, None)
    followed = []
    view.follow_theme = lambda: followed.append(1)
    view._themed._refresh = view.follow_theme
    for name in ("light", "dark", "light"):
        look.use(name)
    qapp.processEvents()
    assert not followed
    view.show()
    qtbot.waitUntil(lambda: len(followed) == 1)


def test_a_change_that_takes_long_goes_on_in_further_turns(
    window, look, qtbot, monkeypatch
):
    """Truth: with no time at all for a turn, a part a turn; all match in the end."""
    monkeypatch.setattr("nnviz.gui.theme.dressing._TURN", 0.0)
    told = []
    look.changed.connect(lambda: told.append(look.settled))
    look.use("light")
    assert not look.settled
    assert not told
    assert not window.updatesEnabled()
    look.use("contrast")
    qtbot.waitUntil(lambda: look.settled)
    assert told == [True]
    assert window.updatesEnabled()
    dock = window.findChild(QDockWidget, "seen")
    assert dock.styleSheet() == window.centralWidget().styleSheet()
    assert THEMES["contrast"].accent in dock.styleSheet()


def test_icons_of_the_style_sheet_are_files_that_every_start_uses(
    tmp_path, monkeypatch
):
    """Truth: the folder, after two starts that were killed, and after damage."""
    monkeypatch.setattr(icons, "user_cache_path", lambda *_, **__: tmp_path)
    colors = ("#123456", "#abcdef")
    for _ in range(2):
        icons.file.cache_clear()
        paths = [icons.file("check", color) for color in colors]
    assert sorted(each.name for each in (tmp_path / "icons").iterdir()) == [
        "check-123456.svg",
        "check-abcdef.svg",
    ]
    first = tmp_path / "icons" / "check-123456.svg"
    assert paths[0] == first.as_posix()
    whole = first.read_bytes()
    assert b"#123456" in whole
    first.write_bytes(b"\xff")
    icons.file.cache_clear()
    icons.file("check", "#123456")
    assert first.read_bytes() == whole
    icons.file.cache_clear()


def test_a_home_that_cannot_be_written_needs_no_icons_there(tmp_path, monkeypatch):
    """Truth: a file in the place of the folder."""
    (tmp_path / "icons").write_text("")
    monkeypatch.setattr(icons, "user_cache_path", lambda *_, **__: tmp_path)
    icons.file.cache_clear()
    path = icons.file("check", "#654321")
    assert "#654321" in Path(path).read_text("utf-8")
    icons.file.cache_clear()
