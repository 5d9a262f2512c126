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
        choice: knows the current workspace.
        place: name of the workspace.
        signal: the signal.
        slot: receives the signal.
        late: whether the newest emission meanwhile is delivered on entering.
    """
    missed: list[tuple[Any, ...]] = []

    def hear(*values: Any) -> None:
        if choice.workspace_name == place:
            slot(*values)
        elif late:
            missed[:] = [values]

    def catch_up() -> None:
        if choice.workspace_name == place and missed:
            slot(*missed.pop())

    signal.connect(hear)
    choice.entered.connect(catch_up)
