"""Undo of parameter changes; what one drag did is one step."""

from collections.abc import Callable, Mapping

from PySide6.QtGui import QUndoCommand

from nnviz.base.parameters import Value

Apply = Callable[[Mapping[str, Value]], None]

_COMMAND_ID = 1


class Change(QUndoCommand):
    """From some values to others.

    Args:
        text: what the menu shows: "window".
        old: values before.
        new: values after.
        apply: brings the form to some values.
        stroke: equal for the changes of one drag; 0 never merges.
    """

    def __init__(
        self,
        text: str,
        old: Mapping[str, Value],
        new: Mapping[str, Value],
        apply: Apply,
        stroke: int = 0,
    ) -> None:
        super().__init__(text)
        self._old = dict(old)
        self.new = dict(new)
        self._apply = apply
        self.stroke = stroke

    def id(self) -> int:
        """Tell Qt that changes may merge."""
        return _COMMAND_ID

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take over a later change of the same drag."""
        if not isinstance(other, Change) or not self.stroke:
            return False
        same = other.stroke == self.stroke and other.new.keys() == self.new.keys()
        if same:
            self.new = other.new
        return same

    def undo(self) -> None:
        """Go back to the values before."""
        self._apply(self._old)

    def redo(self) -> None:
        """Go to the values after."""
        self._apply(self.new)
