"""Undo and redo of one value, with the changes of a drag joined into one step."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")
_MOST = 200


class UndoSteps(Generic[T]):
    """A value with undo and redo.

    Attributes:
        value: the value; changed through ``change``.

    Args:
        value: the first one.
    """

    def __init__(self, value: T) -> None:
        self.value = value
        self._past: deque[T] = deque(maxlen=_MOST)
        self._future: list[T] = []
        self._held: tuple[T] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a change is in progress, not yet settled."""
        return self._held is not None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        changed = self._held is not None and self._held[0] != self.value
        return changed or bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step to redo."""
        return bool(self._future)

    def change(self, value: T) -> None:
        """Change the value; ``settle`` ends the step."""
        if self._held is None:
            self._held = (self.value,)
        self.value = value

    def settle(self) -> bool:
        """End a step; return whether the value differs from that before it."""
        held, self._held = self._held, None
        if held is None or held[0] == self.value:
            return False
        self._past.append(held[0])
        self._future.clear()
        return True

    def undo(self) -> bool:
        """Return to the value before the last step; False where there is none."""
        self.settle()
        if not self._past:
            return False
        self._future.append(self.value)
        self.value = self._past.pop()
        return True

    def redo(self) -> bool:
        """Return to the value before the last ``undo``; False where there is none."""
        self.settle()
        if not self._future:
            return False
        self._past.append(self.value)
        self.value = self._future.pop()
        return True
