"""Channel ablation over a set: answers and accuracy with channels replaced."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from nnviz.engine.models.model import Model
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.hooks import find_module
from nnviz.engine.nn.pytree import with_first_tensor
from nnviz.engine.nn.shapes.calls import first_tensor

Replace = Callable[[Tensor], None]
"""Writes into maps (N, C, h, w) in place."""


@contextmanager
def replaced_channels(model: Model, layer: str, replace: Replace) -> Iterator[None]:
    """Replace channels of a layer in every forward pass inside the block.

    Args:
        model: the network; its own modules run, not the twin's.
        layer: name.
        replace: writes into a copy of the layer's maps.
    """
    info = model.info.known_layer(layer)

    def change(_module: object, _inputs: object, output: object) -> object:
        found = first_tensor(output)
        if found is None:
            return output
        copied = found.clone()
        replace(maps_of(copied, info))
        return with_first_tensor(output, copied)

    handle = find_module(model.net, layer).register_forward_hook(change)
    try:
        yield
    finally:
        handle.remove()


def with_constant(channels: Sequence[int], values: Tensor) -> Replace:
    """Return a replacement that sets channels to constants.

    Args:
        channels: indices.
        values: (C,), of all channels of the layer.
    """
    places = torch.tensor(channels)

    def replace(maps: Tensor) -> None:
        maps[:, places] = values[places].to(maps)[:, None, None]

    return replace


def with_patch(channels: Sequence[int], source: Tensor) -> Replace:
    """Return a replacement that patches in another image's activations.

    Args:
        channels: indices.
        source: maps of that image, (C, h, w).
    """
    places = torch.tensor(channels)

    def replace(maps: Tensor) -> None:
        maps[:, places] = source[places].to(maps)

    return replace
