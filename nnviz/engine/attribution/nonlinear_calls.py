"""Calls of activation functions and max poolings, met among torch's functions.

So modules, functional calls, in-place ones and modules that run several times are all
treated alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


@dataclass(frozen=True, slots=True, eq=False)
class NonlinearCall:
    """A call of a nonlinear function; its input is kept safe from in-place writes."""

    function: Callable[..., Any]
    given: Tensor
    rest: tuple[Any, ...]
    options: Mapping[str, Any]

    def apply(self, given: Tensor) -> Tensor:
        """Return the function's output for another input, which is left unchanged."""
        output: Tensor = self.function(given.clone(), *self.rest, **self.options)
        return output

    def with_slope(self) -> tuple[Tensor, Tensor]:
        """Return an activation function's output and derivative, detached."""
        with torch.enable_grad():
            leaf = self.given.detach().requires_grad_()
            output = self.apply(leaf)
            (slope,) = torch.autograd.grad(output.sum(), leaf)
        return output.detach(), slope


class NonlinearMode(TorchFunctionMode):
    """Intercepts calls of nonlinear functions inside the block, on this thread only."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func not in _NONLINEAR or not args:
            return func(*args, **kwargs)
        output = self.answer(NonlinearCall(func, args[0], args[1:], kwargs))
        if kwargs.get("inplace") or func.__name__.endswith("_"):
            return args[0].copy_(output)
        return output

    def answer(self, call: NonlinearCall) -> Tensor:
        """Compute the output of an intercepted call."""
        raise NotImplementedError


ACTIVATIONS = frozenset(
    {
        functional.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_,
        functional.relu6, functional.hardtanh, functional.leaky_relu, functional.elu,
        functional.selu, functional.celu, functional.gelu, functional.silu,
        functional.mish, functional.softplus, functional.hardswish,
        functional.hardsigmoid, functional.logsigmoid, functional.sigmoid,
        torch.sigmoid, torch.sigmoid_, Tensor.sigmoid, Tensor.sigmoid_,
        functional.tanh, torch.tanh, torch.tanh_, Tensor.tanh, Tensor.tanh_,
    }
)  # fmt: skip
"""Elementwise functions, under every name that torch has for them."""
MAX_POOLINGS = frozenset({torch.max_pool2d, functional.max_pool2d})
_NONLINEAR = ACTIVATIONS | MAX_POOLINGS
