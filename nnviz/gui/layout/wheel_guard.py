"""Guard of sliders and boxes against the wheel that scrolls the panel around them."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QWidget


class WheelGuard(QObject):
    """Hands the wheel on where turning it over a control is meant for its panel.

    Qt lets a slider, spin box or combo box under the cursor swallow the wheel, so that
    scrolling through a form changes the values on the way.  Here the wheel changes a
    control only if that has the focus, and nothing around it can scroll.

    Args:
        control: the guarded slider, spin box or combo box.
    """

    def __init__(self, control: QWidget) -> None:
        super().__init__(control)
        self._control = control
        if control.focusPolicy() is Qt.FocusPolicy.WheelFocus:
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        control.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Leave the wheel to the widgets around the control."""
        if event.type() is not QEvent.Type.Wheel:
            return False
        if self._control.hasFocus() and not _scrolls_around(self._control):
            return False
        event.ignore()
        return True


def _scrolls_around(widget: QWidget) -> bool:
    """Return whether a scroll area around a widget has more than it can show."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QAbstractScrollArea):
            bar = above.verticalScrollBar()
            if bar.minimum() < bar.maximum():
                return True
        above = None if above.isWindow() else above.parentWidget()
    return False
