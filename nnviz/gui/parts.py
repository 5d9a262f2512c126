"""Small pieces that panels are put together from, all on one grid."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.gui.theme import GRID, Look

MARGIN = 3 * GRID
"""Between a panel's edge and what is in it, px."""


def page(
    *, margin: int = MARGIN, spacing: int = 2 * GRID
) -> tuple[QWidget, QVBoxLayout]:
    """Return an empty page and its column."""
    widget = QWidget(objectName="page")
    column = QVBoxLayout(widget)
    column.setContentsMargins(margin, margin, margin, margin)
    column.setSpacing(spacing)
    return widget, column


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
    words = QLabel(text, objectName=style)
    words.setWordWrap(wrap)
    words.setTextFormat(Qt.TextFormat.PlainText)
    if wrap:
        words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return words


def rule() -> QFrame:
    """Return a hairline."""
    line = QFrame(objectName="line")
    line.setFixedHeight(1)
    return line


def search_field(hint: str, name: str) -> QLineEdit:
    """Return a field to search with, named for screen readers."""
    field = QLineEdit(placeholderText=hint, accessibleName=name)
    field.setClearButtonEnabled(True)
    return field


def button(text: str, act: Callable[[], object], style: str = "") -> QPushButton:
    """Return a button with words."""
    made = QPushButton(text, objectName=style)
    made.clicked.connect(lambda: act())  # noqa: PLW0108 - drops Qt's argument
    return made


def icon_button(
    look: Look, icon: str, name: str, act: Callable[[], object]
) -> QToolButton:
    """Return a button with an icon that follows the theme."""
    made = QToolButton(toolTip=name, accessibleName=name)
    made.setAutoRaise(True)
    made.clicked.connect(lambda: act())  # noqa: PLW0108 - drops Qt's argument
    keep_icon(look, made, lambda: look.icon(icon), made.setIcon)
    return made


def keep_icon(
    look: Look, owner: QObject, make: Callable[[], QIcon], put: Callable[[QIcon], None]
) -> None:
    """Put an icon, and again whenever the theme changes, while the owner lives."""
    put(make())
    connection = look.changed.connect(lambda: put(make()))
    owner.destroyed.connect(lambda: look.disconnect(connection))


def scrolled(inner: QWidget) -> QScrollArea:
    """Return an area that scrolls down, never sideways."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(inner)
    return area


def clear(layout: QLayout) -> None:
    """Delete all widgets of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def add_all(layout: QBoxLayout, *parts: QWidget | QLayout) -> None:
    """Add widgets and layouts in order."""
    for part in parts:
        if isinstance(part, QLayout):
            layout.addLayout(part)
        else:
            layout.addWidget(part)
