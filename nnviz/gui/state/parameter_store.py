"""Values of the methods' parameters in each workspace."""

from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Kind, Value
from nnviz.gui.state.workspace import Workspace

_LIVE_PRESET = "live"
"""Preset that a method starts with where it follows a camera, if it has one."""


class ParameterStore:
    """Parameters by workspace and method, at first the method's own."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, Value]] = {}

    def of(self, info: MethodInfo, workspace: Workspace | None) -> dict[str, Value]:
        """Return a method's parameters in a workspace, to read and to change."""
        place = workspace.name if workspace else ""
        live = workspace is not None and workspace.live
        return self._held.setdefault((place, info.name), _first_values(info, live=live))

    def forget(self, info: MethodInfo, workspace: Workspace | None) -> None:
        """Go back to the method's own values."""
        self._held.pop((workspace.name if workspace else "", info.name), None)

    def settings_of(self, info: MethodInfo, workspace: str) -> dict[str, Value]:
        """Return what a method's parameters were set to, where not to their defaults.

        What is asked about is the selection's and left out.

        Args:
            info: the method.
            workspace: where they were set.
        """
        held = self._held.get((workspace, info.name), {})
        return {
            each.name: held[each.name]
            for each in info.parameters
            if each.kind is not Kind.TARGET
            and held.get(each.name, each.default) != each.default
        }


def _first_values(info: MethodInfo, *, live: bool) -> dict[str, Value]:
    defaults = {parameter.name: parameter.default for parameter in info.parameters}
    return defaults | dict(info.presets.get(_LIVE_PRESET, {}) if live else {})
