"""Attention weights with gradients, and their propagation through layers.

Fused attention does not return its weights.  Inside ``open_attention`` it is computed
step by step, with the same result up to rounding, and the weights are kept.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from nnviz.base.errors import ModelError


@contextmanager
def open_attention() -> Iterator[list[Tensor]]:
    """Compute the attention that runs inside the block step by step.

    Applies to ``nn.MultiheadAttention`` and ``scaled_dot_product_attention``.

    Yields:
        A list to which the weights of each call are appended, (N, heads, T, S), rows
        summing to 1.  With gradients enabled the graph begins at the first of them.

    Raises:
        ModelError: raised inside, for attention with a mask or other unsupported
            options.
    """
    weights: list[Tensor] = []
    with _AttentionMode(weights):
        yield weights


class _AttentionMode(TorchFunctionMode):
    """Sees torch's functions, inside the block and on this thread only."""

    def __init__(self, weights: list[Tensor]) -> None:
        super().__init__()
        self.weights = weights

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is functional.scaled_dot_product_attention:
            return self._attend(*args, **kwargs)
        if func is functional.multi_head_attention_forward:
            return self._multi_head(*args, **kwargs)
        return func(*args, **kwargs)

    def _attend(
        self, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **named: Any
    ) -> Tensor:
        """softmax(Q K' / sqrt(d)) V: Vaswani et al. 2017, equation 1."""
        options = {**dict(zip(_OPTIONS, rest, strict=False)), **named}
        scale = options.pop("scale", None)
        mask = options.pop("attn_mask", None)
        _refuse(options)
        factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
        logits = query @ key.transpose(-2, -1) * factor
        if isinstance(mask, Tensor):
            added = mask.dtype is not torch.bool
            logits = logits + mask if added else logits.masked_fill(~mask, -math.inf)
        weights = logits.softmax(-1)
        if torch.is_grad_enabled() and not weights.requires_grad:
            weights = weights.detach().requires_grad_()
        self.weights.append(weights)
        return weights @ value

    def _multi_head(self, *args: Any, **kwargs: Any) -> tuple[Tensor, None]:
        """Attention of ``nn.MultiheadAttention``; sequences come first, (T, N, D)."""
        given = _MULTI_HEAD.bind(*args, **kwargs).arguments
        _refuse({name: given.get(name) for name in _UNUSUAL})
        weight, bias = given["in_proj_weight"], given["in_proj_bias"]
        if weight is None:
            raise _refusal("in_proj_weight")
        parts = zip(
            (given["query"], given["key"], given["value"]),
            weight.chunk(3),
            (None,) * 3 if bias is None else bias.chunk(3),
            strict=True,
        )
        heads = given["num_heads"]
        q, k, v = (
            functional.linear(each, of_weight, of_bias)
            .reshape(*each.shape[:2], heads, -1)
            .permute(1, 2, 0, 3)
            for each, of_weight, of_bias in parts
        )
        mixed = self._attend(q, k, v).permute(2, 0, 1, 3).flatten(2)
        return functional.linear(
            mixed, given["out_proj_weight"], given["out_proj_bias"]
        ), None


_OPTIONS = ("attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa")
"""Of ``scaled_dot_product_attention``, in torch's order."""
_MULTI_HEAD = inspect.signature(functional.multi_head_attention_forward)
_UNUSUAL = (
    *("attn_mask", "key_padding_mask", "bias_k", "bias_v", "add_zero_attn"),
    *("is_causal", "static_k", "static_v"),
)
"""Of ``multi_head_attention_forward``: options that image networks do not use."""


def _refuse(options: Mapping[str, Any]) -> None:
    """Refuse options of attention that are not supported.

    Raises:
        ModelError: names the first of them.
    """
    for name, value in options.items():
        if isinstance(value, Tensor) or value:
            raise _refusal(name)


def _refusal(name: str) -> ModelError:
    return ModelError(
        "attention",
        f"cannot be exposed: it uses {name}",
        "use a method for any network, such as grad_cam or occlusion",
    )


def gradient_relevance(weights: list[Tensor], gradients: list[Tensor]) -> Tensor:
    """Return the relevance between all tokens: arXiv:2103.15679, equations 5 and 6.

    For self-attention: R = I, then R + mean_h((dA A)+) R at every layer.

    Args:
        weights: (heads, T, T) per layer, in order.
        gradients: of the score with respect to them.

    Returns:
        (T, T): row t holds the relevance of all tokens to token t.
    """
    relevance = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for a, g in zip(weights, gradients, strict=True):
        relevance = relevance + (g * a).relu().mean(0) @ relevance
    return relevance


def rollout(weights: list[Tensor]) -> Tensor:
    """Return attention rollout over all layers: arXiv:2005.00928, section 3.

    The residual connection counts as one half: (mean_h(A) + I) / 2 at every layer.

    Args:
        weights: (heads, T, T) per layer, in order.

    Returns:
        (T, T): row t is the mixture of inputs in token t, summing to 1.
    """
    one = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    mixture = one
    for a in weights:
        mixture = (a.mean(0) + one) / 2 @ mixture
    return mixture


def token_map(relevance: Tensor, grid: tuple[int, int], extra: int) -> Tensor:
    """Return the class token's row (or the mean row) as a map (h, w) over the patches.

    Args:
        relevance: (T, T).
        grid: rows and columns of the tokens.
        extra: number of tokens before the grid's: the first, the class token, gives the
            row; without one it is the mean over all tokens.
    """
    row = relevance[0] if extra else relevance.mean(0)
    return row[extra:].view(grid)
