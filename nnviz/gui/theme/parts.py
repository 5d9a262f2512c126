"""Small pieces that panels are put together from, all on one grid."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QMimeData, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from nnviz.gui.theme.manager import GRID, ThemeManager

Named = TypeVar("Named", bound=QWidget)

MARGIN = 3 * GRID
"""Between a panel's edge and what is in it, px."""


def named(widget: Named, style: str = "", name: str = "") -> Named:
    """Give a widget a name for the style sheet and one for screen readers."""
    widget.setObjectName(style)
    widget.setAccessibleName(name)
    return widget


def row(*widgets: QWidget | None, spacing: int = GRID) -> QHBoxLayout:
    """Return widgets side by side; None stands for what fills the rest."""
    line = QHBoxLayout()
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(spacing)
    for widget in widgets:
        if widget is None:
            line.addStretch(1)
        else:
            line.addWidget(widget)
    return line


def label(text: str = "", style: str = "", *, wrap: bool = False) -> QLabel:
    """Return words; ``style`` is an object name that the style sheet knows."""
    words = named(QLabel(text), style)
    words.setWordWrap(wrap)
    words.setTextFormat(Qt.TextFormat.PlainText)
    if wrap:
        words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return words


def clipboard_data() -> QMimeData:
    """Return what is on the clipboard; where no clipboard can be reached, nothing."""
    data: QMimeData | None = QApplication.clipboard().mimeData()
    return QMimeData() if data is None else data


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A line of a menu."""

    text: str
    act: Callable[[], object]
    able: bool = True


def menu_of(parent: QWidget, entries: Iterable[MenuEntry]) -> QMenu:
    """Return a menu with a line for each entry."""
    menu = QMenu(parent)
    for entry in entries:
        action = menu.addAction(entry.text)
        action.triggered.connect(lambda _=False, act=entry.act: act())
        action.setEnabled(entry.able)
    return menu


def popup(menu: QMenu, at: QPoint) -> None:
    """Show a menu that is made for this once, without an event loop of its own."""
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(at)


def rule() -> QFrame:
    """Return a hairline."""
    line = named(QFrame(), "line")
    line.setFixedHeight(1)
    return line


def search_field(hint: str, name: str) -> QLineEdit:
    """Return a field to search with, named for screen readers."""
    field = named(QLineEdit(), name=name)
    field.setPlaceholderText(hint)
    field.setClearButtonEnabled(True)
    return field


def button(text: str, act: Callable[[], object], style: str = "") -> QPushButton:
    """Return a button with words."""
    made = named(QPushButton(text), style)
    made.clicked.connect(lambda: act())  # noqa: PLW0108 - drops Qt's argument
    return made


def icon_button(
    look: ThemeManager, icon: str, name: str, act: Callable[[], object]
) -> QToolButton:
    """Return a button with an icon that follows the theme."""
    made = named(QToolButton(), name=name)
    made.setToolTip(name)
    made.setAutoRaise(True)
    made.setIconSize(QSize(look.px(16), look.px(16)))
    made.clicked.connect(lambda: act())  # noqa: PLW0108 - drops Qt's argument
    keep_icon(look, made, lambda: look.icon(icon), made.setIcon)
    return made


def toggle_button(look: ThemeManager, icon: str, name: str) -> QToolButton:
    """Return a button with an icon that is on or off."""
    made = icon_button(look, icon, name, lambda: None)
    made.setCheckable(True)
    return made


def keep_icon(
    look: ThemeManager,
    owner: QObject,
    make: Callable[[], QIcon],
    put: Callable[[QIcon], None],
) -> None:
    """Put an icon, and again whenever the theme changes, while the owner lives."""
    _IconKeeper(look, owner, lambda: put(make()))


class _IconKeeper(QObject):
    """Lives as long as its owner, so the connection to the theme ends with it."""

    def __init__(
        self, look: ThemeManager, owner: QObject, renew: Callable[[], None]
    ) -> None:
        super().__init__(owner)
        self._renew = renew
        look.changed.connect(self.renew)
        renew()

    def renew(self) -> None:
        """Draw the icon in the theme's colors."""
        self._renew()


def scrolled(inner: QWidget) -> QScrollArea:
    """Return an area that scrolls what has no room in it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    return area
