"""Parameters of the methods, by workspace, synchronized with the selection."""

from collections.abc import Mapping, Sequence

from nnviz.base.errors import UsageError
from nnviz.base.info import MethodInfo
from nnviz.base.notation.targets import ChannelTarget, parse_target
from nnviz.base.parameters import Kind, Value
from nnviz.gui.state.selection import NO_UNIT, Selection
from nnviz.gui.state.workspace import Workspace

_LIVE_PRESET = "live"
"""Preset with which a method starts on a camera, if it has one."""


class ParameterStore:
    """Parameters by workspace and method, initially the defaults."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, Value]] = {}

    def of(self, info: MethodInfo, workspace: Workspace | None) -> dict[str, Value]:
        """Return a method's mutable parameters in a workspace."""
        place = workspace.name if workspace else ""
        live = workspace is not None and workspace.live
        return self._held.setdefault((place, info.name), _first_values(info, live=live))

    def forget(self, info: MethodInfo, workspace: Workspace | None) -> None:
        """Reset a method's parameters to their defaults."""
        self._held.pop((workspace.name if workspace else "", info.name), None)

    def settings_of(self, info: MethodInfo, workspace: str) -> dict[str, Value]:
        """Return a method's parameters that differ from their defaults.

        The target belongs to the selection and is left out.

        Args:
            info: the method.
            workspace: workspace in which they were set.
        """
        held = self._held.get((workspace, info.name), {})
        return {
            each.name: held[each.name]
            for each in info.parameters
            if each.kind is not Kind.TARGET
            and held.get(each.name, each.default) != each.default
        }


class SelectionSync:
    """Synchronizes the selection with the parameters of a method."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    def follow(self, info: MethodInfo, values: Mapping[str, Value]) -> None:
        """Update the selection from the layer, channel and target of the parameters."""
        layer = named(info, Kind.LAYER)
        if layer is not None and values[layer]:
            self._selection.set_layer(str(values[layer]))
        channel = named(info, Kind.CHANNEL)
        if channel is not None and values[channel] != NO_UNIT:
            self._selection.set_unit(int(values[channel]))
        target = named(info, Kind.TARGET)
        if target is not None:
            self._selection.set_target(str(values[target]))

    def adopt_target(
        self,
        info: MethodInfo,
        values: dict[str, Value],
        wanted: Mapping[str, Value] | None = None,
    ) -> None:
        """Set the target parameter from the selection, or vice versa if it is given."""
        for parameter in info.parameters:
            if parameter.kind is Kind.TARGET and parameter.name in (wanted or {}):
                self._selection.set_target(str(values[parameter.name]))
            elif parameter.kind is Kind.TARGET:
                values[parameter.name] = self._selection.target

    def fit_layer(self, info: MethodInfo, values: dict[str, Value]) -> None:
        """Clear the layer parameter if the layer comes after the target's own.

        The score of a channel does not depend on the layers after it.
        """
        layer, target = named(info, Kind.LAYER), named(info, Kind.TARGET)
        model = self._selection.model
        if layer is None or target is None or model is None or not values[layer]:
            return
        names = [each.name for each in model.layers]
        asked = _layer_of(str(values[target]), model.labels, names)
        held = str(values[layer])
        if not asked or held not in names:
            return
        behind = names.index(held) >= names.index(asked)
        if behind or asked.startswith(f"{held}."):
            values[layer] = ""

    def adopt_place(
        self,
        info: MethodInfo,
        values: dict[str, Value],
        position: tuple[float, float],
    ) -> None:
        """Set the position parameters to a position of the image, (y, x) px."""
        image = self._selection.image
        if image is None:
            return
        shares = {
            axis: min(max(at / side, 0.0), 1.0)
            for axis, at, side in zip("yx", position, image.size, strict=True)
        }
        values.update({p.name: shares[p.along] for p in info.parameters if p.along})

    def adopt_layer(
        self,
        info: MethodInfo,
        values: dict[str, Value],
        *,
        explicit: bool = False,
        follow: bool = False,
    ) -> None:
        """Set the layer parameter from the selection, if it takes that layer.

        Args:
            info: the method.
            values: its parameters; changed here.
            explicit: whether the values were given explicitly, so that the selection
                follows them.
            follow: whether the layer was just selected, so that even methods that
                choose a layer automatically follow it.
        """
        layers = self._selection.model.layers if self._selection.model else ()
        follow = follow or not info.capabilities.picks_layer
        for parameter in info.parameters:
            if parameter.kind is not Kind.LAYER:
                continue
            known = {each.name for each in layers if each.suits(parameter.layers)}
            chosen = self._selection.layer
            if explicit and values[parameter.name] in known:
                self._selection.set_layer(str(values[parameter.name]))
            elif follow and chosen in known and values[parameter.name] != chosen:
                values[parameter.name] = chosen
                _forget_channel(info, values)
            elif values[parameter.name] not in {"", *known} and layers:
                values[parameter.name] = ""
                _forget_channel(info, values)


def named(info: MethodInfo | None, kind: Kind) -> str | None:
    """Return the name of a method's first parameter of a kind."""
    parameters = info.parameters if info else ()
    return next((each.name for each in parameters if each.kind is kind), None)


def _first_values(info: MethodInfo, *, live: bool) -> dict[str, Value]:
    defaults = {parameter.name: parameter.default for parameter in info.parameters}
    return defaults | dict(info.presets.get(_LIVE_PRESET, {}) if live else {})


def _forget_channel(info: MethodInfo, values: dict[str, Value]) -> None:
    for parameter in info.parameters:
        if parameter.kind is Kind.CHANNEL:
            values[parameter.name] = parameter.default


def _layer_of(target: str, labels: Sequence[str], layers: Sequence[str]) -> str:
    """Return the layer of a target that is a channel; "" for any other target."""
    try:
        parsed = parse_target(target, labels, layers)
    except UsageError:
        return ""
    return parsed.layer if isinstance(parsed, ChannelTarget) else ""
