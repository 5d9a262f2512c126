"""Multiply-accumulates of operations; only products of arrays count."""

import math
from collections.abc import Callable

from torch import Tensor

from nnviz.engine.nn.shapes.calls import Call


def macs_of(call: Call, output: object) -> int:
    """Return an operation's multiply-accumulates; only products of arrays count."""
    count = _MACS.get(call.name)
    first = output[0] if isinstance(output, tuple) else output
    return count(call, first) if count and isinstance(first, Tensor) else 0


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
    """Return the product of the extents of all letters in an einsum."""
    terms = call.values["equation"].replace(" ", "").split("->")[0].split(",")
    if len(terms) == 1:
        return 0
    extents: dict[str, int] = {}
    for term, tensor in zip(terms, call.tensors, strict=False):
        for letter, size in zip(_letters(term, tensor.ndim), tensor.shape, strict=True):
            extents[letter] = max(size, extents.get(letter, 1))  # 1 is broadcast
    return math.prod(extents.values())


def _letters(term: str, ndim: int) -> list[str]:
    """Return a name for each axis; those in "..." are numbered from the right."""
    if "..." not in term:
        return list(term)
    first, last = term.split("...")
    hidden = ndim - len(first) - len(last)
    return [*first, *(f".{index}" for index in range(hidden, 0, -1)), *last]


def _native_attention_macs(call: Call, _output: Tensor) -> int:
    """Count the projections, scores and sums of torch's fused multi-head attention."""
    query, key = call.values["query"], call.values["key"]
    return _attention_block(query, key, call.values["embed_dim"])


def _encoder_layer_macs(call: Call, _output: Tensor) -> int:
    """Count a fused encoder layer: attention, and the two linear layers behind it."""
    x, width = call.values["src"], call.values["embed_dim"]
    tokens = x.numel() // width
    hidden = call.values["ffn_weight_1"].shape[0]
    return int(_attention_block(x, x, width) + 2 * tokens * width * hidden)


def _attention_block(query: Tensor, key: Tensor, width: int) -> int:
    queries, keys = query.numel() // query.shape[-1], key.numel() // key.shape[-1]
    projections = width * width * (2 * queries + 2 * keys)
    return projections + 2 * queries * key.shape[-2] * width


_MACS: dict[str, Callable[[Call, Tensor], int]] = {
    "conv1d": _conv_macs,
    "conv2d": _conv_macs,
    "conv3d": _conv_macs,
    "conv_transpose1d": _conv_macs,
    "conv_transpose2d": _conv_macs,
    "conv_transpose3d": _conv_macs,
    "_native_multi_head_attention": _native_attention_macs,
    "_transformer_encoder_layer_fwd": _encoder_layer_macs,
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
