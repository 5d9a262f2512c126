"""Choice and parsing of a network's content and style layers."""

import re
from collections.abc import Iterable, Sequence

from nnviz.base.errors import ModelError, UsageError, unknown
from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.engine.nn.map_layers import layers_with_maps, map_size, named
from nnviz.engine.style.losses import Shares

_ENTRY = re.compile(r"(?P<name>[^,*]+?)\s*(\*\s*(?P<weight>\d*\.?\d+)\s*)?")
_ACTIVATIONS = ("ReLU", "ReLU6", "LeakyReLU", "SiLU", "GELU", "Hardswish", "Mish")
_NORM = "Norm"
_COARSEST = 16
"""Maps of less than 1/16 of the input's side have too few positions for a texture."""
_VGG = "features"
_PUBLISHED_STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_PUBLISHED_CONTENT = "relu4_2"


def style_layers(info: ModelInfo, text: str, option: str) -> Shares:
    """Return the layers that represent style, with their weights.

    Args:
        info: of the network.
        text: names separated by commas, each with or without a weight: "stem.relu,
            stage2.0.relu1*0.5"; for a VGG also "relu3_1".  Empty for the default: for a
            VGG the published layers, else the first activation of each map size.
        option: name of the parameter, for errors.

    Raises:
        UsageError: no such layer, or weights that are all zero.
        ModelError: a layer has no map.
    """
    return _shares(_listed(info, text, option) or _first_of_each_size(info))


def content_layers(info: ModelInfo, text: str, option: str) -> Shares:
    """Return the layers that represent content, with weights; as ``style_layers``.

    The default is relu4_2 of a VGG, else the first activation of the coarsest map that
    still distinguishes positions.
    """
    listed = _listed(info, text, option)
    if listed:
        return _shares(listed)
    aliases = _vgg_names(info)
    if _PUBLISHED_CONTENT in aliases:
        return {aliases[_PUBLISHED_CONTENT]: 1.0}
    return {_first_of_each_size(info)[-1][0]: 1.0}


def _listed(info: ModelInfo, text: str, option: str) -> list[tuple[str, float]]:
    if not text.strip():
        return []
    found = []
    for entry in text.split(","):
        parts = _ENTRY.fullmatch(entry.strip())
        if parts is None:
            raise UsageError(
                option,
                f"{entry.strip()!r} is not a layer with a weight",
                "write names with commas between them, LAYER or LAYER*0.5",
            )
        weight = float(parts["weight"] or 1)
        found.append((_known(info, parts["name"], option), weight))
    if not any(weight for _name, weight in found):
        raise UsageError(option, "gives no layer any weight", "raise one above 0")
    return [(name, weight) for name, weight in found if weight]


def _known(info: ModelInfo, name: str, option: str) -> str:
    """Return the full name of a layer, which may be given by a VGG alias.

    Raises:
        UsageError: there is no layer of that name; names the nearest.
        ModelError: the layer has no map.
    """
    aliases = _vgg_names(info)
    name = aliases.get(name, name)
    if info.layer(name) is None:
        known = [layer.name for layer in info.layers]
        raise unknown(f"layer of {option}", name, [*known, *aliases])
    return named(info, name).name


def _shares(weights: Iterable[tuple[str, float]]) -> Shares:
    """Return the weights by layer, normalized to sum to 1."""
    total = sum(weight for _name, weight in weights)
    return {name: weight / total for name, weight in weights}


def _first_of_each_size(info: ModelInfo) -> list[tuple[str, float]]:
    aliases = _vgg_names(info)
    published = [aliases[each] for each in _PUBLISHED_STYLE if each in aliases]
    if published:
        return [(name, 1.0) for name in published]
    coarsest = max(info.preprocess.input_size) / _COARSEST
    by_size: dict[tuple[int, int], list[LayerInfo]] = {}
    for layer in layers_with_maps(info):
        size = map_size(layer) or (0, 0)
        if max(size) >= coarsest:
            by_size.setdefault(size, []).append(layer)
    if not by_size:
        reason = "has no layer with a map fine enough to describe style"
        remedy = "pick a network with convolutions, or name the layers"
        raise ModelError(info.title, reason, remedy)
    return [(_typical(layers).name, 1.0) for layers in by_size.values()]


def _typical(layers: Sequence[LayerInfo]) -> LayerInfo:
    """Return the first activation, preferably one that is called once; else a norm.

    The sum of a residual block has a few channels that dominate all others (Wang et al.
    2021, arXiv:2104.05623), so layers inside the block are preferred.
    """
    once = [layer for layer in layers if layer.calls == 1] or layers
    for kinds in (_is_activation, _is_norm, _is_block):
        found = [layer for layer in once if kinds(layer)]
        if found:
            return found[0]
    return once[0]


def _is_activation(layer: LayerInfo) -> bool:
    return layer.kind in _ACTIVATIONS


def _is_norm(layer: LayerInfo) -> bool:
    return layer.leaf and _NORM in layer.kind


def _is_block(layer: LayerInfo) -> bool:
    return not layer.leaf


def _vgg_names(info: ModelInfo) -> dict[str, str]:
    """Return a VGG's layers by their names in the literature: "relu4_2".

    Empty for other networks.
    """
    leaves = [each for each in info.layers if each.leaf and each.depth == 1]
    if any(not each.name.startswith(("features.", "classifier.")) for each in leaves):
        return {}
    names: dict[str, str] = {}
    block, number = 1, 0
    for layer in leaves:
        if not layer.name.startswith(_VGG):
            continue
        if layer.kind == "MaxPool2d":
            block, number = block + 1, 0
        elif layer.kind == "Conv2d":
            number += 1
            names[f"conv{block}_{number}"] = layer.name
        elif layer.kind == "ReLU":
            names[f"relu{block}_{number}"] = layer.name
    return names if _PUBLISHED_CONTENT in names else {}
