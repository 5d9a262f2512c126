"""Actions of all commands, shared by the menus and the command palette."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from nnviz.gui.layout.plain_text import literal
from nnviz.gui.theme.manager import ThemeManager
from nnviz.gui.theme.parts import keep_icon


@dataclass(frozen=True, slots=True)
class Command:
    """The name, shortcut and icon of an action.

    Attributes:
        name: constant, for tests and settings: "file.open".
        title: title in the menu.
        shortcut: "Ctrl+O"; several are separated by "; ".
        icon: name in ``resources/icons``.
        group: menu of the command; the palette shows it before the title.
        hint: tool tip; empty where the title suffices.
        checkable: whether it can be checked.
        submenu: title of the submenu that holds it; the palette shows it, too.
        apart: whether a line is drawn above it in the menu.
    """

    name: str
    title: str
    shortcut: str = ""
    icon: str = ""
    group: str = ""
    hint: str = ""
    checkable: bool = False
    submenu: str = ""
    apart: bool = False


class Actions(QObject):
    """The actions of a window, by name."""

    def __init__(self, window: QWidget, look: ThemeManager) -> None:
        super().__init__(window)
        self._window = window
        self._look = look
        self._actions: dict[str, QAction] = {}
        self._commands: dict[str, Command] = {}

    def add(self, command: Command, act: Callable[[], object]) -> QAction:
        """Add a command as an action, with its shortcut active in the whole window."""
        action = QAction(command.title, self._window)
        action.setObjectName(command.name)
        action.setCheckable(command.checkable)
        # The icon would stand where the menu draws the tick.
        action.setIconVisibleInMenu(not command.checkable)
        if command.shortcut:
            action.setShortcuts(
                [QKeySequence(keys) for keys in command.shortcut.split("; ")]
            )
        action.setToolTip(literal(_tip(command, action)))
        if command.icon:
            keep_icon(
                self._look,
                action,
                lambda: self._look.icon(command.icon),
                action.setIcon,
            )
        # Drop Qt's argument, whether a checkable action is checked.
        action.triggered.connect(lambda: act())  # noqa: PLW0108
        self._window.addAction(action)
        self._actions[command.name] = action
        self._commands[command.name] = command
        return action

    def adopt(self, command: Command, action: QAction) -> QAction:
        """Register an existing action, such as a dock's toggle."""
        action.setObjectName(command.name)
        self._actions[command.name] = action
        self._commands[command.name] = command
        return action

    def __getitem__(self, name: str) -> QAction:
        """Return an action by name."""
        return self._actions[name]

    def all(self) -> tuple[tuple[Command, QAction], ...]:
        """Return all commands with their actions, in order of creation."""
        return tuple(
            (self._commands[name], self._actions[name]) for name in self._actions
        )


def plain(text: str) -> str:
    """Return a menu's text without its mnemonic and ellipsis."""
    return text.replace("&", "").rstrip("…")


def _tip(command: Command, action: QAction) -> str:
    words = command.hint or plain(command.title)
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{words} ({keys})" if keys else words
