"""Tab bars of docks that share a place: none is left behind."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QTabBar

from nnviz.gui.shell.main_window import WORKSPACES


def visible_bars(window):
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    return [bar for bar in window.findChildren(QTabBar, options=direct) if _shown(bar)]


def _shown(bar):
    """Return whether a bar is seen; Qt moves those of one dock out of the window."""
    inside = bar.geometry().intersects(bar.parentWidget().rect())
    return inside and bar.isVisible() and bar.count()


def titles(bar):
    return {bar.tabText(index) for index in range(bar.count())}


def shared_places(window):
    """Return the titles of docks that Qt reports as tabs of one place."""
    docked = [dock for dock in window.findChildren(QDockWidget) if not dock.isHidden()]
    mates = (
        {dock.windowTitle(), *(each.windowTitle() for each in docked if each in tabs)}
        for dock in docked
        for tabs in [window.tabifiedDockWidgets(dock)]
    )
    return [places for places in mates if len(places) > 1]


def test_every_tab_bar_is_of_docks_that_share_a_place(window, qtbot):
    """Truth: ``QMainWindow.tabifiedDockWidgets``; Qt itself leaves bars behind."""
    window.show()
    docks = {dock.objectName(): dock for dock in window.findChildren(QDockWidget)}

    def tidy():
        places = shared_places(window)
        bars = [titles(bar) for bar in visible_bars(window)]
        return all(bar in places for bar in bars) and all(p in bars for p in places)

    for name in ("trust", "guide", "recordings", "trust", "guide", "portrait"):
        docks[name].setVisible(docks[name].isHidden())
        qtbot.waitUntil(tidy)
    window.tabifyDockWidget(docks["images"], docks["results"])
    qtbot.waitUntil(tidy)
    for workspace in (WORKSPACES[1], WORKSPACES[0]):
        window.enter(workspace)
        qtbot.waitUntil(tidy)
    docks["results"].hide()
    qtbot.waitUntil(tidy)
