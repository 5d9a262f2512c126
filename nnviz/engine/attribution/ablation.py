"""Channel ablation: the score without a channel, or with one channel alone."""

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.partial_forward import PartialForward

_LEAST = 1e6
"""Multiply-accumulates of the shortest tail: what running Python costs."""


def without_channels(activation: Tensor, layer: LayerInfo, channels: Tensor) -> Tensor:
    """Return copies of a layer's output, each with the map of one channel zero.

    Args:
        activation: (1, ...) as the layer gave it.
        layer: says what the axes mean.
        channels: (N,) indices.

    Returns:
        (N, ...); tokens that belong to no place, such as the class token, are kept.
    """
    batch = activation.repeat(len(channels), *[1] * (activation.ndim - 1))
    # A view: what is written into it is written into the batch.
    maps_of(batch, layer)[torch.arange(len(channels)), channels] = 0
    return batch


def ablation_weights(score: float, ablated: Tensor) -> Tensor:
    """Return (y - y_k) / |y|: Ablation-CAM, equation 4, WACV 2020.

    The paper divides by y, which is positive there; for a negative score that would
    turn the sign of the whole map.  A score of 0 divides nothing.
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
        maps: (N, h, w), none of them the same everywhere.
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

    Those come first that vary most, from their smallest value to their largest.
    """
    flat = maps.flatten(1)
    ranges = flat.amax(1) - flat.amin(1)
    order = ranges.argsort(descending=True, stable=True)
    return order[: int((ranges > 0).sum())]
