"""Multiply-accumulates of one operation; only products of arrays count."""

import math
from collections.abc import Callable

from torch import Tensor

from nnviz.engine.nn.shapes.calls import Call


def macs_of(call: Call, output: object) -> int:
    """Return an operation's multiply-accumulates; only products of arrays count."""
    count = _MACS.get(call.name)
    return count(call, output) if count and isinstance(output, Tensor) else 0


def _conv_macs(call: Call, output: Tensor) -> int:
    # Each output number is a sum over the kernel and the group's input channels.
    weight = call.values["weight"]
    transposed = call.name.startswith("conv_transpose") or call.values.get("transposed")
    places = call.source.numel() if transposed else output.numel()
    return int(places * math.prod(weight.shape[1:]))


def _product_macs(call: Call, output: Tensor) -> int:
    return output.numel() * call.source.shape[-1]


def _addmm_macs(call: Call, output: Tensor) -> int:
    return output.numel() * call.tensors[1].shape[-1]


def _attention_macs(call: Call, output: Tensor) -> int:
    query, key = call.tensors[:2]
    scores = query[..., 0].numel() * key.shape[-2]
    return scores * (query.shape[-1] + output.shape[-1])


def _einsum_macs(call: Call, _output: Tensor) -> int:
    # A product over every letter that occurs, each with its extent.
    inputs = call.values["equation"].replace(" ", "").split("->")[0].split(",")
    extents = {
        letter: size
        for letters, tensor in zip(inputs, call.tensors, strict=False)
        for letter, size in zip(letters, tensor.shape, strict=False)
    }
    return math.prod(extents.values())


_MACS: dict[str, Callable[[Call, Tensor], int]] = {
    "conv1d": _conv_macs,
    "conv2d": _conv_macs,
    "conv3d": _conv_macs,
    "conv_transpose2d": _conv_macs,
    "convolution": _conv_macs,
    "linear": _product_macs,
    "matmul": _product_macs,
    "mm": _product_macs,
    "bmm": _product_macs,
    "addmm": _addmm_macs,
    "baddbmm": _addmm_macs,
    "einsum": _einsum_macs,
    "scaled_dot_product_attention": _attention_macs,
}
