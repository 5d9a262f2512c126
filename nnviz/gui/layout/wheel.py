"""Mouse wheel over a form: it scrolls the form, and changes no value on the way."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QScrollArea,
    QWidget,
)

VALUE_WIDGETS = QAbstractSpinBox, QAbstractSlider, QComboBox
"""Widgets whose value Qt changes by the wheel, wherever the pointer happens to be."""


def let_wheel_scroll(widget: QWidget) -> None:
    """Pass the wheel on to the scroll area around a widget that holds a value.

    A spin box with the keyboard focus takes it; outside of a scroll area all do.
    """
    if isinstance(widget, VALUE_WIDGETS):
        if widget.focusPolicy() is Qt.FocusPolicy.WheelFocus:
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(_WheelGuard(widget))


class _WheelGuard(QObject):
    """Event filter of one widget."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave a turn of the wheel to the scroll area."""
        if event.type() is not QEvent.Type.Wheel or not isinstance(watched, QWidget):
            return False
        typed = isinstance(watched, QAbstractSpinBox) and watched.hasFocus()
        if typed or not _scrolls(watched):
            return False
        event.ignore()
        return True


def _scrolls(widget: QWidget) -> bool:
    """Tell whether a widget lies in a scroll area."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    return above is not None
