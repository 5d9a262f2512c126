"""The menu bar: a menu for each group of commands, with lines and submenus."""

from collections.abc import Callable, Iterable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

from nnviz.gui.shell.actions import Command


class Menus:
    """Fills a menu bar with commands.

    Args:
        bar: the menu bar.
        groups: groups of commands, in order.
        title: translates a group.
    """

    def __init__(
        self, bar: QMenuBar, groups: Iterable[str], title: Callable[[str], str]
    ) -> None:
        taken: set[str] = set()
        self._menus = {
            group: bar.addMenu(_with_key(title(group), taken)) for group in groups
        }
        self._submenus: dict[str, QMenu] = {}

    def add(self, command: Command, action: QAction) -> None:
        """Append a command to its menu or submenu; without a group to none."""
        menu = self._menus.get(command.group)
        if menu is None:
            return
        if command.apart:
            menu.addSeparator()
        if command.submenu:
            if command.submenu not in self._submenus:
                self._submenus[command.submenu] = menu.addMenu(command.submenu)
            menu = self._submenus[command.submenu]
        menu.addAction(action)

    def insert(self, submenu: QMenu, before: QAction) -> None:
        """Insert a menu of other entries above a command."""
        for menu in self._menus.values():
            if before in menu.actions():
                menu.insertMenu(before, submenu)


def _with_key(title: str, taken: set[str]) -> str:
    """Mark the first free letter of a title: Alt and it open the menu.

    Args:
        title: of the menu, translated.
        taken: letters of the other menus, to which this one's is added.
    """
    for place, letter in enumerate(title.lower()):
        if letter.isalpha() and letter not in taken:
            taken.add(letter)
            return f"{title[:place]}&{title[place:]}"
    return title
