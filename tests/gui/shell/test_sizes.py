"""The window on small screens: nothing in it may ask for more than there is.

Truth of all: 1024 x 700, the smallest screen that is promised, by hand.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QTabBar

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Progress
from nnviz.base.info import Severity
from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.shell.workspace_bar import WorkspaceBar
from nnviz.gui.state.messages import Notice, Remedy
from nnviz.gui.state.settings import Settings

SCREEN = QSize(1024, 700)
LONG = "C:/a folder/" + "unbreakable" * 60 + ".safetensors: " + "words and " * 60


def spin():
    for _ in range(12):  # text changes its size in several turns
        QApplication.processEvents()


def assert_fits(window, why):
    least = window.minimumSizeHint().expandedTo(window.minimumSize())
    fits = least.width() <= SCREEN.width() and least.height() <= SCREEN.height()
    assert fits, f"{why}: {least.width()} x {least.height()}"


def say_everything(window):
    """Let every kind of message come with a text of a thousand letters."""
    bench = window.app
    record = ErrorRecord(ErrorKind.USER, LONG, LONG)
    for severity in Severity:
        remedies = (Remedy("Download", spin), Remedy("Open untrained", spin))
        bench.messages.notice(Notice(severity, severity, LONG, LONG, remedies))
    bench.messages.fail("model", record)
    bench.messages.say(LONG)
    bench.models.opening.emit(LONG)
    bench.models.fetching.emit(LONG, Progress(1, 2, LONG))
    bench.videos.changed.emit(Progress(1, 2, LONG))
    bench.runs.progressed.emit(Progress(1, 2, LONG), 60.0)


@pytest.mark.parametrize(
    ("theme", "steps"), [("dark", -2), ("light", 0), ("dark", 6), ("contrast", 8)]
)
def test_no_workspace_text_size_or_message_widens_the_window(opened, theme, steps):
    window = opened
    window.app.look.use(theme)
    window.app.look.enlarge(steps)
    for workspace in (*WORKSPACES, WORKSPACES[0]):
        window.enter(workspace)
        spin()
        assert_fits(window, workspace.name)
        for mode in ("both", "compare", "board", "stickers"):
            if not workspace.live:
                window.stage.center.set_mode(mode)
                spin()
                assert_fits(window, f"{workspace.name} {mode}")
    for info in window.app.models.catalogue.methods:
        window.app.choice.choose(info.name)
        assert_fits(window, info.name)
    say_everything(window)
    spin()
    assert_fits(window, "messages")


def test_names_from_outside_do_not_widen_it(window, qtbot):
    window.app.open_model("n" * 500)
    window.app.images.add(["/photos/" + "p" * 200 + ".png"])
    qtbot.waitUntil(lambda: window.stage.center.run is not None)
    for workspace in WORKSPACES:
        window.enter(workspace)
        spin()
        assert_fits(window, workspace.name)


@pytest.mark.parametrize("steps", [-2, 0, 8])
def test_all_of_the_window_lies_on_a_small_screen(opened, steps):
    """Truth: every dock and bar lies within the window, by their own rectangles."""
    opened.app.look.enlarge(steps)
    opened.resize(SCREEN)
    for workspace in WORKSPACES:
        opened.enter(workspace)
        spin()
        assert opened.size() == SCREEN
        whole = QRect(0, 0, SCREEN.width(), SCREEN.height())
        docks = [dock for dock in opened.stage.docks.values() if dock.isVisible()]
        for each in (*docks, opened.top, opened.status, opened.centralWidget()):
            if each in docks and opened.tabifiedDockWidgets(each):
                continue  # those behind lie nowhere
            assert whole.contains(each.geometry()), each.objectName()


def test_what_a_panel_has_no_room_for_can_be_scrolled_to(opened):
    """Truth: a button beyond the edge of its dock is in the scroll bar's range."""
    opened.app.look.enlarge(8)
    opened.resize(SCREEN)
    spin()
    dock = opened.stage.docks["method"]
    area, panel = dock.widget(), dock.panel
    controls = panel.findChildren(QAbstractButton) + panel.findChildren(QLineEdit)
    for each in controls:
        if each.isVisibleTo(panel):
            right = each.mapTo(panel, each.rect().bottomRight()).x()
            assert right <= panel.width(), each
    reach = area.viewport().width() + area.horizontalScrollBar().maximum()
    assert reach >= panel.width()


def test_the_first_window_fits_its_screen(qtbot, tmp_path):
    """Truth: what the platform says is free of the screen."""
    made = app.make_window(Settings(tmp_path / "none.json"))
    qtbot.addWidget(made)
    free = made.screen().availableGeometry()
    assert made.width() <= free.width()
    assert made.height() <= free.height()
    assert made.width() >= 0.9 * min(free.width(), 1024)


def test_the_frame_of_the_desktop_lies_on_the_screen_too(window, monkeypatch):
    """Truth: a title bar of 20 px and a border of 1 px, by hand."""
    free = QRect(QPoint(0, 0), SCREEN)
    screen = SimpleNamespace(availableGeometry=lambda: free)
    monkeypatch.setattr(window, "screen", lambda: screen)
    window.take_room()
    spin()

    def framed():
        return window.geometry().adjusted(-1, -20, 1, 1)

    monkeypatch.setattr(window, "frameGeometry", framed)

    def move(x, y):
        window.setGeometry(QRect(QPoint(x + 1, y + 20), window.size()))

    monkeypatch.setattr(window, "move", move)
    window.fit_frame()
    # At once: the platform without a screen adds a frame of its own afterwards.
    assert free.contains(framed())
    assert window.height() == free.height() - 21


def test_each_workspace_keeps_its_docks_for_the_next_start(qtbot, tmp_path):
    """Truth: what was closed and widened by hand in one workspace alone."""
    path = tmp_path / "settings.json"
    first = app.make_window(Settings(path))
    qtbot.addWidget(first)
    first.resize(1440, 900)
    first.show()
    spin()
    explain, attack = WORKSPACES[1], WORKSPACES[4]
    first.stage.docks["portrait"].close()
    first.enter(explain)
    assert first.stage.docks["portrait"].isVisible()
    first.enter(WORKSPACES[0])
    assert not first.stage.docks["portrait"].isVisible()
    first.enter(attack)
    first.close()
    again = app.make_window(Settings(path))
    qtbot.addWidget(again)
    again.show()
    spin()
    assert again.workspace is WORKSPACES[0]
    assert not again.stage.docks["portrait"].isVisible()
    assert again.stage.docks["prediction"].isVisible()
    assert "robustness" not in again.stage.docks  # made when Attack is entered
    again.enter(explain)
    assert again.stage.docks["portrait"].isVisible()


def test_dock_widths_stay_when_workspaces_change(opened):
    """Truth: widths before and after a round through all workspaces."""
    for workspace in (*WORKSPACES, *WORKSPACES):
        opened.enter(workspace)
        spin()
    opened.enter(WORKSPACES[0])
    spin()
    before = {n: d.width() for n, d in opened.stage.docks.items() if d.isVisible()}
    for workspace in (*WORKSPACES[1:], WORKSPACES[0]):
        opened.enter(workspace)
        spin()
    after = {n: d.width() for n, d in opened.stage.docks.items() if d.isVisible()}
    assert before == after


def test_normal_text_brings_the_usual_sizes_back(opened):
    """Truth: the docks' sizes before the text was enlarged."""
    spin()
    seen = [dock for dock in opened.stage.docks.values() if dock.isVisible()]
    before = [(dock.width(), dock.height()) for dock in seen]
    for name in ("view.larger", "view.larger", "view.larger", "view.normal"):
        opened.commands[name].trigger()
        spin()
    after = [(dock.width(), dock.height()) for dock in seen]
    assert np.abs(np.subtract(before, after)).max() <= 8  # px, of rounding


def test_settings_are_text_and_a_damaged_file_is_none(tmp_path):
    """Truth: files written by hand."""
    path = tmp_path / "settings.json"
    for text in ("", "{", "[1]", '{"look/theme": 3, "look/scale": "x"}', "\x00"):
        path.write_text(text)
        settings = Settings(path)
        assert settings.theme == "dark"
        assert settings.scale == 1.0
        assert settings.recent == []
        assert settings.geometry.isEmpty()
    path.write_text('{"look/theme": "light", "window/geometry": "not base64!"}')
    assert Settings(path).theme == "light"
    assert Settings(path).geometry.isEmpty()


def test_two_windows_keep_each_others_settings(tmp_path):
    """Truth: each changed one key."""
    path = tmp_path / "settings.json"
    first, second = Settings(path), Settings(path)
    first.theme = "light"
    second.scale = 1.5
    first.sync()
    second.sync()
    again = Settings(path)
    assert (again.theme, again.scale) == ("light", 1.5)


@pytest.mark.parametrize("mode", ["result", "both", "compare", "board"])
def test_the_middle_is_not_scrolled_on_a_usual_screen(opened, mode):
    """Truth: 1440 x 900 has room for every page of the middle."""
    opened.resize(1440, 900)
    for workspace in (WORKSPACES[-1], WORKSPACES[1]):
        opened.enter(workspace)
        if not workspace.live:
            opened.stage.center.set_mode(mode)
        spin()
        area = opened.centralWidget()
        assert area.verticalScrollBar().maximum() == 0, workspace.name
        assert area.horizontalScrollBar().maximum() == 0, workspace.name


@pytest.mark.parametrize(("size", "steps"), [((1024, 700), 0), ((1024, 700), 6)])
def test_the_middle_has_nearly_half_of_the_width(opened, qtbot, size, steps):
    """Truth: 45 %, by the middle's own rectangle; entered, shrunk and text enlarged."""
    opened.resize(1440, 900)
    spin()
    opened.app.look.enlarge(steps)
    opened.resize(*size)
    for workspace in (*WORKSPACES, WORKSPACES[0]):
        opened.enter(workspace)

        def wide_enough():
            assert opened.centralWidget().width() >= 0.45 * size[0]

        qtbot.waitUntil(wide_enough, timeout=2000)
    docks = opened.stage.docks
    narrow = docks["method"].width()
    opened.resize(1600, 900)
    qtbot.waitUntil(lambda: docks["method"].width() > narrow, timeout=2000)


def test_no_workspace_shows_the_docks_of_another(opened):
    """Truth: what each workspace declares, there and back, all entered before."""
    tour = (*WORKSPACES, *reversed(WORKSPACES), *WORKSPACES[::2], *WORKSPACES[1::2])
    for workspace in tour:
        opened.enter(workspace)
        docks = opened.stage.docks
        shown = {name for name, dock in docks.items() if not dock.isHidden()}
        assert shown == set(workspace.docks) & set(docks), workspace.name


@pytest.mark.parametrize("steps", [-2, 0, 6])
def test_there_is_room_for_ten_workspaces(opened, steps):
    """Truth: each button lies within the bar, on the smallest screen."""
    bar = opened.findChild(WorkspaceBar)
    icon = bar.actions()[0].icon()
    while len(bar.actions()) < 10:
        bar.addAction(QAction(icon, "Another", bar))
    opened.app.look.enlarge(steps)
    opened.resize(SCREEN)
    spin()
    buttons = [bar.widgetForAction(action) for action in bar.actions()]
    assert all(each.isVisible() for each in buttons)
    assert max(each.geometry().bottom() for each in buttons) < bar.height()


@pytest.mark.parametrize("steps", [4, 5, 6])
def test_every_workspace_has_its_button_on_a_small_screen(opened, steps):
    """Truth: Qt hides what lies beyond the bar's edge; the promise is 1024 x 700."""
    opened.app.look.enlarge(steps)
    opened.resize(SCREEN)
    spin()
    bar = opened.findChild(WorkspaceBar)
    assert len(bar.actions()) == len(WORKSPACES)
    assert all(bar.widgetForAction(action).isVisible() for action in bar.actions())
    # Without captions it needs no room for them: the image has it.
    assert bar.width() < opened.app.look.px(48)


def test_tabs_of_docks_scroll_where_their_titles_do_not_fit(opened):
    """Truth: the width of each title in the bar's own font; "S..." tells nothing."""
    opened.resize(SCREEN)
    opened.enter(next(each for each in WORKSPACES if each.name == "style"))
    opened.app.look.enlarge(6)
    spin()
    bars = opened.findChildren(
        QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly
    )
    shown = [bar for bar in bars if bar.isVisible() and bar.count() > 1]
    assert shown
    for bar in shown:
        letters = bar.fontMetrics()
        for place in range(bar.count()):
            title = bar.tabText(place)
            width = bar.tabRect(place).width()
            assert width > letters.horizontalAdvance(title), title
