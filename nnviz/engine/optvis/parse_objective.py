"""Parsing of users' channels, classes, layers and targets into objectives."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.info import LayerInfo, ModelInfo, Task
from nnviz.base.notation.channels import Mixture
from nnviz.base.notation.targets import (
    OPTION,
    ChannelTarget,
    ClassTarget,
    DifferenceTarget,
    DirectionTarget,
    parse_target,
)
from nnviz.engine.nn.feature_maps import channels_of
from nnviz.engine.optvis.objectives import (
    Objective,
    channel,
    direction,
    energy,
    logit,
    unit,
)
from nnviz.engine.targets.directions import (
    check_length,
    direction_title,
    read_direction,
)

Where = Literal["everywhere", "center"]
"""The mean of a channel over all positions, or its unit in the middle."""


def of_channels(
    info: ModelInfo,
    layer: str,
    mixtures: Sequence[Mixture],
    place: Where,
    cosine_power: float = 0,
) -> list[Objective]:
    """Return the objectives of channels or of mixtures of channels.

    Args:
        info: of the network.
        layer: its name; "" for the network's output, whose channels are classes.
        mixtures: one for each image.
        place: the mean over all positions, or the unit in the middle.
        cosine_power: exponent of the cosine with a mixture's direction.

    Raises:
        UsageError: no such layer or channel.
        ModelError: the output is not one vector of classes.
    """
    known = info.known_layer(layer) if layer else None
    return [_mixed(info, known, mixture, place, cosine_power) for mixture in mixtures]


def of_layer(info: ModelInfo, layer: str) -> Objective:
    """Return the objective of a whole layer, its mean square.

    Raises:
        UsageError: no layer is named, or there is none of that name.
    """
    if not layer:
        raise UsageError("--layer", "none is named", "choose the layer to maximize")
    return energy(info.known_layer(layer).name)


def of_target(info: ModelInfo, text: str, place: Where) -> Objective:
    """Return the objective of a target in the user's notation.

    Args:
        info: of the network.
        text: a class, class - class, or layer:channel, see ``notation.targets``.
        place: as for ``of_channels``.

    Raises:
        UsageError: no such class, layer or channel, or a target of an image.
        ModelError: the output is not one vector of classes.
    """
    names = {layer.name for layer in info.layers}
    match parse_target(text, info.labels, names):
        case ChannelTarget(layer, index, None):
            found = info.known_layer(layer)
            return _plain(info, found, index, place)
        case ChannelTarget(layer, index, chosen):
            _require_channel(info, info.known_layer(layer), index)
            return unit(layer, index, chosen)
        case ClassTarget(int(index), False):
            return _plain(info, None, index, place)
        case DifferenceTarget(plus, minus):
            return _plain(info, None, plus, place) - _plain(info, None, minus, place)
        case DirectionTarget(file):
            name, vector = read_direction(Path(file).expanduser())
            channels = _channels(info, info.known_layer(name))
            check_length(vector, channels, name)
            words = f"direction {direction_title(file)}"
            return direction(name, vector, center=place == "center", words=words)
        case _:
            raise UsageError(
                OPTION,
                f"{text!r} cannot be maximized",
                "name a class, class - class, or layer:channel",
            )


def side_of(info: ModelInfo, size: int) -> int:
    """Return the side of the generated images, px.

    Args:
        info: of the network.
        size: as requested; 0 for that of the network's input.

    Raises:
        UsageError: the network does not accept images this small.
    """
    smallest = max(info.smallest_input)
    if info.takes_any_size and 0 < size < smallest:
        raise UsageError(
            "--size",
            f"{size} px is too small for {info.title}",
            f"its smallest input is {smallest} px",
        )
    return size or min(info.preprocess.input_size)


def _mixed(
    info: ModelInfo,
    layer: LayerInfo | None,
    mixture: Mixture,
    place: Where,
    cosine_power: float,
) -> Objective:
    """Return the objective of a channel, or of the direction of several."""
    (first, weight), *others = mixture
    if not others and weight == 1:
        return _plain(info, layer, first, place)
    vector = torch.zeros(_channels(info, layer))
    for index, weight in mixture:
        _require_channel(info, layer, index)
        vector[index] += weight
    return direction(
        layer.name if layer else "",
        vector,
        center=place == "center",
        cosine_power=cosine_power,
        words=" + ".join(f"{weight:g} * {index}" for index, weight in mixture),
    )


def _plain(
    info: ModelInfo, layer: LayerInfo | None, index: int, place: Where
) -> Objective:
    _require_channel(info, layer, index)
    if layer is None:
        return logit(index, info.labels[index])
    return (unit if place == "center" else channel)(layer.name, index)


def _channels(info: ModelInfo, layer: LayerInfo | None) -> int:
    return len(info.labels) if layer is None else channels_of(layer)


def _require_channel(info: ModelInfo, layer: LayerInfo | None, index: int) -> None:
    """Refuse a channel that does not exist.

    Raises:
        UsageError: states the number of channels.
        ModelError: the output is not one vector of classes.
    """
    if layer is None and info.task is Task.DETECT:
        raise ModelError(
            info.title, "gives boxes, no row of classes", "choose one of its layers"
        )
    count = _channels(info, layer)
    if index >= count:
        name = layer.name if layer else "the output"
        raise UsageError(
            "--channel",
            f"{name} has no channel {index}",
            f"it has {count}: 0 to {count - 1}",
        )
