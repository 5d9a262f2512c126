"""Inert stand-ins for the names and objects of a pickle, and limits on reading it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Check = Callable[[], None]

_OPERATIONS = 2_000_000
"""5,000 tensors take 200,000; an empty set has 1 B in a pickle, 216 B in memory."""
_SECONDS = 5.0
"""Processor time: keys whose hashes collide make few operations last."""
_INTERVAL = 1024


class PickleError(ValueError):
    """A pickle that is damaged, absurd or malicious; the message describes which."""


@dataclass(frozen=True, slots=True)
class GlobalName:
    """A class or function that a pickle names; it is never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        """Return the dotted name."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Stub:
    """An object described by a pickle, without its class.

    Attributes:
        maker: the function that would create it.
        args: its arguments.
        state: the argument of its ``__setstate__``, or its ``__dict__``.
        items: values that would be appended or added to it.
        entries: values that would be set by key.
    """

    maker: object
    args: tuple[object, ...] = ()
    state: object = None
    items: list[object] = field(default_factory=list)
    entries: dict[object, object] = field(default_factory=dict)

    @property
    def made_by(self) -> str:
        """Dotted name of the class or function that makes it; empty for others."""
        return str(self.maker) if isinstance(self.maker, GlobalName) else ""


class Budget:
    """Limits on the operations and processor time of reading one pickle.

    Args:
        check: called periodically; raises to stop.

    Attributes:
        check: the same.
    """

    def __init__(self, check: Check) -> None:
        self.check = check
        self._left = _OPERATIONS
        self._next = _OPERATIONS - _INTERVAL
        self._end = time.thread_time() + _SECONDS

    def spend(self, operations: int = 1) -> None:
        """Spend operations of the budget.

        Raises:
            PickleError: the budget is exhausted.
        """
        self._left -= operations
        if self._left > self._next:
            return
        self._next = self._left - _INTERVAL
        self.check()
        if self._left < 0 or time.thread_time() > self._end:
            raise PickleError("describes more objects than a checkpoint holds")
