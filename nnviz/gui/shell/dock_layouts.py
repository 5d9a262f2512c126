"""Sizes of the docks: usual ones for each workspace, and those the user gave them."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QTabBar

from nnviz.gui.shell.docks import Dock
from nnviz.gui.state.settings import Settings
from nnviz.gui.theme.manager import Look

_LEFT, _RIGHT = (316, 0.24), (392, 0.31)
"""Width of the docks beside the middle: px at most, and share of the window."""
_LOWER, _BOTTOM = (240, 0.27), (132, 0.2)
"""Height of what stands below the browser, and of the trays: likewise."""
_TRAYS = {"images": 320, "results": 300, "portrait": 260}
"""Widths of the trays, in proportion."""
_LOWER_DOCKS = ("prediction", "recordings", "robustness")
_BROWSER, _METHOD = ("browser", "style", "attack", "dataset", "course"), "method"
_DATASET, _RECORD = (264, 0.22), (240, 0.21)
"""Width of the docks of a data set: its wall is what needs the room."""


class DockLayouts(QObject):
    """Remembers for each workspace which docks stand open, where, and how large.

    A layout is kept for one text size: at another one the usual sizes are given anew.
    """

    def __init__(
        self,
        window: QMainWindow,
        docks: Mapping[str, Dock],
        look: Look,
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._look, self._settings = look, settings
        self._workspace = ""
        self._shown: tuple[str, ...] = ()
        self._scale = look.scale
        look.changed.connect(self._follow_scale)
        self._new = False
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give docks their usual sizes again once the window is shown and has one."""
        if event.type() is QEvent.Type.Show:
            watched.removeEventFilter(self)
            if self._new:
                QTimer.singleShot(0, self, self.arrange)
        return False

    def switch(self, workspace: str, shown: Sequence[str]) -> None:
        """Go to a workspace's layout; the layout that is left is remembered.

        Args:
            workspace: its name.
            shown: docks that stand open in it as long as the user changed nothing.
        """
        self.remember()
        self._workspace, self._shown = workspace, tuple(shown)
        self.recall()

    def recall(self) -> None:
        """Go back to the layout that was remembered; to the usual one if none was."""
        QTimer.singleShot(0, self, self._hide_stale_tabs)
        state = self._settings.layout(self._key())
        # Docks that are newer than the layout are left as they are by Qt.
        self._show_usual()
        if state.isEmpty() or not self._window.restoreState(state):
            self._new = True
            self.arrange()

    def _hide_stale_tabs(self) -> None:
        """Hide tabs of docks that do not share a place now: Qt leaves some standing."""
        shown = {
            dock.windowTitle() for dock in self._docks.values() if not dock.isHidden()
        }
        for bar in self._window.findChildren(
            QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly
        ):
            titles = {bar.tabText(place) for place in range(bar.count())}
            if len(titles & shown) < 2:  # noqa: PLR2004  one tab is none
                bar.hide()

    def remember(self) -> None:
        """Keep the layout as it is now."""
        if self._workspace:
            state = QByteArray(self._window.saveState())
            self._settings.save_layout(self._key(), state)

    def reset(self) -> None:
        """Give a workspace the docks and sizes that it usually has."""
        self._show_usual()
        self.arrange()

    def _show_usual(self) -> None:
        for name, dock in self._docks.items():
            dock.setVisible(name in self._shown)

    def arrange(self) -> None:
        """Give the docks that are open their usual sizes."""
        left = next((name for name in _BROWSER if self._open(name)), "")
        width = self._window.width()
        wide = _DATASET if left == "dataset" else _LEFT
        across = {left: self._part(wide, width), _METHOD: self._part(_RIGHT, width)}
        across["record"] = self._part(_RECORD, width)
        self._resize(across, Qt.Orientation.Horizontal)
        self._resize(_TRAYS, Qt.Orientation.Horizontal)
        height = self._window.height()
        tray, lower = self._part(_BOTTOM, height), self._part(_LOWER, height)
        down = dict.fromkeys(_TRAYS, tray) | dict.fromkeys(_LOWER_DOCKS, lower)
        below = any(map(self._open, _LOWER_DOCKS)) * lower
        down[left] = max(1, height - tray - below)
        self._resize(down, Qt.Orientation.Vertical)

    def _part(self, rule: tuple[int, float], whole: int) -> int:
        most, share = rule
        return min(self._look.px(most), round(share * whole))

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
        """Go to the layout of another text size; none yet: to the usual sizes."""
        if self._look.scale == self._scale:
            return
        self.remember()
        self._scale = self._look.scale
        state = self._settings.layout(self._key())
        if state.isEmpty() or not self._window.restoreState(state):
            self.arrange()
