"""Normalization: batch, layer, instance, group, RMS, local response, Lp."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.models.onnx.graph import Node
from nnviz.engine.models.onnx.operators.registry import Function, operator

_PER_CHANNEL_GROUPS = 21
"""Version since which a group norm has a scale for each channel, not each group."""


@operator("BatchNormalization")
def _batch_norm(node: Node) -> Function:
    epsilon = node.get("epsilon", 1e-5)
    refuse_training(node)

    def norm(x: Tensor, scale: Tensor, shift: Tensor, *running: Tensor) -> Tensor:
        mean, variance = running
        return functional.batch_norm(x, mean, variance, scale, shift, False, 0, epsilon)

    return norm


def refuse_training(node: Node) -> None:
    """Refuse a batch norm exported in training mode, which uses batch statistics.

    Raises:
        ModelError: the norm was exported in training mode.
    """
    if node.get("training_mode", 0):
        raise node.refusal(
            "was exported in training mode", "call net.eval() before the export"
        )


@operator("LayerNormalization")
def _layer_norm(node: Node) -> Function:
    axis, epsilon = node.get("axis", -1), node.get("epsilon", 1e-5)

    def norm(x: Tensor, scale: Tensor, shift: Tensor | None = None) -> Any:
        shape = x.shape[axis % x.ndim :]
        # Either may have fewer axes than the normalized ones.
        wide = scale.expand(shape)
        bias = None if shift is None else shift.expand(shape)
        result = functional.layer_norm(x, shape, wide, bias, epsilon)
        if len(node.outputs) == 1:
            return result
        axes = list(range(axis % x.ndim, x.ndim))
        mean = x.mean(axes, keepdim=True)
        variance = x.var(axes, correction=0, keepdim=True)
        return result, mean, torch.rsqrt(variance + epsilon)

    return norm


@operator("RMSNormalization")
def _rms_norm(node: Node) -> Function:
    axis, epsilon = node.get("axis", -1), node.get("epsilon", 1e-5)

    def norm(x: Tensor, scale: Tensor) -> Tensor:
        shape = x.shape[axis % x.ndim :]
        normed: Tensor = functional.rms_norm(x, shape, None, epsilon)
        return normed * scale

    return norm


@operator("InstanceNormalization")
def _instance_norm(node: Node) -> Function:
    epsilon = node.get("epsilon", 1e-5)
    return lambda x, scale, shift: functional.instance_norm(
        x, None, None, scale, shift, True, 0.0, epsilon
    )


@operator("GroupNormalization")
def _group_norm(node: Node) -> Function:
    groups, epsilon = node.get("num_groups", 1), node.get("epsilon", 1e-5)

    def norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        if node.opset < _PER_CHANNEL_GROUPS:
            times = x.shape[1] // groups
            scale, shift = (each.repeat_interleave(times) for each in (scale, shift))
        return functional.group_norm(x, groups, scale, shift, epsilon)

    return norm


@operator("LRN")
def _local_response_norm(node: Node) -> Function:
    size = node.get("size", 1)
    alpha, beta = node.get("alpha", 1e-4), node.get("beta", 0.75)
    bias = node.get("bias", 1.0)

    def norm(x: Tensor) -> Tensor:
        # For an even number of channels ONNX includes one more behind, torch before.
        before, after = (size - 1) // 2, size // 2
        squares = x.square().movedim(1, -1)
        around = functional.pad(squares, (before, after)).unfold(-1, size, 1).sum(-1)
        base: Tensor = bias + alpha / size * around.movedim(-1, 1)
        return x / base.pow(beta)

    return norm


@operator("LpNormalization")
def _lp_norm(node: Node) -> Function:
    axis, p = node.get("axis", -1), node.get("p", 2)

    def norm(x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(x, p, axis, keepdim=True)
        return torch.where(length == 0, torch.zeros_like(x), x / length)

    return norm


@operator("MeanVarianceNormalization")
def _mean_variance_norm(node: Node) -> Function:
    axes = node.ints("axes") or [0, 2, 3]

    def norm(x: Tensor) -> Tensor:
        mean = x.mean(axes, keepdim=True)
        spread = x.var(axes, correction=0, keepdim=True).sqrt()
        return (x - mean) / (spread + 1e-9)

    return norm
