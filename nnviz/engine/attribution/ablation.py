"""Channel ablation: the score without a channel, or with one channel alone."""

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.partial_forward import PartialForward

_LEAST = 1e6
"""Multiply-accumulates of the shortest tail: the equivalent of Python's overhead."""


def without_channels(activation: Tensor, layer: LayerInfo, channels: Tensor) -> Tensor:
    """Return copies of a layer's output, each with the map of one channel zero.

    Args:
        activation: (1, ...) as returned by the layer.
        layer: gives the meaning of the axes.
        channels: (N,) indices.

    Returns:
        (N, ...); tokens without a position, such as the class token, are kept.
    """
    batch = activation.repeat(len(channels), *[1] * (activation.ndim - 1))
    # A view: writing into it writes into the batch.
    maps_of(batch, layer)[torch.arange(len(channels)), channels] = 0
    return batch


def ablation_weights(score: float, ablated: Tensor) -> Tensor:
    """Return (y - y_k) / |y|: Ablation-CAM, equation 4, WACV 2020.

    The paper divides by y, which it takes to be positive; for a negative score that
    would flip the sign of the whole map.  Nothing is divided by a score of 0.
    """
    return (score - ablated) / (abs(score) or 1.0)


def tail_macs(tail: PartialForward, info: ModelInfo) -> float:
    """Return about how many multiply-accumulates one run of a tail takes."""
    names = {id(module): name for name, module in tail.net.named_modules()}
    skipped = {names[id(module)] for module in tail.skipped}
    saved = sum(layer.macs for layer in info.layers if layer.name in skipped)
    return max(info.macs - saved, _LEAST)


def channel_masks(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Return each map at the input's size, stretched to [0, 1]: Score-CAM, equation 5.

    Args:
        maps: (N, h, w), none of them constant.
        size: of the input.

    Returns:
        (N, 1, H, W).
    """
    large = functional.interpolate(
        maps[:, None], size, mode="bilinear", align_corners=False
    )
    low, high = large.amin((2, 3), keepdim=True), large.amax((2, 3), keepdim=True)
    return (large - low) / (high - low)


def varied(maps: Tensor) -> Tensor:
    """Return the indices of the maps that are not the same everywhere.

    Sorted by range, the difference of largest and smallest value, the largest first.
    """
    flat = maps.flatten(1)
    ranges = flat.amax(1) - flat.amin(1)
    order = ranges.argsort(descending=True, stable=True)
    return order[: int((ranges > 0).sum())]
