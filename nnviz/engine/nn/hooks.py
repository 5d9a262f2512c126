"""Forward hooks: a layer's output, by a pass that ends as early as possible."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.utils.hooks import RemovableHandle

from nnviz.base.errors import ModelError, unknown

Check = Callable[[], None]


class _ReachedError(Exception):
    """Ends a forward pass once the requested layers have given their last outputs."""


def find_module(net: nn.Module, layer: str) -> nn.Module:
    """Return a module by its dotted path; "" is the network itself.

    Raises:
        UsageError: no module of that name; names the nearest.
    """
    try:
        return net.get_submodule(layer)
    except AttributeError:
        known = [name for name, _ in net.named_modules() if name]
        raise unknown("layer", layer, known) from None


def output_of(
    net: nn.Module, x: Tensor, layer: str, *, calls: int = 1, check: Check
) -> Tensor:
    """Return a layer's output for ``x``, bit for bit as a forward hook receives it.

    The pass ends at the layer's last call; nothing behind it is computed.  Of a layer
    that is called several times the last output is returned, and of one that returns
    several tensors the first.

    Args:
        net: the network, in the mode to be examined.
        x: the network's input.
        layer: dotted path of a module; "" for the network's own output.
        calls: how often one pass runs the layer; 0 where unknown, which costs a full
            pass.
        check: called before every module; raises to abandon the pass.

    Returns:
        Detached, in its own memory: later in-place operations do not change it.

    Raises:
        UsageError: no such layer.
        ModelError: the pass does not run the layer, or it returns no tensor.
    """
    with torch.no_grad(), checked(check):
        return run_to(net, x, layer, calls=calls)


def run_to(net: nn.Module, x: Tensor, layer: str, *, calls: int = 1) -> Tensor:
    """Return a layer's output, with its graph if gradients are enabled.

    Arguments and errors are those of ``output_of``.
    """
    return run_to_all(net, x, {layer: calls})[layer]


@contextmanager
def removed_hooks() -> Iterator[list[RemovableHandle]]:
    """Yield a list for handles of hooks, which are removed when the block ends."""
    handles: list[RemovableHandle] = []
    try:
        yield handles
    finally:
        for handle in handles:
            handle.remove()


def _run_until_reached(net: nn.Module, x: Tensor) -> None:
    """Run a pass that a hook may end early, and restore the random generators."""
    with suppress(_ReachedError), generators_kept(x.device):
        net(x)


def run_to_all(
    net: nn.Module, x: Tensor, calls: Mapping[str, int]
) -> dict[str, Tensor]:
    """Return the outputs of several layers in one pass, which ends at the deepest.

    Args:
        net: the network.
        x: its input.
        calls: by layer, how often one pass runs it; 0 where unknown, which costs a full
            pass.

    Returns:
        Each layer's last output, first tensor, with its graph where gradients are
        enabled; in its own memory, as for ``output_of``.

    Raises:
        UsageError: no such layer.
        ModelError: the pass does not run a layer, or it returns no tensor.
    """
    waiting = set(calls)
    taps = {layer: _Tap(layer, number, waiting) for layer, number in calls.items()}
    with removed_hooks() as handles:
        for layer, tap in taps.items():
            handles.append(find_module(net, layer).register_forward_hook(tap))
        _run_until_reached(net, x)
    found = {layer: tap.found for layer, tap in taps.items() if tap.found is not None}
    for layer in calls:
        if layer not in found:
            raise ModelError(layer, "a forward pass does not run this layer", _PICK)
    return found


def input_to(net: nn.Module, x: Tensor, layer: str) -> Tensor:
    """Return the input of a layer's first call, with its graph.

    The pass ends there.

    Raises:
        UsageError: no such layer.
        ModelError: the pass does not run the layer, or it takes no tensor.
    """
    found: list[Tensor] = []

    def before(_module: nn.Module, inputs: Any) -> None:
        tensor = _first_tensor(inputs)
        if tensor is not None:
            found.append(tensor)
            raise _ReachedError

    with removed_hooks() as handles:
        handles.append(find_module(net, layer).register_forward_pre_hook(before))
        _run_until_reached(net, x)
    if not found:
        raise ModelError(layer, "a forward pass does not give it a tensor", _PICK)
    return found[0]


@contextmanager
def checked(check: Check) -> Iterator[None]:
    """Call ``check`` before every module that this thread runs inside the block."""
    owner = threading.get_ident()

    def before(_module: nn.Module, _inputs: Any) -> None:
        if threading.get_ident() == owner:
            check()

    # One global hook: hundreds of handles would cost more than an early layer.
    handle = register_module_forward_pre_hook(before)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def checked_backward(check: Check) -> Iterator[None]:
    """Call ``check`` in the backward pass of each module with weights in the block.

    The hooks belong to the outputs' graph and are freed with it.  Modules without
    weights of their own get none: they take little time, and a hook costs some too.
    """
    owner = threading.get_ident()

    def again(_gradient: Tensor) -> None:
        check()

    def after(module: nn.Module, _inputs: Any, output: Any) -> None:
        if module._parameters and threading.get_ident() == owner:  # noqa: SLF001  quick
            tensor = _first_tensor(output)
            if tensor is not None and tensor.requires_grad:
                tensor.register_hook(again)  # type: ignore[no-untyped-call]

    handle = register_module_forward_hook(after)
    try:
        yield
    finally:
        handle.remove()


def generators_kept(device: torch.device) -> AbstractContextManager[None]:
    """Restore the global generators afterwards: a network may draw from them."""
    return torch.random.fork_rng([device] if device.type == "cuda" else [])


_PICK = "pick another layer"


class _Tap:
    """Forward hook that stores a layer's last output.

    The pass ends once every awaited layer has run.
    """

    def __init__(self, layer: str, calls: int, waiting: set[str]) -> None:
        self.layer = layer
        self.calls = calls
        self.waiting = waiting
        self.seen = 0
        self.found: Tensor | None = None

    def __call__(self, module: nn.Module, _inputs: Any, output: Any) -> None:
        tensor = _first_tensor(output)
        if tensor is None:
            kind = type(output).__name__
            raise ModelError(self.layer, f"gives {kind}, no tensor", _PICK)
        self.seen += 1
        if self.seen == self.calls:
            self.waiting.discard(self.layer)
        last = not self.waiting
        # Nothing runs after the last call, so only a part of a larger block is copied.
        self.found = tensor if last and _owns_memory(tensor, module) else tensor.clone()
        if last:
            raise _ReachedError


def _first_tensor(output: Any) -> Tensor | None:
    """Return the first tensor of an output; layers may give tuples, lists or dicts."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, dict):
        output = tuple(output.values())
    if isinstance(output, tuple | list):
        found = (_first_tensor(part) for part in output)
        return next((tensor for tensor in found if tensor is not None), None)
    return None


def _owns_memory(tensor: Tensor, module: nn.Module) -> bool:
    """Tell whether a tensor spans its whole storage and is no weight of the layer."""
    storage = tensor.untyped_storage()
    return storage.nbytes() == tensor.numel() * tensor.element_size() and all(
        weight.untyped_storage().data_ptr() != storage.data_ptr()
        for weight in module.parameters(recurse=False)
    )
