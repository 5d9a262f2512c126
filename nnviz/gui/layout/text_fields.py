"""Widgets into which text is typed."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

_INDENT = 7
"""Indentation of a spin box's number, px, to align it with the text of other fields."""

_BUTTON = 3
"""Room for margins and the button that clears a field, in line heights."""


def indent(box: QAbstractSpinBox) -> None:
    """Indent a spin box's text: Qt ignores the left padding of a style sheet."""
    for line in box.findChildren(QLineEdit):
        line.setTextMargins(_INDENT, 0, 0, 0)


def takes_text(widget: QWidget | None) -> bool:
    """Return whether letters that are typed on a widget become its text."""
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    if isinstance(widget, QPlainTextEdit):
        return not widget.isReadOnly()
    return isinstance(widget, QLineEdit | QAbstractSpinBox)


class HintedField(QLineEdit):
    """Text field that is never narrower than its placeholder."""

    def minimumSizeHint(self) -> QSize:
        """Return the size of the placeholder and the button that clears the field."""
        metrics = self.fontMetrics()
        hint = metrics.horizontalAdvance(self.placeholderText())
        width = hint + _BUTTON * metrics.height()
        return super().minimumSizeHint().expandedTo(QSize(width, 0))
