"""Layouts of docks: defaults for each workspace, and the user's own."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QAbstractScrollArea, QMainWindow, QTabBar

from nnviz.gui.shell.docks.dock import Dock
from nnviz.gui.state.settings import Settings
from nnviz.gui.theme.manager import ThemeManager

_LEFT, _RIGHT = 316, 392
"""Width of the docks left and right of the central view, px, where space allows."""
_LOWER, _BOTTOM = (240, 0.27), (132, 0.2)
"""Height of the docks below the browser, and of the trays: likewise."""
_CENTER = 0.46
"""Minimum fraction of the window's width for the central view."""
_TRAYS = {"images": 320, "results": 300, "portrait": 260}
"""Widths of the trays, in proportion."""
_LOWER_DOCKS = ("prediction", "recordings", "robustness")
_BROWSER, _METHOD = ("browser", "style", "attack", "dataset", "course"), "method"
_DATASET, _RECORD = 264, 240
"""Width of the docks of a data set, whose wall needs the space."""


class DockLayouts(QObject):
    """Saves and restores the dock layout of each workspace.

    A layout is saved for one text size: at another one the default sizes apply again.
    """

    def __init__(
        self,
        window: QMainWindow,
        docks: Mapping[str, Dock],
        look: ThemeManager,
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._look, self._settings = look, settings
        self._workspace = ""
        self._shown: tuple[str, ...] = ()
        self._scale = look.scale
        look.changed.connect(self._follow_scale)
        self._new = self.held = False
        """``held``: the docks are arranged temporarily, and their layout is not saved.
        """
        self._before: dict[str, dict[str, int]] = {}
        """Widths of docks before they were narrowed, by layout."""
        self._fitting = QTimer(self, singleShot=True, interval=0)
        self._fitting.timeout.connect(self.give_way)
        # The docks' titles need a turn of the event loop to follow the text size.
        self._scaling = QTimer(self, singleShot=True, interval=0)
        self._scaling.timeout.connect(self._lay_out_anew)
        self._tidying = QTimer(self, singleShot=True, interval=0)
        self._tidying.timeout.connect(self._hide_stale_tabs)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Set default sizes when the window is shown; narrow docks when it shrinks.

        Qt takes the missing space of a smaller window from the central view alone.
        """
        if watched is not self._window:
            return False
        if event.type() is QEvent.Type.LayoutRequest:
            self._tidying.start()
        if event.type() is QEvent.Type.Show and self._new:
            QTimer.singleShot(0, self, self.arrange)
            self._new = False
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Show}:
            self._fitting.start()
        return False

    def switch(self, workspace: str, shown: Sequence[str]) -> None:
        """Save the current layout and switch to a workspace's.

        Args:
            workspace: its name.
            shown: docks that are open in it by default.
        """
        self.remember()
        self.held = False
        self._workspace, self._shown = workspace, tuple(shown)
        self.recall()
        self._fitting.start()

    def recall(self) -> None:
        """Restore the saved layout, or the default one."""
        self._tidying.start()
        # Qt does not restore docks that are newer than the layout.
        self._show_usual()
        if not self._restored():
            self._new = True
            self.arrange()

    def _restored(self) -> bool:
        """Restore the saved layout; return whether there was one."""
        key = self._key()
        state, before = self._settings.layout(key), self._settings.dock_widths(key)
        if before:
            self._before.setdefault(key, before)
        return not state.isEmpty() and self._window.restoreState(state)

    def _hide_stale_tabs(self) -> None:
        """Hide tab bars of docks that no longer share a place, which Qt leaves.

        Bars that Qt has moved out of the window stay: it shows them again after each
        layout, and hiding asks for the next layout, without end.
        """
        shown = {
            dock.windowTitle()
            for dock in self._docks.values()
            if not (dock.isHidden() or dock.isFloating())
        }
        for bar in self._window.findChildren(
            QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly
        ):
            titles = {bar.tabText(index) for index in range(bar.count())}
            seen = bar.geometry().intersects(self._window.rect())
            if seen and len(titles & shown) < 2:  # noqa: PLR2004  one tab is none
                bar.hide()

    def remember(self) -> None:
        """Save the current layout."""
        if self._workspace and not self.held:
            state = QByteArray(self._window.saveState())
            self._settings.save_layout(self._key(), state)
            before = self._before.get(self._key(), {})
            self._settings.save_dock_widths(self._key(), before)

    def reset(self) -> None:
        """Reset a workspace to its default docks and sizes."""
        self._show_usual()
        self.arrange()

    def _show_usual(self) -> None:
        for name, dock in self._docks.items():
            dock.setVisible(name in self._shown)

    def give_way(self) -> None:
        """Narrow the docks beside the central view where it lacks space.

        They regain their widths when the window is large enough again.
        """
        now, before = self._widths(), self._before.pop(self._key(), {})
        if not self._window.isVisible() or not (before or self._room() < 0):
            return
        wanted = {name: before.get(name, width) for name, width in now.items()}
        sizes = self._shared(wanted)
        if sizes != wanted:
            self._before[self._key()] = wanted
        if sizes != now:
            self._resize(sizes, Qt.Orientation.Horizontal)

    def _widths(self) -> dict[str, int]:
        """Return the widths of the docks beside the central view, px."""
        names = (self._left(), _METHOD, "record")
        return {
            name: self._width(self._docks[name])
            for name in names
            if self._open(name) and not self._docks[name].isFloating()
        }

    def _width(self, dock: Dock) -> int:
        """Return a dock's width, px; a dock behind another's tab keeps an old one."""
        shared = (dock, *self._window.tabifiedDockWidgets(dock))
        seen = (each for each in shared if not each.visibleRegion().isEmpty())
        return next(seen, dock).width()

    def _room(self) -> int:
        """Return the width that the central view can spare, px; negative if none."""
        center = self._window.centralWidget()
        if isinstance(center, QAbstractScrollArea):  # its scroll bar is no room
            center = center.viewport()
        width = center.width() if center is not None else 0
        return width - round(_CENTER * self._window.width())

    def _shared(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """Return dock widths, all scaled down where the central view lacks room."""
        room = self._room() + sum(self._widths().values())
        share = min(1.0, room / max(1, sum(wanted.values())))
        return {name: max(1, int(share * width)) for name, width in wanted.items()}

    def arrange(self) -> None:
        """Set the default sizes of the open docks."""
        left = self._left()
        wide = _DATASET if left == "dataset" else _LEFT
        usual = {left: wide, _METHOD: _RIGHT, "record": _RECORD}
        wanted = {name: self._look.px(usual[name]) for name in self._widths()}
        self._before[self._key()] = wanted
        self._resize(self._shared(wanted), Qt.Orientation.Horizontal)
        self._resize(_TRAYS, Qt.Orientation.Horizontal)
        height = self._window.height()
        tray, lower = self._part(_BOTTOM, height), self._part(_LOWER, height)
        down = dict.fromkeys(_TRAYS, tray) | dict.fromkeys(_LOWER_DOCKS, lower)
        below = any(map(self._open, _LOWER_DOCKS)) * lower
        down[left] = max(1, height - tray - below)
        self._resize(down, Qt.Orientation.Vertical)
        self._fitting.start()

    def _part(self, rule: tuple[int, float], whole: int) -> int:
        most, share = rule
        return min(self._look.px(most), round(share * whole))

    def _left(self) -> str:
        """Return the dock in the network browser's place; "" where none is open."""
        return next((name for name in _BROWSER if self._open(name)), "")

    def _open(self, name: str) -> bool:
        dock = self._docks.get(name)
        return dock is not None and not dock.isHidden()

    def _resize(self, sizes: Mapping[str, int], way: Qt.Orientation) -> None:
        named = [name for name in sizes if self._open(name)]
        if named:
            docks = [self._docks[name] for name in named]
            self._window.resizeDocks(docks, [sizes[name] for name in named], way)

    def _key(self) -> str:
        return f"{self._workspace}@{self._scale:g}"

    def _follow_scale(self) -> None:
        """Switch to the layout for the new text size, or to default sizes."""
        if self._look.scale == self._scale:
            return
        self.remember()
        self._scale = self._look.scale
        self._scaling.start()

    def _lay_out_anew(self) -> None:
        """Restore the layout of this text size, or set default sizes."""
        if not self.held and not self._restored():
            self.arrange()
