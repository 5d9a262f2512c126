"""Small widgets and helpers from which panels are built, all on one grid."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from PySide6.QtCore import QCoreApplication, QMimeData, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QToolBar,
    QToolButton,
    QWidget,
)

from nnviz.gui.layout.plain_text import literal
from nnviz.gui.layout.push_button import PushButton
from nnviz.gui.layout.side_column import SideColumn
from nnviz.gui.layout.text_fields import indent
from nnviz.gui.layout.wheel_guard import WheelGuard
from nnviz.gui.theme.manager import GRID, ThemeManager

Named = TypeVar("Named", bound=QWidget)

MARGIN = 3 * GRID
"""Margin between a panel's edge and its contents, px."""
_ICON = 16
"""Side of a button's icon at normal text, px."""


def named(widget: Named, style: str = "", name: str = "") -> Named:
    """Set a widget's object name, for the style sheet, and accessible name."""
    widget.setObjectName(style)
    widget.setAccessibleName(name)
    if isinstance(widget, QAbstractSpinBox):
        indent(widget)
    if isinstance(widget, QAbstractSpinBox | QSlider):
        WheelGuard(widget)
    return widget


def row(*widgets: QWidget | None, spacing: int = GRID) -> QHBoxLayout:
    """Lay widgets out in a row; None stands for a stretch."""
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
    """Build a label; ``style`` is an object name of the style sheet."""
    words = named(QLabel(text), style)
    words.setWordWrap(wrap)
    words.setTextFormat(Qt.TextFormat.PlainText)
    if wrap:
        words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return words


def clipboard_data() -> QMimeData:
    """Return the clipboard's contents; empty where there is no clipboard."""
    data: QMimeData | None = QApplication.clipboard().mimeData()
    return QMimeData() if data is None else data


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of a menu."""

    text: str
    act: Callable[[], object]
    able: bool = True


def menu_of(parent: QWidget, entries: Iterable[MenuEntry]) -> QMenu:
    """Build a menu with some entries."""
    menu = QMenu(parent)
    for entry in entries:
        action = menu.addAction(entry.text)
        action.triggered.connect(lambda _=False, act=entry.act: act())
        action.setEnabled(entry.able)
    return menu


def popup(menu: QMenu, at: QPoint) -> None:
    """Show a temporary menu, without a nested event loop."""
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(at)


def rule() -> QFrame:
    """Build a hairline."""
    line = named(QFrame(), "line")
    line.setFixedHeight(1)
    return line


def search_field(hint: str, name: str) -> QLineEdit:
    """Build a search field with an accessible name."""
    field = named(QLineEdit(), name=name)
    field.setPlaceholderText(hint)
    field.setClearButtonEnabled(True)
    return field


_TIP = "usualToolTip"
LEADS_OUT = "leadsOut"
"""Property of a button that opens, saves or closes something: a kiosk hides it."""


def button(text: str, act: Callable[[], object], style: str = "") -> QPushButton:
    """Build a button with text."""
    made = named(PushButton(text), style)
    made.clicked.connect(lambda: act())  # noqa: PLW0108 - drops Qt's argument
    return made


def allow(
    made: QWidget,
    able: bool,  # noqa: FBT001
    why: str,
    tip: str | None = None,
) -> None:
    """Enable a button or field; while it is disabled, its tool tip says why.

    Args:
        made: the button or field.
        able: whether it can be used.
        why: what is missing.
        tip: new tool tip while it is enabled; by default the one that it had.
    """
    usual = made.property(_TIP) if tip is None else literal(tip)
    if usual is None:
        usual = made.toolTip()
    made.setProperty(_TIP, usual)
    made.setEnabled(able)
    made.setToolTip(str(usual) if able else literal(why))


class Undoable(Protocol):
    """An undo history."""

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        ...

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step to redo."""
        ...


def allow_steps(undo: QWidget, redo: QWidget, steps: Undoable) -> None:
    """Enable the undo and redo buttons that have a step; see ``allow``."""
    translate = QCoreApplication.translate
    nothing = translate("parts", "There is nothing to undo")
    allow(undo, steps.can_undo, nothing)
    allow(redo, steps.can_redo, translate("parts", "There is nothing to redo"))


def icon_button(
    look: ThemeManager, icon: str, name: str, act: Callable[[], object]
) -> QToolButton:
    """Build an icon button that follows the theme."""
    made = named(QToolButton(), name=name)
    made.setToolTip(literal(name))
    made.setAutoRaise(True)
    keep_icon_size(look, made, _ICON)
    made.clicked.connect(lambda: act())  # noqa: PLW0108 - drops Qt's argument
    keep_icon(look, made, lambda: look.icon(icon), made.setIcon)
    return made


def toggle_button(look: ThemeManager, icon: str, name: str) -> QToolButton:
    """Build a checkable icon button."""
    made = icon_button(look, icon, name, lambda: None)
    made.setCheckable(True)
    return made


def keep_icon(
    look: ThemeManager,
    owner: QObject,
    make: Callable[[], QIcon],
    put: Callable[[QIcon], None],
) -> None:
    """Set an icon, and again whenever the theme changes, while the owner lives."""
    _LookKeeper(look, owner, lambda: put(make()))


def keep_size(look: ThemeManager, owner: QObject, put: Callable[[], object]) -> None:
    """Set sizes that go by the text size, and again at each change of the look.

    Args:
        look: tells of changes, and scales lengths with ``px``.
        owner: widget that has the sizes; while it lives they are kept.
        put: sets them.
    """
    _LookKeeper(look, owner, put)


def keep_icon_size(
    look: ThemeManager, owner: QAbstractButton | QToolBar | QListWidget, side: float
) -> None:
    """Set the size of a widget's icons at normal text, px, and scale it with text."""
    keep_size(
        look, owner, lambda: owner.setIconSize(QSize(look.px(side), look.px(side)))
    )


def keep_width(look: ThemeManager, owner: QWidget, width: float) -> None:
    """Fix a widget's width at normal text, px, and scale it with the text."""
    keep_size(look, owner, lambda: owner.setFixedWidth(look.px(width)))


class _LookKeeper(QObject):
    """Child of the owner that renews its icon or sizes, so that both end together."""

    def __init__(
        self, look: ThemeManager, owner: QObject, renew: Callable[[], object]
    ) -> None:
        super().__init__(owner)
        self._renew = renew
        look.changed.connect(self.renew)
        renew()

    def renew(self) -> None:
        """Follow the theme and the text size."""
        self._renew()


def side_column(
    look: ThemeManager, panel: QWidget, width: float, share: float = 0.4
) -> SideColumn:
    """Wrap a panel in a column of a width at normal text, px, beside an image."""
    column = SideColumn(panel, lambda: look.px(width), share)
    keep_size(look, column, column.fit)
    return column


def set_cells(items: QListWidget, size: QSize) -> None:
    """Set the size of all items of a list."""
    for index in range(items.count()):
        items.item(index).setSizeHint(size)


def scrolled(inner: QWidget) -> QScrollArea:
    """Wrap a widget in a scroll area."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    return area
