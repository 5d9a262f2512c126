"""Kiosk: full screen, one lesson or Live, reset after a pause."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QDockWidget,
    QToolBar,
    QWidget,
)

from nnviz.base.documents.guides import read_guide
from nnviz.base.kiosk import BEAT, FAREWELL, KioskOrder
from nnviz.base.live import LiveOrder
from nnviz.base.video import SourceState
from nnviz.gui.shell.main_window import MainWindow
from nnviz.gui.theme.parts import LEADS_OUT
from nnviz.gui.workspaces.live.workspace import LIVE

LEAVE = "Ctrl+Alt+Shift+Q"
"""The only way to leave the kiosk."""
LESSON_COMMANDS = frozenset(
    {
        *("guide.back", "guide.next", "guide.reveal", "run.run", "run.stop"),
        *("run.reset", "view.fit", "view.zoom_in", "view.zoom_out", "go.value"),
        *("view.photo", "view.both", "view.result", "edit.undo", "edit.redo"),
        *("go.next_unit", "go.previous_unit", "go.one_channel", "go.all_channels"),
    }
)
LIVE_COMMANDS = frozenset(
    {
        *("live.hold", "live.step", "live.back", "live.pin", "run.reset"),
        *("view.fit", "view.zoom_in", "view.zoom_out"),
    }
)
LESSON_DOCKS = frozenset({"guide", "method"})
_BEAT_MS, _RETRY_MS = 1000, 5000
_HANDS = frozenset(
    {
        *(QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.Wheel),
        *(QEvent.Type.KeyPress, QEvent.Type.TouchBegin, QEvent.Type.TabletPress),
    }
)
_REFUSED = frozenset(
    {QEvent.Type.ContextMenu, QEvent.Type.DragEnter, QEvent.Type.DragMove}
)
_SCHEMES = ("http", "https", "file", "mailto")


class Kiosk(QObject):
    """Locks a window to one lesson or Live; nothing can be opened or saved.

    Args:
        window: the window, with an engine.
        order: settings of the kiosk.
    """

    def __init__(self, window: MainWindow, order: KioskOrder) -> None:
        super().__init__(window)
        self._window, self._app, self._order = window, window.app, order
        self._guide = read_guide(Path(order.guide)) if order.guide else None
        self._leaving = False
        self._idle = QTimer(self, singleShot=True, interval=round(1000 * order.idle))
        self._idle.timeout.connect(self.restart)
        self._retry = QTimer(self, interval=_RETRY_MS)
        self._retry.timeout.connect(self._try_source_again)
        self._beat = QTimer(self, interval=_BEAT_MS)
        self._beat.timeout.connect(lambda: _tell(BEAT))
        self.restarts = 0

    def begin(self) -> None:
        """Lock the window, show it full screen and start the lesson or Live."""
        self._lock_commands()
        self._app.models.can_stop = False  # visitors could not open it again
        self._strip()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.installEventFilter(self)
        slot: Any = "refuse_link"  # a str at run time, but bytes in the stubs
        for scheme in _SCHEMES:
            QDesktopServices.setUrlHandler(scheme, self, slot)
        leave = QShortcut(QKeySequence(LEAVE), self._window)
        leave.activated.connect(self.leave)
        # Errors are in the log; visitors could not fix them.
        messages = self._app.messages
        messages.noticed.connect(lambda each: _later(self, messages.settle, each.topic))
        self._window.showFullScreen()
        if self._order.watched:
            self._beat.start()
        if self._order.live is not None:
            self._retry.start()
        self._idle.start()

    def restart(self) -> None:
        """Restart from the lesson's first step, or with Live as ordered."""
        self.restarts += 1
        self._app.stop()
        if self._guide is not None:
            self._app.open_guide(self._guide)
            for name in LESSON_DOCKS:
                self._window.stage.docks[name].show()
        else:
            self._restart_live()
        self._idle.start()

    def leave(self) -> None:
        """Close the window, as the operator asked."""
        self._leaving = True
        if self._order.watched:
            _tell(FAREWELL)
        self._window.close()

    @Slot(QUrl)
    def refuse_link(self, _address: QUrl) -> None:
        """Open no links."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Restart the idle timer on input; block menus, drops, dialogs and closing."""
        kind = event.type()
        if kind in _HANDS:
            self._idle.start()
        elif kind in _REFUSED:
            event.ignore()
            return True
        elif kind is QEvent.Type.Close and watched is self._window:
            if not self._leaving:
                event.ignore()
                return True
        elif kind is QEvent.Type.Show:
            self._refuse_shown(watched)
        return False

    def _refuse_shown(self, shown: QObject) -> None:
        """Close dialogs at once; keep hidden what visitors must not use."""
        if isinstance(shown, QDialog):
            _later(self, shown.reject)
        elif isinstance(shown, QWidget) and self._is_hidden(shown):
            _later(self, shown.hide)
        elif (pane := self._window.stage.center.live) is shown and pane is not None:
            pane.lock()

    def _is_hidden(self, part: QWidget) -> bool:
        match part:
            case QToolBar():
                return part.parent() is self._window
            case QDockWidget():
                return not self._is_for_visitors(part)
            case QAbstractButton():
                return bool(part.property(LEADS_OUT))
            case _:
                return False

    def _is_for_visitors(self, dock: QDockWidget) -> bool:
        docks = self._window.stage.docks
        allowed = LESSON_DOCKS if self._order.live is None else frozenset()
        return any(docks.get(name) is dock for name in allowed)

    def _lock_commands(self) -> None:
        lesson = self._order.live is None
        allowed = LESSON_COMMANDS if lesson else LIVE_COMMANDS
        for command, action in self._window.commands.all():
            if command.name not in allowed:
                action.setShortcuts([])
                action.blockSignals(True)

    def _strip(self) -> None:
        """Hide menus, bars and all docks that visitors must not use."""
        window = self._window
        window.setAcceptDrops(False)
        window.menuBar().hide()
        window.statusBar().hide()
        for bar in window.findChildren(QToolBar):
            if bar.parent() is window:
                bar.hide()
        for dock in window.stage.docks.values():
            if not self._is_for_visitors(dock):
                dock.hide()

    def _restart_live(self) -> None:
        order, live = self._order.live, self._app.live
        if order is None:
            return
        self._window.enter(LIVE)
        live.unpin()
        pane = self._window.stage.center.live
        if pane is not None:
            pane.put_tools_away()
        self._look_at(order)
        if order.source is not None and (live.held or live.request != order.source):
            live.open(order.source)
        self._window.commands["view.fit"].trigger()

    def _look_at(self, order: LiveOrder) -> None:
        """Select the ordered analysis, and the network if visitors changed it."""
        choice, model = self._app.choice, self._app.selection.model
        if model is not None and order.content.suits(model):
            choice.choose(order.content.method, order.values)
        else:
            choice.prefer(order.content.method, order.values)
            self._app.models.open_request(order.model)

    def _try_source_again(self) -> None:
        """Reopen a camera that was unplugged, until it is back."""
        order, live = self._order.live, self._app.live
        if order is None or order.source is None or live.status is None:
            return
        lost = live.status.state in {SourceState.FAILED, SourceState.ENDED}
        if lost and live.entered:
            live.open(order.source)


def _later(owner: QObject, act: Callable[..., object], *values: object) -> None:
    """Call a function in a later turn of the event loop."""
    QTimer.singleShot(0, owner, lambda: act(*values))


def _tell(line: bytes) -> None:
    """Write a line to the process that watches this one."""
    try:
        os.write(sys.stdout.fileno(), line)
    except OSError:  # nobody listens any more
        QApplication.quit()
