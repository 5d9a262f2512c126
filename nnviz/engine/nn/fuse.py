"""Batch norm fusion (BN folding): equivalent networks that run faster.

Norms are folded into convolutions, and channels are innermost in memory.

In eval mode a batch norm scales and shifts each channel by constants, which can be
folded into the convolution before it (Jacob et al. 2018, arXiv:1712.05877, section
3.2). The pairs of convolution and norm are found in a pass, not guessed from names.

An instance norm has no constants.  torch's own copies its input to another memory order
and back when channels are innermost, which costs what the convolutions gain; a group
norm with one channel per group computes the same and works on either order.
"""

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from nnviz.engine.nn.shapes.calls import tensors_in
from nnviz.engine.nn.shapes.tracer import noise_input


def folded(net: nn.Module, channels: int, size: tuple[int, int]) -> nn.Module:
    """Return a copy of a network with batch norms folded and channels innermost.

    Its outputs differ by rounding alone, about 1e-6 of their range (1e-4 with instance
    norms), and the network itself is unchanged.

    Args:
        net: in eval mode.
        channels: of its input.
        size: of an input that the network takes, px.
    """
    twin = copy.deepcopy(net)
    for convolution, name in _pairs(twin, noise_input(twin, channels, size)):
        norm = twin.get_submodule(name)
        _fold(twin.get_submodule(convolution), norm)
        _put(twin, norm, nn.Identity())
    for module in list(twin.modules()):
        if _is_instance_norm(module):
            _put(twin, module, _group_norm(module))
    return twin.to(memory_format=torch.channels_last)


def _put(net: nn.Module, norm: nn.Module, other: nn.Module) -> None:
    """Replace a norm by another module, under all of its names."""
    for name, module in list(net.named_modules(remove_duplicate=False)):
        if module is norm:
            parent, _, own = name.rpartition(".")
            setattr(net.get_submodule(parent), own, other)


def _is_instance_norm(module: nn.Module) -> bool:
    """Tell whether a module is torch's instance norm without running statistics."""
    return type(module) is nn.InstanceNorm2d and not module.track_running_stats


def _group_norm(norm: Any) -> nn.GroupNorm:
    """Return the group norm that is equivalent to an instance norm."""
    channels = norm.num_features
    group = nn.GroupNorm(channels, channels, norm.eps, norm.affine)
    if norm.affine:
        group.weight, group.bias = norm.weight, norm.bias
    return group.requires_grad_(False).eval()


@torch.inference_mode()
def _pairs(net: nn.Module, pixels: Tensor) -> list[tuple[str, str]]:
    """Return the names of convolutions and norms connected only to each other."""
    watch = _Watch(net)
    try:
        with watch:
            watch.given(net(pixels))
    finally:
        watch.close()
    return watch.pairs()


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records the consumers of each convolution's output: norms or other operations."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Tell torch not to wrap this mode, which would import its compiler."""
        return False

    def __init__(self, net: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._made: dict[int, tuple[Tensor, str]] = {}
        self._takers: dict[str, set[str]] = {}
        self._feeders: dict[str, set[str]] = {}
        self._inside = ""
        self._handles: list[Any] = []
        for name, module in net.named_modules():
            if _is_convolution(module):
                hook = partial(self._after_convolution, name)
                self._handles.append(module.register_forward_hook(hook))
            elif _is_norm(module):
                before, after = partial(self._before_norm, name), self._after_norm
                self._handles.append(module.register_forward_pre_hook(before))
                self._handles.append(module.register_forward_hook(after))

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Record the consumers of convolutions' outputs, then run the operation."""
        for tensor in tensors_in((args, tuple((kwargs or {}).values()))):
            maker = self._maker(tensor)
            if maker:
                self._takers[maker].add(self._inside)
        return func(*args, **(kwargs or {}))

    def given(self, outputs: Any) -> None:
        """Record the network's outputs as consumed by its caller."""
        for tensor in tensors_in(outputs):
            self._takers.get(self._maker(tensor), set()).add(self._inside)

    def close(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()

    def pairs(self) -> list[tuple[str, str]]:
        """Return the pairs of a convolution and a norm connected only to each other."""
        found = []
        for convolution, takers in self._takers.items():
            norm = next(iter(takers), "")
            if len(takers) == 1 and self._feeders.get(norm) == {convolution}:
                found.append((convolution, norm))
        return found

    def _maker(self, tensor: Tensor) -> str:
        return self._made.get(id(tensor), (tensor, ""))[1]

    def _after_convolution(
        self, name: str, _module: nn.Module, _inputs: Any, output: Tensor
    ) -> None:
        # The tensor is kept so that no later one gets its id.
        self._made[id(output)] = (output, name)
        self._takers.setdefault(name, set())

    def _before_norm(self, name: str, _module: nn.Module, inputs: Any) -> None:
        self._inside = name
        self._feeders.setdefault(name, set()).add(self._maker(inputs[0]))

    def _after_norm(self, _module: nn.Module, _inputs: Any, _output: Any) -> None:
        self._inside = ""


def _is_norm(module: nn.Module) -> bool:
    """Tell whether a module is a batch norm with fixed statistics, or a frozen one.

    Not of a subclass, which may do more, such as an activation.
    """
    if type(module) is nn.BatchNorm2d:
        return module.running_mean is not None
    return type(module).__name__ == "FrozenBatchNorm2d"


def _is_convolution(module: nn.Module) -> bool:
    """Tell whether a module is a plain convolution, its weight not reparametrized.

    A subclass may standardize its weight; a parametrized one computes it at each call.
    """
    own = dict(module.named_parameters(recurse=False))
    return type(module) is nn.Conv2d and "weight" in own


def _fold(convolution: Any, norm: Any) -> None:
    """Fold a norm's scale and shift into a convolution's weights."""
    scale = torch.rsqrt(norm.running_var + norm.eps)
    shift = -norm.running_mean * scale
    if norm.weight is not None:
        scale, shift = scale * norm.weight, shift * norm.weight + norm.bias
    if convolution.bias is not None:
        shift = shift + convolution.bias * scale
    weight = convolution.weight * scale.view(-1, 1, 1, 1)
    convolution.weight = nn.Parameter(weight, requires_grad=False)
    convolution.bias = nn.Parameter(shift, requires_grad=False)
