"""Replaced classification heads, rebuilt from their weights."""

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.match.signatures import Shapes

_MATRIX = 2


@dataclass(frozen=True, slots=True)
class HeadLayer:
    """A layer with weights in a head.

    Attributes:
        name: of the layer in the head, "1" of "fc.1"; empty where it is the head.
        kind: "Linear", "BatchNorm1d" or "LayerNorm".
        inputs: number of input values.
        outputs: number of output values.
        bias: whether it has a bias.
    """

    name: str
    kind: str
    inputs: int
    outputs: int
    bias: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The head that replaces an architecture's own.

    Attributes:
        path: the module that is replaced, "fc".
        layers: those with weights, first to last; none where there is no head and the
            network returns its features.
        doubled: whether it takes the maxima of the last maps besides their means, as in
            fastai.
    """

    path: str
    layers: tuple[HeadLayer, ...] = ()
    doubled: bool = False

    @property
    def outputs(self) -> int:
        """Number of outputs; 0 for a head that passes its input through."""
        return self.layers[-1].outputs if self.layers else 0

    def describe(self) -> str:
        """Describe the rebuilt layers and the assumptions."""
        if not self.layers:
            return f"it has no {self.path}: the network gives its features"
        parts = [
            f"{layer.kind} {layer.inputs} → {layer.outputs}"
            if layer.kind == "Linear"
            else layer.kind
            for layer in self.layers
        ]
        words = f"{self.path} rebuilt from its weights: {', '.join(parts)}"
        assumed = any(isinstance(each, nn.ReLU) for each in build_head(self).children())
        words += "; ReLU is assumed between them" if assumed else ""
        pooled = "; maxima and means of the last maps are pooled side by side"
        return words + (pooled if self.doubled else "")


def read_head(path: str, shapes: Shapes) -> Head | None:
    """Infer the head at a path from its weights; None if it cannot be rebuilt.

    Args:
        path: of the module in the network, "fc".
        shapes: of all weights in the file, by their names in the network.
    """
    inside = {
        name[len(path) + 1 :]: shape
        for name, shape in shapes.items()
        if name.startswith(f"{path}.")
    }
    if not inside:
        return Head(path)
    layers = []
    for name in dict.fromkeys(each.rpartition(".")[0] for each in inside):
        own = {
            each.rpartition(".")[2]: shape
            for each, shape in inside.items()
            if each.rpartition(".")[0] == name
        }
        layer = _read_layer(name, own)
        if layer is None:
            return None
        layers.append(layer)
    # Their order in the file is that of the module tree, which may have been changed.
    if all(layer.name.isdigit() for layer in layers):
        layers.sort(key=lambda layer: int(layer.name))
    fits = all(first.outputs == second.inputs for first, second in pairwise(layers))
    return Head(path, tuple(layers)) if fits else None


def _read_layer(name: str, own: Mapping[str, tuple[int, ...]]) -> HeadLayer | None:
    shape = own.get("weight", ())
    bias = "bias" in own
    if len(shape) == _MATRIX:
        return HeadLayer(name, "Linear", shape[1], shape[0], bias)
    if len(shape) == 1:
        kind = "BatchNorm1d" if "running_mean" in own else "LayerNorm"
        return HeadLayer(name, kind, shape[0], shape[0], bias)
    return None


class ConcatPool2d(nn.Module):
    """Maxima and means of maps side by side: the pooling of fastai's heads."""

    def __init__(self) -> None:
        super().__init__()
        self.maximum = nn.AdaptiveMaxPool2d(1)
        self.mean = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, 2 C, 1, 1)."""
        return torch.cat((self.maximum(x), self.mean(x)), 1)


def build_head(head: Head) -> nn.Module:
    """Build the head without weights.

    Modules without weights leave only gaps in the numbering: a ReLU is inserted before
    a linear layer whose number does not directly follow its predecessor's, nothing
    elsewhere (dropout does nothing in inference).
    """
    if not head.layers:
        return nn.Identity()
    with on_meta():
        if not head.layers[0].name:
            return _build_layer(head.layers[0])
        return nn.Sequential(OrderedDict(_named_parts(head.layers)))


def _named_parts(layers: Iterable[HeadLayer]) -> Iterable[tuple[str, nn.Module]]:
    place = 0
    before = ""
    for layer in layers:
        name = child_name(layer.name)
        number = int(name) if re.fullmatch(r"\d{1,3}", name) else -1
        follows = number < 0 or number > place
        if before and layer.kind == "Linear" and follows:
            yield (str(place) if number >= 0 else f"{before}_relu"), nn.ReLU()
            place += 1
        while place < number:
            yield str(place), nn.Identity()
            place += 1
        yield name, _build_layer(layer)
        before, place = name, place + 1


def child_name(name: str) -> str:
    """Convert a layer's path in a head to a child's name."""
    return name.replace(".", "_")


def _build_layer(layer: HeadLayer) -> nn.Module:
    match layer.kind:
        case "Linear":
            return nn.Linear(layer.inputs, layer.outputs, bias=layer.bias)
        case "BatchNorm1d":
            return nn.BatchNorm1d(layer.inputs, affine=layer.bias)
        case _:
            return nn.LayerNorm(layer.inputs, bias=layer.bias)
