"""Fused kernels of attention, as the operations that they compute.

Programs that were traced without gradients hold them; no exporter knows them.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def multi_head_attention(  # noqa: PLR0917 -- the kernel's signature
    query: Tensor,
    key: Tensor,
    value: Tensor,
    width: int,
    heads: int,
    weight: Tensor,
    bias: Tensor | None,
    out_weight: Tensor,
    out_bias: Tensor | None,
    mask: Tensor | None = None,
    need_weights: bool = True,  # noqa: FBT001, FBT002
    average: bool = True,  # noqa: FBT001, FBT002
    mask_type: int | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Compute ``aten::_native_multi_head_attention``: arXiv:1706.03762, section 3.2.2.

    Args:
        query: (N, L, E), as ``key`` and ``value``.
        key: see above.
        value: see above.
        width: E.
        heads: their number.
        weight: of the three projections, (3 E, E).
        bias: (3 E,).
        out_weight: (E, E).
        out_bias: (E,).
        mask: not possible.
        need_weights: whether the weights are returned too.
        average: whether these are averaged over the heads.
        mask_type: of the mask.

    Raises:
        NotImplementedError: there is a mask.
    """
    if mask is not None:
        raise NotImplementedError(f"attention with a mask of type {mask_type}")
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    given = zip((query, key, value), weight.chunk(3), biases, strict=True)
    q, k, v = (_heads(functional.linear(x, w, b), heads) for x, w, b in given)
    scores = (q * (width // heads) ** -0.5) @ k.transpose(-2, -1)
    weights = scores.softmax(-1)
    mixed = (weights @ v).transpose(1, 2).flatten(2)
    out = functional.linear(mixed, out_weight, out_bias)
    if not need_weights:
        return out, None
    return out, weights.mean(1) if average else weights


def _heads(x: Tensor, heads: int) -> Tensor:
    """Split (N, L, E) into (N, heads, L, E / heads)."""
    count, length, width = x.shape
    return x.view(count, length, heads, width // heads).transpose(1, 2)


def encoder_layer(  # noqa: PLR0917 -- the kernel's signature
    x: Tensor,
    width: int,
    heads: int,
    weight: Tensor,
    bias: Tensor,
    out_weight: Tensor,
    out_bias: Tensor,
    use_gelu: bool,  # noqa: FBT001
    norm_first: bool,  # noqa: FBT001
    epsilon: float,
    *rest: Any,
) -> Tensor:
    """Compute ``aten::_transformer_encoder_layer_fwd``: attention, then two layers.

    Args:
        x: tokens, (N, L, E).
        width: E.
        heads: their number.
        weight: of the three projections, as those that follow.
        bias: see above.
        out_weight: see above.
        out_bias: see above.
        use_gelu: GELU in place of ReLU between the two layers.
        norm_first: norms before attention and layers rather than behind the sums.
        epsilon: of the norms.
        *rest: weights and biases of two norms and of two layers, a mask, its type.

    Raises:
        NotImplementedError: there is a mask.
    """
    first, second = rest[:2], rest[2:4]
    layers, (mask, _) = rest[4:8], (*rest[8:], None, None)[:2]

    def attend(tokens: Tensor) -> Tensor:
        out, _weights = multi_head_attention(
            *(tokens, tokens, tokens, width, heads, weight, bias, out_weight, out_bias),
            mask,
            need_weights=False,
        )
        return out

    def transform(tokens: Tensor) -> Tensor:
        inner_weight, inner_bias, last_weight, last_bias = layers
        hidden = functional.linear(tokens, inner_weight, inner_bias)
        active = functional.gelu(hidden) if use_gelu else torch.relu(hidden)
        return functional.linear(active, last_weight, last_bias)

    def normalize(tokens: Tensor, norm: tuple[Tensor, ...]) -> Tensor:
        return functional.layer_norm(tokens, (width,), norm[0], norm[1], epsilon)

    if norm_first:
        x = x + attend(normalize(x, first))
        return x + transform(normalize(x, second))
    x = normalize(x + attend(x), first)
    return normalize(x + transform(x), second)
