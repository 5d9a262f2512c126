"""A kiosk: locked, full screen, back to the start, and started again when it ends.

Truth: what a stand needs, as the issue of the kiosk says it; tried on the real window.
"""

import sys

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDesktopServices, QDragEnterEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QToolBar

from nnviz.base.errors import InputError, UsageError, error_record
from nnviz.base.kiosk import BEAT, FAREWELL, KioskOrder
from nnviz.base.requests import ModelRequest
from nnviz.base.shipped.resources import resource
from nnviz.base.video import SourceKind, SourceRequest, SourceState, SourceStatus
from nnviz.cli import kiosk as command
from nnviz.gui.shell import app
from nnviz.gui.shell.kiosk import LEAVE, Kiosk
from nnviz.gui.state.settings import scratch_settings
from nnviz.gui.theme.parts import LEADS_OUT
from nnviz.runtime.watchdog import Watchdog
from tests.gui.conftest import FakeBridge

FILM = str(resource("samples", "photographs.mp4"))
_UNPLUGGED = error_record(InputError("camera", "was unplugged", "plug it in again"))
GUIDE = str(resource("lessons", "en", "convolution.md"))


@pytest.fixture
def make(qtbot, tmp_path):
    """Makes a kiosk for an order, its engine answering at once."""
    made = []

    def build(order):
        window = app.make_window(scratch_settings(tmp_path))
        qtbot.addWidget(window)
        window.app.attach(FakeBridge())
        kiosk = Kiosk(window, order)
        kiosk.begin()
        made.append(kiosk)
        return kiosk, window

    yield build
    for each in made:
        each.leave()
        QApplication.instance().removeEventFilter(each)


@pytest.fixture
def lesson(make):
    kiosk, window = make(KioskOrder(guide=GUIDE, idle=300))
    window.app.open_files([GUIDE])
    return kiosk, window


def test_only_the_lesson_can_be_seen(lesson, qtbot):
    _, window = lesson
    qtbot.waitUntil(window.isFullScreen)
    assert window.app.guide.guide.title == "Convolution by hand"

    def shown():
        return {name for name, dock in window.stage.docks.items() if dock.isVisible()}

    qtbot.waitUntil(lambda: shown() <= {"guide", "method"})
    assert "guide" in shown()
    assert not window.menuBar().isVisible()
    assert not window.statusBar().isVisible()
    bars = [each for each in window.findChildren(QToolBar) if each.parent() is window]
    assert not any(each.isVisible() for each in bars)


def test_nothing_can_be_opened_saved_or_left(lesson):
    _, window = lesson
    before = list(window.app.bridge.asked)
    for name in ("file.open", "file.save", "file.paste", "go.palette", "file.quit"):
        action = window.commands[name]
        assert not action.shortcuts()
        action.trigger()
    assert window.isVisible()
    assert not window.palette_box.isVisible()
    assert window.app.bridge.asked == before


@pytest.mark.usefixtures("lesson")
def test_no_address_is_opened_in_a_browser():
    """Handled, and by the kiosk: nothing else can open it here."""
    assert QDesktopServices.openUrl(QUrl("https://arxiv.org/abs/1701.04128"))


def test_buttons_that_lead_out_are_hidden(lesson, qtbot):
    """Closing docks and the lesson, exporting a video, opening an image or a camera."""
    _, window = lesson
    guide = window.stage.docks["guide"]

    def shown():
        buttons = window.findChildren(QAbstractButton)
        return [
            each for each in buttons if each.isVisible() and each.property(LEADS_OUT)
        ]

    qtbot.waitUntil(guide.isVisible)
    qtbot.waitUntil(lambda: shown() == [])
    assert guide.findChildren(QAbstractButton)
    window.app.guide.next()
    qtbot.waitUntil(lambda: shown() == [])


def test_dialogs_menus_and_drops_are_refused(lesson, qtbot, tmp_path):
    _, window = lesson
    dialog = QFileDialog(window)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.show()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    at = QPoint(5, 5)
    mouse = QContextMenuEvent.Reason.Mouse
    menu = QContextMenuEvent(mouse, at, at, Qt.KeyboardModifier.NoModifier)
    assert QApplication.sendEvent(window.stage.center.result, menu)
    assert QApplication.activePopupWidget() is None
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    drop = QDragEnterEvent(
        QPoint(9, 9),
        Qt.DropAction.CopyAction,
        files,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, drop)
    assert not drop.isAccepted()


def test_it_can_be_closed_by_its_own_keys_alone(lesson, qtbot):
    _, window = lesson
    window.close()
    assert window.isVisible()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    keys = (
        Qt.KeyboardModifier.ControlModifier
        | Qt.KeyboardModifier.AltModifier
        | Qt.KeyboardModifier.ShiftModifier
    )
    assert LEAVE == "Ctrl+Alt+Shift+Q"
    qtbot.keyClick(window, Qt.Key.Key_Q, keys)
    assert not window.isVisible()


def test_a_pause_brings_the_first_step_back(make, qtbot):
    kiosk, window = make(KioskOrder(guide=GUIDE, idle=0.3))
    window.app.open_files([GUIDE])
    guide = window.app.guide
    window.commands["guide.next"].trigger()
    window.commands["guide.next"].trigger()
    assert guide.index == 1
    window.stage.docks["guide"].close()
    qtbot.waitUntil(lambda: guide.index == 0 and not guide.revealed)
    assert kiosk.restarts >= 1
    assert window.stage.docks["guide"].isVisible()


def test_neither_esc_nor_a_pause_stops_the_opening_of_the_network(lesson):
    """Visitors have no command that would open it again."""
    kiosk, window = lesson
    window.app.bridge.held.add("model")
    window.app.models.open_request(ModelRequest(reference="bundled:everyday"))
    window.commands["run.stop"].trigger()
    assert window.app.models.is_opening
    window.app.stop()
    kiosk.restart()
    assert window.app.models.is_opening


def test_hands_put_the_pause_off(lesson, qtbot):
    kiosk, window = lesson
    for act in (
        lambda: qtbot.mouseMove(window, QPoint(40, 40)),
        lambda: qtbot.keyClick(window.stage.center, Qt.Key.Key_Shift),
    ):
        kiosk._idle.stop()
        act()
        assert kiosk._idle.isActive()


def test_an_unplugged_camera_is_opened_again(make):
    order = command.read([str(resource("samples", "photographs.mp4"))])
    kiosk, window = make(order)
    live = window.app.live
    window.app.start_live(order.live)
    opened = len(window.app.bridge.live.opened)
    live.status = SourceStatus(state=SourceState.FAILED, title="camera")
    kiosk._retry.timeout.emit()
    assert len(window.app.bridge.live.opened) == opened + 1
    live.status = SourceStatus(state=SourceState.RUNNING, title="camera")
    kiosk._retry.timeout.emit()
    assert len(window.app.bridge.live.opened) == opened + 1


@pytest.fixture
def live(make):
    order = command.read([FILM])
    kiosk, window = make(order)
    window.app.start_live(order.live)
    return kiosk, window


def test_live_offers_visitors_nothing_that_opens_or_saves(live, qtbot):
    """Nor where the camera is gone, whose page has buttons for other sources."""
    _, window = live
    window.app.live.status_changed.emit(
        SourceStatus(state=SourceState.FAILED, title="camera", error=_UNPLUGGED)
    )
    pane = window.stage.center.live
    qtbot.waitUntil(pane.isVisible)
    buttons = pane.findChildren(QAbstractButton)
    titles = {
        each.text() or each.accessibleName() for each in buttons if each.isVisible()
    }
    assert {"Classify", "Why"} <= titles
    for refused in ("Save frame", "Record…", "Export video…", "Camera", "Open video…"):
        assert refused not in titles
    assert not pane.source.isVisible()
    assert not pane.header.stickers.isVisible()


def test_a_pause_brings_the_source_and_the_view_of_live_back(live):
    kiosk, window = live
    source, pane = kiosk._order.live.source, window.stage.center.live
    window.app.live.open(SourceRequest(kind=SourceKind.SCREEN, address=""))
    pane.header.occluder.setChecked(True)
    kiosk.restart()
    assert window.app.live.request == source
    assert window.app.bridge.live.opened[-1] == source
    assert not pane.header.occluder.isChecked()
    opened = len(window.app.bridge.live.opened)
    kiosk.restart()
    assert len(window.app.bridge.live.opened) == opened


def test_words_say_what_a_kiosk_shows():
    assert command.read(["convolution", "--idle", "30"]).guide == GUIDE
    assert command.read(["convolution"]).idle == 90
    film = str(resource("samples", "photographs.mp4"))
    order = command.read([film, "--task", "detect"])
    assert order.live.content.name == "detect"
    assert order.live.source.address == film


@pytest.mark.parametrize(
    ("words", "error", "reason"),
    [
        ([], UsageError, "nothing to show"),
        (["none.md"], InputError, "no such file"),
        (["convolution", "--idle", "0"], UsageError, "is not a number of at least 5"),
        (["convolution", "--taks", "x"], UsageError, "no such option"),
    ],
)
def test_wrong_words_are_told(words, error, reason):
    with pytest.raises(error, match=reason):
        command.read(words)


BEATING = f"import os, sys, time; os.write(1, {BEAT!r}); "


def watched(tmp_path, then, **limits):
    """Run a process that notes each start and does something; return status, starts."""
    note = tmp_path / "starts"
    program = (
        f"f = open({str(note)!r}, 'a'); f.write('x'); f.close(); "
        f"n = len(open({str(note)!r}).read()); {BEATING}{then}"
    )
    limits = {"settled": 1, "starting": 20, **limits}
    dog = Watchdog([sys.executable, "-c", program], pauses=(0.0,), **limits)
    return dog.run(), len(note.read_text())


def test_watchdog_starts_what_crashed_again(tmp_path):
    assert watched(tmp_path, "sys.exit(3 if n < 3 else 0)") == (0, 3)


def test_watchdog_ends_what_is_stuck(tmp_path):
    then = "time.sleep(60 if n < 2 else 0)"
    assert watched(tmp_path, then, stuck=0.5) == (0, 2)


def test_watchdog_has_patience_while_libraries_are_loaded(tmp_path):
    """Silent for longer than what is stuck later, after the first line."""
    assert watched(tmp_path, "time.sleep(1.5)", stuck=0.5, settled=2) == (0, 1)


def test_watchdog_leaves_alone_what_was_told_to_end(tmp_path):
    """However it ends: it may take its time, or be stopped."""
    then = f"os.write(1, {FAREWELL!r}); time.sleep(1.5); sys.exit(3)"
    assert watched(tmp_path, then, stuck=0.5) == (0, 1)


def test_watchdog_does_not_repeat_a_wrong_use():
    dog = Watchdog([sys.executable, "-c", "raise SystemExit(2)"], pauses=(0.0,))
    assert dog.run() == 2
    assert dog.starts == 1
