"""Choice of layers for class activation maps, dreams and styles."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nnviz.base.errors import ModelError
from nnviz.base.info import LayerInfo, ModelInfo, Task
from nnviz.base.notation.targets import ChannelTarget, parse_target
from nnviz.engine.nn.feature_maps import covers_input

STAGES = "stages"
"""Instead of names: the last layer of every map size."""

_REARRANGING = {
    *("Dropout", "Flatten", "Identity", "Permute", "StochasticDepth"),
    *("SamePadding", "ZeroPad2d"),
}
"""Layers that change no value: the one before them is named instead."""
_ATTENTION = ("attn", "attention")
_HEADS = ("head", "rpn", "roi", "fpn", "classifier", "aux", "score")
"""Name prefixes of parts that make predictions for some boxes or positions only."""
_SHARED = 8
"""Detectors and segmenters predict from maps of 1/8 of the input's side and below."""
_FINEST = 4
"""Stages begin with maps of at most 1/4 of the input's side: finer ones show edges."""
_MIDDLE = 16
"""Maximum reduction of the middle layer's maps relative to the input."""
_MOST = 4
"""Number of a transformer's blocks that are taken as its stages."""


@dataclass(frozen=True, slots=True)
class ChosenLayers:
    """Chosen layers, with the reason.

    Attributes:
        layers: at least one, the deepest last.
        notes: reason for the choice, where the user named none.
    """

    layers: tuple[LayerInfo, ...]
    notes: tuple[str, ...]


def choose_layers(
    info: ModelInfo, name: str = "", others: str = "", target: str = ""
) -> ChosenLayers:
    """Return the layers to compute maps of.

    Args:
        info: of the network.
        name: of one layer; empty for the one that suits best.
        others: further names separated by commas, or "stages".
        target: the target to be explained; a chosen layer lies before the target's
            layer.

    Raises:
        UsageError: no layer of that name.
        ModelError: a layer has no map, or one of a single position.
    """
    main, notes = (named(info, name), ()) if name else _best(before(info, target))
    if not others.strip():
        return ChosenLayers((main,), notes)
    if others.strip() == STAGES:
        found = _stages(before(info, target), main)
    else:
        found = [named(info, each.strip()) for each in others.split(",")]
    kept = [layer for layer in found if layer.name != main.name]
    return ChosenLayers((*kept, main), notes)


def before(info: ModelInfo, target: str) -> ModelInfo:
    """Return a network's layers before the one that a target scores.

    Layers in it and behind it do not affect a score inside the network.

    Args:
        info: of the whole network.
        target: as ``notation.targets`` describes; a class keeps all layers.

    Raises:
        ModelError: nothing with a map lies before the target.
    """
    names = {layer.name for layer in info.layers}
    asked = parse_target(target, info.labels, names) if target else None
    if not isinstance(asked, ChannelTarget):
        return info
    place = next(i for i, each in enumerate(info.layers) if each.name == asked.layer)
    whole = info.layers[place]
    kept = tuple(each for each in info.layers[:place] if not _is_in(whole, each))
    cut = replace(info, layers=kept)
    if not layers_with_maps(cut):
        raise ModelError(
            asked.layer,
            "no layer with a map lies before it",
            "ask about a deeper layer, or use a method of pixels, such as saliency",
        )
    return cut


def middle(info: ModelInfo) -> LayerInfo:
    """Return the last layer whose map is at least 1/16 of the input's side.

    Such layers respond to parts and patterns: deep dream started there.

    Raises:
        ModelError: the network has no layer with a map.
    """
    return at_depth(info, _MIDDLE)


def at_depth(info: ModelInfo, reduction: int) -> LayerInfo:
    """Return the last layer whose map is at least a given share of the input's side.

    Args:
        info: of the network.
        reduction: maximum ratio of the input's side to the map's.

    Raises:
        ModelError: the network has no layer with a map.
    """
    candidates = layers_with_maps(info) or [_best(info)[0]]
    fine = max(info.preprocess.input_size) / reduction
    bodies = [each for each in candidates if not _is_head(each.name)] or candidates
    found = [each for each in bodies if max(map_size(each) or (0,)) >= fine]

    def coarser_around(layer: LayerInfo) -> int:
        """Count the ancestors of a layer whose maps are coarser."""
        return sum(
            _is_in(layer, each) and max(map_size(each) or (fine,)) < fine
            for each in info.layers
        )

    # min() takes the first of equals: from the back, the deepest.
    return min(reversed(found or bodies), key=coarser_around)


def named(info: ModelInfo, name: str) -> LayerInfo:
    """Return a layer by name if its maps can be overlaid on the image.

    Raises:
        UsageError: no such layer.
        ModelError: the layer has no map, or one of a single position; names another.
    """
    layer = info.known_layer(name)
    size = map_size(layer)
    if size is not None and max(size) > 1:
        return layer
    if layer.calls == 0:
        reason = "a forward pass does not run this layer"
    elif size is None:
        reason = f"gives {layer.shape}, no map over the image"
    else:
        reason = "its map is 1 × 1: positions have been pooled before"
    better = next(iter(layers_with_maps(info)[-1:]), None)
    remedy = f"pick an earlier one, such as {better.name}" if better else ""
    raise ModelError(name, reason, remedy)


def map_size(layer: LayerInfo) -> tuple[int, int] | None:
    """Return rows and columns of a layer's map; None if it does not cover the input."""
    if layer.shape is None or not covers_input(layer):
        return None
    if layer.grid is not None:
        return layer.grid
    return layer.shape[-2], layer.shape[-1]


def _best(info: ModelInfo) -> tuple[LayerInfo, tuple[str, ...]]:
    """Return the deepest suitable layer with a map, and the reason.

    Raises:
        ModelError: there is none.
    """
    candidates = layers_with_maps(info)
    if not candidates:
        reason = "has no layer with a map of more than one position"
        remedy = "use a method that needs none, such as occlusion"
        raise ModelError(info.title, reason, remedy)
    shared = info.task in {Task.DETECT, Task.SEGMENT}
    best = _before_heads(info, candidates) if shared else candidates[-1]
    rows, columns = map_size(best) or (0, 0)
    if shared:
        reason = "the deepest of about 1/8 of the input's side, before the heads part"
    elif best.extra_tokens:
        reason = (
            "the input of the last attention; after it only the class token is used"
        )
    else:
        reason = "the deepest with a map, before positions are pooled"
    return best, (f"layer {best.name} ({rows} x {columns}) was chosen: {reason}",)


def _before_heads(info: ModelInfo, candidates: Sequence[LayerInfo]) -> LayerInfo:
    """Return the deepest layer that all of a detector's or segmenter's heads share.

    Coarser maps hold nothing about small boxes where a detector predicts from several
    (SSD, section 2.1); those of a head hold information for its own level alone.
    """
    whole = max(info.preprocess.input_size)

    def missed(layer: LayerInfo) -> float:
        return abs(math.log2(whole / max(map_size(layer) or (1,)) / _SHARED))

    bodies = [each for each in candidates if not _is_head(each.name)] or candidates
    return min(reversed(bodies), key=missed)


def _is_head(name: str) -> bool:
    return any(part.lower().startswith(_HEADS) for part in name.split("."))


def layers_with_maps(info: ModelInfo) -> list[LayerInfo]:
    """Return the layers with maps of their own, in the order in which they end."""
    ended = list(_by_end(info.layers))
    found, last_kind = [], ""
    for layer in ended:
        if layer.leaf and layer.shape is not None:
            last_kind = layer.kind
        maps = layer.spatial and covers_input(layer)
        if maps and "Pool" not in last_kind and layer.kind not in _REARRANGING:
            found.append(layer)
    if found and found[-1].extra_tokens:
        return _before_last_attention(found, ended)
    return found


def _by_end(layers: Iterable[LayerInfo]) -> Iterator[LayerInfo]:
    """Yield layers in the order in which their calls end: children before parents."""
    open_ones: list[LayerInfo] = []
    for layer in layers:
        while open_ones and not layer.name.startswith(open_ones[-1].name + "."):
            yield open_ones.pop()
        open_ones.append(layer)
    yield from reversed(open_ones)


def _before_last_attention(
    found: Sequence[LayerInfo], ended: Sequence[LayerInfo]
) -> list[LayerInfo]:
    """Drop layers behind the last attention, which no longer reach the class token.

    Behind the last attention no path leads from the other tokens to the class token, so
    the score's gradient is zero there.
    """
    attending = [
        index
        for index, layer in enumerate(ended)
        if any(mark in layer.name.rpartition(".")[2].lower() for mark in _ATTENTION)
        or any(mark in layer.kind.lower() for mark in _ATTENTION)
    ]
    if not attending:
        return list(found)
    last = ended[attending[-1]]
    inside = [place for place in attending if _is_in(ended[place], last)]
    before = {layer.name for layer in ended[: inside[0]]}
    return [layer for layer in found if layer.name in before]


def _is_in(layer: LayerInfo, other: LayerInfo) -> bool:
    return (layer.name + ".").startswith(other.name + ".")


def _stages(info: ModelInfo, main: LayerInfo) -> list[LayerInfo]:
    """Return the last layer of every size, or matching layers of all blocks."""
    finest = max(info.preprocess.input_size) / _FINEST
    by_size: dict[tuple[int, int], LayerInfo] = {}
    alike = []
    for layer in layers_with_maps(info):
        size = map_size(layer)
        if size is None or max(size) > finest:
            continue
        by_size[size] = layer
        if layer.name.rpartition(".")[2] == main.name.rpartition(".")[2]:
            alike.append(layer)
    if len(by_size) > 1:
        return list(by_size.values())
    step = max(1, len(alike) // _MOST)
    return alike[::-1][: _MOST * step : step][::-1]
