"""One pass without data: the shapes and traces of all operations of a network.

The pass runs on torch's ``meta`` device, where tensors have a shape and no memory, so
it costs the same for the largest network, and on a copy, so the network is unchanged.
A network whose pass reads values (``if x.mean() > 0``) gets noise instead.  A dispatch
mode sees every operation, functional ones too, and records with each tensor a
``Trace``: the meaning of its axes and which input pixels it can depend on.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.engine.compute.span import Span
from nnviz.engine.nn.shapes.calls import UNKNOWN, Call, Trace, first_tensor, tensors_in
from nnviz.engine.nn.shapes.macs import macs_of
from nnviz.engine.nn.shapes.meta import Shapes
from nnviz.engine.nn.shapes.receptive_field import follow


@dataclass(slots=True)
class Visit:
    """Record of a module's calls in one pass.

    Attributes:
        shape: of the first tensor it returned, with the batch; None if none.
        trace: of that tensor.
        macs: multiply-accumulates in it and below, over all calls.
        calls: number of calls.
        operations: torch's operations in it, excluding those of modules below.
    """

    shape: tuple[int, ...] | None = None
    trace: Trace = field(default_factory=lambda: Trace(""))
    macs: int = 0
    calls: int = 0
    operations: list[str] = field(default_factory=list)


def meta_twin(net: nn.Module) -> nn.Module:
    """Return a copy of a network on the meta device: no memory, no data, no hooks."""
    memo: dict[int, Any] = {}
    for parameter in net.parameters():
        memo[id(parameter)] = nn.Parameter(parameter.detach().to("meta"), False)
    for buffer in net.buffers():
        memo[id(buffer)] = buffer.detach().to("meta")
    return copy.deepcopy(net, memo)


def sharing_twin(net: nn.Module) -> nn.Module:
    """Return a copy that shares the parameters but has its own state and hooks."""
    memo: dict[int, Any] = {id(weight): weight for weight in net.parameters()}
    return copy.deepcopy(net, memo)


def noise_input(net: nn.Module, channels: int, size: tuple[int, int]) -> Tensor:
    """Return a fixed normalized noise image on the network's device."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1, channels, *size, generator=generator)
    first = next(chain(net.parameters(), net.buffers()), noise)
    return noise.to(first.device)


def empty_input(channels: int, size: tuple[int, int]) -> Tensor:
    """Return a meta input for one image."""
    return torch.empty(1, channels, *size, device="meta")


@torch.inference_mode()
def probe(twin: nn.Module, pixels: Tensor) -> dict[str, Visit]:
    """Run a twin once and return the visits by module name ("" is the network).

    Args:
        twin: on the meta device or not.
        pixels: on the same device.
    """
    recorder = _Recorder(pixels)
    handles = []
    visits = {}
    for name, module in twin.named_modules():
        visits[name] = visit = Visit()
        handles += recorder.watch(module, visit)
    try:
        with recorder:
            twin(pixels)
    finally:
        for handle in handles:
            handle.remove()
    return visits


class _Recorder(Shapes):  # type: ignore[no-untyped-call]
    """Propagates traces from operation to operation and counts multiply-accumulates."""

    def __init__(self, pixels: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        # The tensors are kept alive so that no later one reuses an id; except for a few
        # networks they are on the meta device and hold no memory.
        self._traces: dict[int, tuple[Tensor, Trace]] = {}
        self._by_shape: dict[tuple[int, ...], Trace] = {}
        self._stack: list[Visit] = []
        pixel = Span(1, 0, 0)
        self._note(pixels, Trace("ncyx", None, (pixel, pixel)))

    def watch(self, module: nn.Module, visit: Visit) -> list[Any]:
        """Hook a module to record its visits; return the handles of the hooks."""

        def enter(_module: nn.Module, _inputs: object) -> None:
            self._stack.append(visit)

        def leave(_module: nn.Module, _inputs: object, output: object) -> None:
            self._stack.pop()
            visit.calls += 1
            tensor = first_tensor(output)
            if tensor is not None:
                visit.shape = tuple(tensor.shape)
                visit.trace = self._trace(tensor) or Trace(UNKNOWN * tensor.ndim)

        return [
            module.register_forward_pre_hook(enter),
            module.register_forward_hook(leave),
        ]

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation and record its trace and its cost."""
        # An in-place operation's trace is that of its input: read it first.
        call = Call(func, args, kwargs or {}, self._trace)
        output = super().__torch_dispatch__(func, types, args, kwargs)
        macs = macs_of(call, output)
        for visit in self._stack:
            visit.macs += macs
        if self._stack:
            self._stack[-1].operations.append(call.name)
        for tensor in tensors_in(output):
            trace = follow(call, tensor)
            if trace is not None:
                self._note(tensor, trace)
        return output

    def _trace(self, tensor: Tensor) -> Trace | None:
        known = self._traces.get(id(tensor))
        return known[1] if known else None

    def _note(self, tensor: Tensor, trace: Trace) -> None:
        shape = tuple(tensor.shape)
        if UNKNOWN in trace.axes and trace.fields is None:
            # Attention splits tensors and merges them again: the output has the shape
            # and the meaning of the input, with everything in its receptive field.
            trace = self._by_shape.get(shape, trace).lost()
        elif UNKNOWN not in trace.axes:
            self._by_shape[shape] = trace
        self._traces[id(tensor)] = (tensor, trace)
