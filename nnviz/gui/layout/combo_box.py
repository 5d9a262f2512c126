"""Combo box with an accessible name on every platform."""

from typing import Self

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QStyle, QStyleOptionComboBox, QWidget

from nnviz.gui.layout.wheel_guard import WheelGuard

_LEAST_LETTERS = 5


class ComboBox(QComboBox):
    """Combo box named by a hidden label: on X11 and Wayland Qt reports its value.

    There ``QAccessible`` reports the current text as a combo box's name, unless a
    label, which may be hidden, is its buddy.

    Args:
        parent: parent of the combo box.
        labeled: whether a label of the form already has the combo box as its buddy.
    """

    def __init__(self, parent: QWidget | None = None, *, labeled: bool = False) -> None:
        super().__init__(parent)
        WheelGuard(self)
        self._label = None if labeled else QLabel(parent)
        if self._label is not None:
            self._label.hide()
            self._label.setBuddy(self)
            self.destroyed.connect(self._label.deleteLater)

    def minimumSizeHint(self) -> QSize:
        """Return the size for a few letters, since entries may be long."""
        hint = super().minimumSizeHint()
        letters = _LEAST_LETTERS * self.fontMetrics().averageCharWidth()
        hint.setWidth(min(hint.width(), letters + 3 * hint.height() // 2))
        return hint

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """Elide the current text at its end where it does not fit."""
        super().initStyleOption(option)
        if not self.isEditable():
            part = QStyle.SubControl.SC_ComboBoxEditField
            control = QStyle.ComplexControl.CC_ComboBox
            place = self.style().subControlRect(control, option, part, self)
            icon = self.iconSize().width() if not option.currentIcon.isNull() else 0
            end = Qt.TextElideMode.ElideRight
            option.currentText = self.fontMetrics().elidedText(
                option.currentText, end, place.width() - icon
            )

    @classmethod
    def narrow(cls, name: str, letters: int = 10) -> Self:
        """Return a combo box with space for a few letters that grows where it can.

        Args:
            name: for screen readers.
            letters: minimum number of an entry's letters that are visible.
        """
        box = cls()
        box.setAccessibleName(name)
        box.setMinimumContentsLength(letters)
        box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        return box

    def setAccessibleName(self, name: str) -> None:
        """Set the accessible name, also of the label."""
        super().setAccessibleName(name)
        if self._label is not None:
            self._label.setText(name)

    def event(self, event: QEvent) -> bool:
        """Move the label to the new parent: only siblings are consulted."""
        if event.type() is QEvent.Type.ParentChange and self._label is not None:
            self._label.setParent(self.parentWidget())
        return super().event(event)
