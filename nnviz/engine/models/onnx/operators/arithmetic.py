"""Elementwise operators: arithmetic, comparison, activation functions, types."""

import operator as python
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.models.onnx.graph import Node
from nnviz.engine.models.onnx.operators.registry import Function, operator, plain
from nnviz.engine.models.onnx.reading import torch_kind

_UNARY: dict[str, Function] = {
    "Abs": torch.abs,
    "Acos": torch.acos,
    "Asin": torch.asin,
    "Atan": torch.atan,
    "Ceil": torch.ceil,
    "Cos": torch.cos,
    "Cosh": torch.cosh,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "IsNaN": torch.isnan,
    "Log": torch.log,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Reciprocal": torch.reciprocal,
    "Relu": functional.relu,
    "Round": torch.round,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Sinh": torch.sinh,
    "Softplus": functional.softplus,
    "Softsign": functional.softsign,
    "Sqrt": torch.sqrt,
    "Tan": torch.tan,
    "Tanh": torch.tanh,
    "HardSwish": functional.hardswish,
    "Mish": functional.mish,
}
_BINARY: dict[str, Function] = {
    "Add": python.add,
    "Sub": python.sub,
    "Mul": python.mul,
    "Equal": python.eq,
    "Greater": python.gt,
    "GreaterOrEqual": python.ge,
    "Less": python.lt,
    "LessOrEqual": python.le,
}
_LOGICAL: dict[str, Function] = {
    "And": torch.logical_and,
    "Or": torch.logical_or,
    "Xor": torch.logical_xor,
    "BitwiseAnd": torch.bitwise_and,
    "BitwiseOr": torch.bitwise_or,
    "BitwiseXor": torch.bitwise_xor,
}

for _kind, _function in (_UNARY | _LOGICAL).items():
    plain(_kind, _function)
for _kind, _function in _BINARY.items():
    plain(_kind, _function, scalars=True)


def _of_kind(value: Any, kind: torch.dtype) -> Tensor:
    return value.to(kind) if isinstance(value, Tensor) else torch.tensor(value).to(kind)


def _divided(x: Any, y: Any) -> Any:
    """Divide; integer division truncates."""
    first = x if isinstance(x, Tensor) else y
    if first.is_floating_point():
        return x / y
    return torch.div(x, y, rounding_mode="trunc")


plain("Div", _divided, scalars=True)


@operator("Pow", scalars=True)
def _power(_node: Node) -> Function:
    def power(x: Any, y: Any) -> Any:
        result = x**y
        # The result has the type of the base, whatever the exponent's.
        return result.to(x.dtype) if isinstance(x, Tensor) else result

    return power


@operator("Mod", scalars=True)
def _modulo(node: Node) -> Function:
    return torch.fmod if node.get("fmod", 0) else torch.remainder


@operator("Min", "Max", "Sum", "Mean")
def _of_several(node: Node) -> Function:
    pairs: dict[str, Function] = {"Min": torch.minimum, "Max": torch.maximum}
    pair = pairs.get(node.kind, torch.add)

    def combined(*tensors: Tensor) -> Tensor:
        result: Tensor = reduce(pair, tensors)
        return result / len(tensors) if node.kind == "Mean" else result

    return combined


@operator("Where")
def _where(_node: Node) -> Function:
    return torch.where


@operator("IsInf")
def _is_infinite(node: Node) -> Function:
    signs = node.get("detect_positive", 1), node.get("detect_negative", 1)

    def is_infinite(x: Tensor) -> Tensor:
        found = torch.isinf(x)
        if not signs[0]:
            found &= x < 0
        return found if signs[1] else found & (x > 0)

    return is_infinite


@operator("Clip", scalars=True)
def _clip(node: Node) -> Function:
    low, high = node.get("min", None), node.get("max", None)

    def clip(x: Tensor, least: Any = None, most: Any = None) -> Tensor:
        limits = (low if least is None else least, high if most is None else most)
        return x if limits[0] is limits[1] is None else torch.clamp(x, *limits)

    return clip


@operator("Cast")
def _cast(node: Node) -> Function:
    kind = torch_kind(node.get("to", 0))
    if kind is None:
        raise node.refusal("casts to a type that torch does not have")
    return lambda x: _as_kind(x, kind)


@operator("CastLike")
def _cast_like(_node: Node) -> Function:
    return lambda x, like: _as_kind(x, like.dtype)


def _as_kind(x: Tensor, kind: torch.dtype) -> Tensor:
    """Cast a tensor; floating-point tensors keep their precision."""
    if kind.is_floating_point:
        return x if x.is_floating_point() else x.to(torch.get_default_dtype())
    return x.to(kind)


@operator("Identity")
def _identity(_node: Node) -> Function:
    return lambda x: x


@operator("Dropout")
def _dropout(node: Node) -> Function:
    if len(node.outputs) > 1:
        return lambda x, *_: (x, torch.ones_like(x, dtype=torch.bool))
    return lambda x, *_: x


@operator("Elu")
def _elu(node: Node) -> Function:
    alpha = node.get("alpha", 1.0)
    return lambda x: functional.elu(x, alpha)


@operator("Celu")
def _celu(node: Node) -> Function:
    alpha = node.get("alpha", 1.0)
    return lambda x: functional.celu(x, alpha)


@operator("Selu")
def _selu(node: Node) -> Function:
    alpha = node.get("alpha", 1.67326319217681884765625)
    gamma = node.get("gamma", 1.05070102214813232421875)
    return lambda x: gamma * torch.where(x > 0, x, alpha * torch.expm1(x))


@operator("LeakyRelu")
def _leaky_relu(node: Node) -> Function:
    slope = node.get("alpha", 0.01)
    return lambda x: functional.leaky_relu(x, slope)


@operator("ThresholdedRelu")
def _thresholded_relu(node: Node) -> Function:
    threshold = node.get("alpha", 1.0)
    return lambda x: torch.where(x > threshold, x, torch.zeros_like(x))


@operator("Shrink")
def _shrink(node: Node) -> Function:
    limit, bias = node.get("lambd", 0.5), node.get("bias", 0.0)
    return lambda x: torch.where(
        x < -limit, x + bias, torch.where(x > limit, x - bias, torch.zeros_like(x))
    )


@operator("PRelu")
def _prelu(_node: Node) -> Function:
    return lambda x, slope: torch.where(x < 0, x * slope, x)


@operator("HardSigmoid")
def _hard_sigmoid(node: Node) -> Function:
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    return lambda x: torch.clamp(alpha * x + beta, 0, 1)


@operator("Gelu")
def _gelu(node: Node) -> Function:
    way = node.get("approximate", "none")
    return lambda x: functional.gelu(x, approximate=way)


@operator("Swish")
def _swish(node: Node) -> Function:
    alpha = node.get("alpha", 1.0)
    return lambda x: x * torch.sigmoid(alpha * x)


@operator("Softmax", "LogSoftmax")
def _softmax(node: Node) -> Function:
    function = torch.softmax if node.kind == "Softmax" else torch.log_softmax
    axis = node.get("axis", -1 if node.opset >= _PER_AXIS else 1)
    if node.opset >= _PER_AXIS:
        return lambda x: function(x, axis)
    return lambda x: function(x.flatten(axis), -1).view_as(x) if x.ndim else x


_PER_AXIS = 13
"""Version since which a softmax is over one axis, not over all from it on."""


@operator("QuantizeLinear")
def _quantize(node: Node) -> Function:
    axis = node.get("axis", 1)

    def quantize(x: Tensor, scale: Tensor, zero: Tensor | None = None) -> Tensor:
        kind = torch.uint8 if zero is None else zero.dtype
        limits = torch.iinfo(kind)
        steps = torch.round(x / _along(scale, x, axis))
        offset = 0 if zero is None else _along(zero, x, axis).to(steps.dtype)
        return torch.clamp(steps + offset, limits.min, limits.max).to(kind)

    return quantize


@operator("DequantizeLinear")
def _dequantize(node: Node) -> Function:
    axis = node.get("axis", 1)

    def dequantize(x: Tensor, scale: Tensor, zero: Tensor | None = None) -> Tensor:
        offset = 0 if zero is None else _along(zero, x, axis).to(scale.dtype)
        return (x.to(scale.dtype) - offset) * _along(scale, x, axis)

    return dequantize


def _along(values: Tensor, x: Tensor, axis: int) -> Tensor:
    """Reshape a value per index of an axis so that it broadcasts to a tensor."""
    if values.numel() == 1:
        return values.reshape(())
    shape = [1] * x.ndim
    shape[axis] = -1
    return values.reshape(shape)
