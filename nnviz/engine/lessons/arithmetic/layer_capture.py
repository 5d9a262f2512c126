"""Forward hooks on one layer: its input, output, and the layers directly after it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.base.errors import ModelError
from nnviz.engine.context import Context
from nnviz.engine.nn.hooks import find_module
from nnviz.engine.nn.shapes.calls import first_tensor

ELEMENTWISE = (
    *(nn.BatchNorm2d, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU),
    *(nn.SiLU, nn.GELU, nn.Mish, nn.Sigmoid, nn.Tanh, nn.Hardswish, nn.Hardsigmoid),
    *(nn.Softplus, nn.Hardtanh, nn.Identity, nn.Dropout),
)
"""Layers that compute each value from the value at the same position."""


class _ReachedError(Exception):
    """Stops the pass at the first layer that is not elementwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """An elementwise layer directly after another.

    Attributes:
        name: dotted path.
        module: the layer.
        output: of its last call, (1, ...).
    """

    name: str
    module: nn.Module
    output: Tensor


@dataclass(slots=True, eq=False)
class LayerCapture:
    """Input and output of a layer in one forward pass.

    Attributes:
        name: dotted path.
        module: the layer.
        inputs: of its last call, (1, ...).
        output: of its last call.
        stages: batch norm and activation directly after it, in order.
    """

    name: str
    module: nn.Module
    inputs: Tensor | None = None
    output: Tensor | None = None
    stages: list[Stage] = field(default_factory=list)

    @property
    def given(self) -> Tensor:
        """The layer's input.

        Raises:
            ModelError: the layer was not run, or takes no tensor.
        """
        return self._known(self.inputs)

    @property
    def result(self) -> Tensor:
        """The layer's output.

        Raises:
            ModelError: the layer was not run, or returns no tensor.
        """
        return self._known(self.output)

    def _known(self, tensor: Tensor | None) -> Tensor:
        if tensor is None:
            reason = "a forward pass does not run this layer"
            raise ModelError(self.name, reason, "pick another layer")
        return tensor


def capture_layer(ctx: Context, layer: str) -> LayerCapture:
    """Capture a layer's input, output, and the elementwise layers directly after it.

    One pass, which ends behind the activation.

    Args:
        ctx: of a running method.
        layer: dotted path.

    Raises:
        UsageError: no such layer.
    """
    net = ctx.model.net
    found = LayerCapture(layer, find_module(net, layer))
    with torch.no_grad(), _watched(net, found), suppress(_ReachedError):
        ctx.inference.pixel_model.forward(ctx.pixels)
    return found


@contextmanager
def _watched(net: nn.Module, found: LayerCapture) -> Iterator[None]:
    """Hook the layer and all possible successors during the block."""
    watch = _Watch(found)
    handles = [found.module.register_forward_pre_hook(watch.take)]
    handles.append(found.module.register_forward_hook(watch.give))
    for name, module in net.named_modules():
        if module is not found.module and not any(module.children()):
            handles.append(module.register_forward_pre_hook(watch.meet))
            if isinstance(module, ELEMENTWISE):
                handles.append(module.register_forward_hook(watch.follow(name)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Watch:
    """Hooks of one pass, which follow the output tensor of a layer."""

    def __init__(self, found: LayerCapture) -> None:
        self._found = found
        self._current: Tensor | None = None
        self._inside = False

    def take(self, _module: nn.Module, inputs: Any) -> None:
        tensor = first_tensor(inputs)
        if tensor is not None:
            self._found.inputs = tensor.detach().clone()
        self._inside = True

    def give(self, _module: nn.Module, _inputs: Any, output: Any) -> None:
        self._inside = False
        tensor = first_tensor(output)
        if tensor is not None:
            self._found.output = tensor.detach().clone()
            self._found.stages.clear()
            self._current = tensor

    def meet(self, module: nn.Module, inputs: Any) -> None:
        """Stop the pass at the first layer that is not elementwise on the output."""
        if self._current is None or self._inside:
            return
        follows = isinstance(module, ELEMENTWISE)
        if not follows or first_tensor(inputs) is not self._current:
            raise _ReachedError

    def follow(self, name: str) -> Any:
        def after(module: nn.Module, inputs: Any, output: Any) -> None:
            if self._current is None or first_tensor(inputs) is not self._current:
                return
            tensor = first_tensor(output)
            if tensor is not None:
                stage = Stage(name, module, tensor.detach().clone())
                self._found.stages.append(stage)
                self._current = tensor

        return after
