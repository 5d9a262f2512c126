"""Full gradients: a score split into shares of the input and of every bias.

Srinivas & Fleuret 2019, arXiv:1905.00780.  The score of a network of ReLUs is the input
times its gradient plus each bias times the gradient at its layer's output (proposition
1); a batch norm in eval mode has a bias made of its shift and its statistics, and an
activation function other than a ReLU an implicit one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.engine.attribution.cam import upsampled
from nnviz.engine.attribution.nonlinear_calls import (
    MAX_POOLINGS,
    NonlinearCall,
    NonlinearMode,
)
from nnviz.engine.nn.gradients import Check, Score, send_back_to
from nnviz.engine.nn.hooks import checked_backward, removed_hooks

_MAP_AXES = 4


@dataclass(frozen=True, slots=True, eq=False)
class FullGradient:
    """A score decomposed into the shares of the input and of every bias.

    Attributes:
        input: (C, H, W), of the network's input.
        biases: one (C, h, w) for each call that has biases and gives maps.
        rest: the sum over biases of layers without maps.
    """

    input: Tensor
    biases: tuple[Tensor, ...]
    rest: float

    @property
    def total(self) -> float:
        """Sum of all shares; equals the score if every nonlinearity is elementwise."""
        parts = (self.input, *self.biases)
        return self.rest + sum(float(part.double().sum()) for part in parts)

    def saliency(self) -> Tensor:
        """Return the map (H, W) of equation 5: each layer's shares rescaled to [0, 1].

        As in the authors' program a layer is rescaled as a whole, over all of its
        channels, before they are added.
        """
        height, width = self.input.shape[1:]
        maps = [
            upsampled(_stretched(part).sum(0), (height, width))
            for part in (self.input, *self.biases)
        ]
        return torch.stack(maps).sum(0)


def full_gradient(
    score: Score, net: nn.Module, given: Tensor, check: Check
) -> FullGradient:
    """Decompose the score of an image into shares of the input and of the biases.

    Args:
        score: of the network's input; runs ``net``.
        net: the network; biases of convolutions, linear layers and batch norms count.
        given: the network's input, (1, C, H, W), normalized.
        check: called in both passes; raises to stop.

    Raises:
        ModelError: no gradient reaches the input.
    """
    leaf = given.detach().requires_grad_()
    with torch.enable_grad(), checked_backward(check), _biased(net) as found:
        scores = score(leaf)
        zeros = [each.zero for each in found]
        gradients = send_back_to([scores], [torch.ones_like(scores)], [leaf, *zeros])
    first, *others = gradients
    shares = [
        each.bias * gradient for each, gradient in zip(found, others, strict=True)
    ]
    maps = tuple(share[0] for share in shares if share.ndim == _MAP_AXES)
    flat = [share.double().sum() for share in shares if share.ndim != _MAP_AXES]
    return FullGradient(
        (leaf.detach() * first)[0], maps, float(sum(flat, torch.zeros(())))
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Biased:
    """One call of a layer with a bias.

    Attributes:
        bias: of a shape that broadcasts over the layer's output.
        zero: added to that output, so that its gradient is the output's.
    """

    bias: Tensor
    zero: Tensor


@contextmanager
def _biased(net: nn.Module) -> Iterator[list[_Biased]]:
    """Record each call of a layer with a bias inside the block."""
    found: list[_Biased] = []

    def hook(module: nn.Module, _inputs: Any, output: Any) -> Any:
        bias = _bias(module)
        if bias is None or not isinstance(output, Tensor):
            return output
        last = isinstance(module, nn.Linear)
        spread = bias if last else bias.view(-1, *[1] * (output.ndim - 2))
        return _noted(found, output, spread.detach())

    layers = (module for module in net.modules() if isinstance(module, _LAYERS))
    with removed_hooks() as handles, _ImplicitBiases(found):
        handles.extend(layer.register_forward_hook(hook) for layer in layers)
        yield found


def _noted(found: list[_Biased], output: Tensor, bias: Tensor) -> Tensor:
    """Record a bias; return the output plus a zero that collects its gradient."""
    zero = torch.zeros_like(output, requires_grad=True)
    found.append(_Biased(bias, zero))
    return output + zero


class _ImplicitBiases(NonlinearMode):
    """Records implicit biases of activations: output minus input times slope."""

    def __init__(self, found: list[_Biased]) -> None:
        super().__init__()
        self._found = found

    def answer(self, call: NonlinearCall) -> Tensor:
        output = call.apply(call.given)
        if call.function in MAX_POOLINGS or not call.given.requires_grad:
            return output
        value, slope = call.with_slope()
        bias = value - slope * call.given.detach()
        # A ReLU has none, bit for bit.
        return _noted(self._found, output, bias) if bias.any() else output


_LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)


def _bias(module: nn.Module) -> Tensor | None:
    """Return the constant that a layer adds to each channel, or None."""
    if not isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        found = module.bias
        return found if isinstance(found, Tensor) else None
    if module.running_mean is None or module.running_var is None:
        return None
    shift = -module.running_mean / (module.running_var + module.eps).sqrt()
    return torch.addcmul(module.bias, shift, module.weight) if module.affine else shift


def _stretched(shares: Tensor) -> Tensor:
    """Return absolute values rescaled to [0, 1]; zeros if all are equal."""
    sizes = shares.double().abs().cpu()
    low, high = sizes.aminmax()
    return (sizes - low) / ((high - low) or 1)
