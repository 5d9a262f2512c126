"""Style sheet applied per part of a window, to hidden parts last.

Qt polishes every widget below the one whose style sheet changes, visible or not, at
about 0.1 ms each.  A window that has entered all workspaces holds more than a thousand,
most of them in hidden docks and pages.  So the window has its own sheet, which never
changes, and each of its direct children has the theme's.  A child marked by
``take_apart`` has none either: its children are the parts instead.

The visible parts hold some hundreds of widgets, whose change at a stretch would still
be noticeable on a busy machine.  So it continues in further turns of the event loop,
with the window unpainted until all of its parts match.  Hidden parts follow one by one
while the window is idle, and at the latest when they are shown.
"""

import time
from collections.abc import Iterator

from PySide6.QtCore import QChildEvent, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMainWindow, QWidget
from shiboken6 import isValid

_THEME = "theme"
"""Property of the window by which its own sheet's rules select."""
_APART = "apart"
"""Property of widgets whose children are parts."""
_TURN = 0.04
"""Seconds of processor time after which the next turn continues."""
_IDLE_MS = 100
"""Time between two hidden parts, each of which takes up to some 40 ms."""


def take_apart(container: QWidget) -> None:
    """Mark a container whose children are styled singly, hidden ones when shown.

    Call it before the widget is added to the window.  The widget itself is styled by
    the window's own sheet.
    """
    container.setProperty(_APART, True)


class WindowDressing(QObject):
    """Applies the theme's style sheet to the parts of a window.

    Args:
        window: window whose direct children are styled.
        frame: style sheet of the window alone; its rules select by the property
            ``theme``, so that a theme change polishes the window and nothing below it.
        theme: name of the current theme.
        sheet: style sheet of the parts, which are added later.
    """

    finished = Signal()
    """All parts match, after the turns to which ``put_on`` deferred."""

    def __init__(self, window: QMainWindow, frame: str, theme: str, sheet: str) -> None:
        super().__init__(window)
        self._window = window
        self._sheet = sheet
        self._left: list[QWidget] = []
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._finish)
        self._painting = QTimer(self, singleShot=True, interval=0)
        self._painting.timeout.connect(window.repaint)
        self._hidden: list[QWidget] = []
        self._idle = QTimer(self, interval=_IDLE_MS)
        self._idle.timeout.connect(self._dress_hidden)
        window.setProperty(_THEME, theme)
        window.setStyleSheet(frame)
        window.installEventFilter(self)

    @property
    def busy(self) -> bool:
        """Whether parts remain to be styled in further turns."""
        return bool(self._left)

    def put_on(self, theme: str, sheet: str) -> None:
        """Apply another theme to the window and its visible parts.

        If that takes long, ``busy`` is True afterwards, and ``finished`` follows.
        """
        self._sheet = sheet
        parts = list(_parts(self._window))
        if self._window.property(_THEME) != theme:
            self._window.setProperty(_THEME, theme)
            for whole in (self._window, *filter(_is_apart, parts)):
                whole.style().unpolish(whole)
                whole.style().polish(whole)
        self._left = [part for part in parts if not _is_apart(part)]
        self._hidden = [part for part in self._left if _stays_hidden(part)]
        self._idle.start()
        self._go_on()

    def _go_on(self) -> None:
        """Style parts for the duration of one turn."""
        end = time.thread_time() + _TURN
        while self._left:
            part = self._left.pop(0)
            if isValid(part):
                self._renew(part)
            if time.thread_time() >= end:
                break
        if self.busy == self._window.updatesEnabled():
            self._window.setUpdatesEnabled(not self.busy)
            if not self.busy:
                # A window that was wholly dirty before stays so: Qt drops the request
                # to paint it meanwhile, and sends no other for what is dirty already.
                self._painting.start()
        if self.busy:
            self._turn.start()

    def _finish(self) -> None:
        self._go_on()
        if not self.busy:
            self.finished.emit()

    def _dress_hidden(self) -> None:
        """Style one hidden part, if the visible ones are done."""
        if self.busy:
            return
        while self._hidden:
            part = self._hidden.pop(0)
            if isValid(part) and part.styleSheet() != self._sheet:
                self._dress(part)
                return
        self._idle.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Style a part before it is seen, when it is added or shown again."""
        kind = event.type()
        if kind is QEvent.Type.ChildPolished and isinstance(event, QChildEvent):
            self._adopt(event.child())
        elif kind is QEvent.Type.Show and not self._holds_parts(watched):
            watched.removeEventFilter(self)
            self._dress(watched)
        return False

    def _holds_parts(self, watched: QObject) -> bool:
        return watched is self._window or _is_apart(watched)

    def _adopt(self, child: QObject) -> None:
        """Style a new widget, or watch the children of a container marked apart."""
        if _is_apart(child):
            child.installEventFilter(self)
            for inner in child.children():
                self._adopt(inner)
        elif isinstance(child, QWidget):
            self._renew(child)

    def _renew(self, part: QWidget) -> None:
        if _stays_hidden(part):
            part.installEventFilter(self)
        else:
            self._dress(part)

    def _dress(self, part: QObject) -> None:
        if isinstance(part, QWidget) and part.styleSheet() != self._sheet:
            part.setStyleSheet(self._sheet)


def _stays_hidden(part: QWidget) -> bool:
    """Return whether a widget was hidden by a call; others show with their window."""
    said = part.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
    return part.isHidden() and said


def _is_apart(widget: QObject) -> bool:
    return bool(widget.property(_APART))


def _parts(whole: QWidget) -> Iterator[QWidget]:
    """Yield the parts of a widget, each container before its own parts."""
    for child in whole.children():
        if isinstance(child, QWidget):
            yield child
            if _is_apart(child):
                yield from _parts(child)
