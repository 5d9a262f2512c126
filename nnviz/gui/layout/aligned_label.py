"""Labels of separate rows that are as wide as the widest of them."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy


class AlignedLabel(QLabel):
    """Label as wide as the widest of a group, so that what follows them is aligned.

    Args:
        text: its words.
        group: labels of the group, to which this one is added.
    """

    def __init__(self, text: str, group: list["AlignedLabel"]) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        group.append(self)
        self._group = group

    def sizeHint(self) -> QSize:
        """Return the width of the widest label, and the own height."""
        width = max(QLabel.sizeHint(each).width() for each in self._group)
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return the size hint: the words are never cut."""
        return self.sizeHint()
