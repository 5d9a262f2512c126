"""Layer-wise relevance propagation through a whole network, by modified gradients.

Linear layers follow the rules of a composite; activation functions pass relevance on;
attention weights and the scale of layer norms are treated as constants (Ali et al.
2022, arXiv:2202.07304); everything else keeps its gradient, which divides a sum's
relevance in proportion to its terms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from nnviz.engine.attribution.nonlinear_calls import ACTIVATIONS, NonlinearCall
from nnviz.engine.attribution.relevance_propagation.relevance_rules import (
    LinearCall,
    Rule,
    share_out,
    share_out_box,
    stabilized,
)
from nnviz.engine.attribution.transformers.attention import open_attention

_TINY = 1e-9
_CONVOLUTIONS = frozenset({torch.conv1d, torch.conv2d, functional.conv2d})
_SOFTMAXES = frozenset({Tensor.softmax, torch.softmax, functional.softmax})


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """A composite: the rule of relevance propagation for each kind of layer.

    Attributes:
        convolution: the rule of convolutions.
        dense: the rule of dense layers.
        box: the first layer follows the box rule, between pixels 0 and 1.
    """

    convolution: Rule
    dense: Rule
    box: bool


@dataclass(slots=True, eq=False)
class RelevancePass(TorchFunctionMode):
    """A forward pass whose backward pass propagates relevance.

    Attributes:
        composite: the rules.
        low: the normalized input for a black image, of the input's shape.
        high: likewise for a white one.
        reached: the input's relevance, where the first layer follows the box rule.
        count: number of linear layers encountered.
    """

    composite: Composite
    low: Tensor
    high: Tensor
    reached: list[Tensor] = field(default_factory=list)
    count: int = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in _CONVOLUTIONS or func is functional.linear:
            return self._linear(func, *args, **kwargs)
        if func in ACTIVATIONS and args:
            return _activate(func, args, kwargs)
        if func is functional.layer_norm:
            return _layer_norm(*args, **kwargs)
        if func in _SOFTMAXES:
            return func(*args, **kwargs).detach()
        return func(*args, **kwargs)

    def _linear(
        self,
        func: Callable[..., Any],
        given: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        *rest: Any,
        **options: Any,
    ) -> Tensor:
        def apply(x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
            found: Tensor = func(x, w, b, *rest, **options)
            return found

        self.count += 1
        with torch.no_grad():
            output = apply(given, weight, bias)
        call = LinearCall(apply, given.detach(), weight, bias, output)
        if self.composite.box and self.count == 1 and given.shape == self.low.shape:
            return _through(given, output, lambda r: self._box(call, r))
        dense = func is functional.linear
        rule = self.composite.dense if dense else self.composite.convolution
        return _through(given, output, lambda r: share_out(rule, call, r))

    def _box(self, call: LinearCall, relevance: Tensor) -> Tensor:
        self.reached.append(share_out_box(call, relevance, self.low, self.high))
        return torch.zeros_like(call.given)


def relevance_of(
    score: Callable[[Tensor], Tensor], x: Tensor, passing: RelevancePass
) -> Tensor:
    """Return the relevance of a network's input, (1, C, H, W).

    Args:
        score: of the network's input, one number.
        x: normalized, (1, C, H, W).
        passing: the pass with its rules.
    """
    leaf = x.detach().requires_grad_()
    # The mode entered last sees calls first: the operations that attention is made of.
    with torch.enable_grad(), passing, open_attention():
        total = score(leaf).sum()
    (found,) = torch.autograd.grad(
        total, leaf, allow_unused=True, materialize_grads=True
    )
    relevance = found * leaf.detach()
    for each in passing.reached:
        relevance = relevance + each
    return relevance


class _Through(torch.autograd.Function):
    """Identity on an output; its backward pass applies a function to the relevance."""

    @staticmethod
    def forward(
        ctx: Any, _given: Tensor, output: Tensor, back: Callable[[Tensor], Tensor]
    ) -> Tensor:
        ctx.save_for_backward(output)
        ctx.back = back
        return output.clone()

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> tuple[Tensor, None, None]:
        (output,) = ctx.saved_tensors
        return ctx.back(signals[0] * output), None, None


def _through(given: Tensor, output: Tensor, back: Callable[[Tensor], Tensor]) -> Tensor:
    found: Tensor = _Through.apply(given, output, back)
    return found


def _activate(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Tensor:
    """Apply an activation with slope output / input, which passes relevance on."""
    call = NonlinearCall(func, args[0], args[1:], kwargs)
    given = args[0]
    with torch.no_grad():
        output = call.apply(given)
        slope = output / stabilized(given, _TINY)
    passed = given * slope
    # The product equals the output up to rounding; the output's value is kept.
    found: Tensor = passed + (output - passed.detach())
    if kwargs.get("inplace") or func.__name__.endswith("_"):
        return _written(given, found)
    return found


def _written(given: Tensor, found: Tensor) -> Tensor:
    """Write an in-place function's output into its input, and return it."""
    return given.copy_(found) if given.requires_grad and not given.is_leaf else found


def _layer_norm(
    x: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Layer norm whose scale is detached."""
    axes = tuple(range(-len(normalized_shape), 0))
    centered = x - x.mean(axes, keepdim=True)
    variance = x.detach().var(axes, unbiased=False, keepdim=True)
    found = centered / (variance + eps).sqrt()
    if weight is not None:
        found = found * weight
    return found if bias is None else found + bias
