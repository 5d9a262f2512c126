"""Signals that are delivered only while a workspace is entered."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import SignalInstance

from nnviz.gui.services.methods.choice import MethodChoice


def connect_while_in(
    choice: MethodChoice,
    place: str,
    signal: SignalInstance,
    slot: Callable[..., object],
    *,
    late: bool = True,
) -> None:
    """Connect a signal to a slot that is called only while its workspace is entered.

    Args:
        choice: knows which workspace is looked at.
        place: name of the workspace.
        signal: what is told.
        slot: hears it.
        late: whether the newest of what was told meanwhile is heard on entering.
    """
    missed: list[tuple[Any, ...]] = []

    def hear(*values: Any) -> None:
        if choice.place == place:
            slot(*values)
        elif late:
            missed[:] = [values]

    def catch_up() -> None:
        if choice.place == place and missed:
            slot(*missed.pop())

    signal.connect(hear)
    choice.entered.connect(catch_up)
