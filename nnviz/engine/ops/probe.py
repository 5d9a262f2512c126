"""One pass without data: what each operation of a network does to shapes and places.

The pass runs on torch's ``meta`` device, where tensors have a shape and no memory, so
it costs the same for the largest network, and on a copy, so the network stays as it
is.  A dispatch mode sees every operation, functional ones too, and carries along each
tensor a ``Trace``: what its axes mean and which input pixels it can depend on.
"""

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

_UNKNOWN = "?"


class Span(NamedTuple):
    """Which pixels a place can depend on along one axis.

    Place ``i`` depends on pixels ``jump * i + low`` to ``jump * i + high``, both
    included and not clipped to the picture.
    """

    jump: int
    low: int
    high: int

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.high - self.low + 1

    def windowed(self, kernel: int, stride: int, padding: int, dilation: int) -> "Span":
        """Return the span after a sliding window (Dumoulin & Visin 2016, ch. 2)."""
        reach = dilation * (kernel - 1)
        return Span(
            self.jump * stride,
            self.low - self.jump * padding,
            self.high + self.jump * (reach - padding),
        )

    def joined(self, other: "Span | None") -> "Span | None":
        """Return the hull of two branches; None if they step differently."""
        if other is None or other.jump != self.jump:
            return None
        return Span(self.jump, min(self.low, other.low), max(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a tensor.

    Attributes:
        axes: a letter for each axis: n picture, c channel, y row, x column, t token,
            ? not known.
        grid: rows and columns that were laid out along t.
        fields: spans along y and x; None once every place can see everything, or
            where the arithmetic does not apply.
    """

    axes: str
    grid: tuple[int, int] | None = None
    fields: tuple[Span, Span] | None = None

    def lost(self) -> "Trace":
        """Return the trace without its receptive field."""
        return replace(self, fields=None)


@dataclass(slots=True)
class Visit:
    """What one pass through a module left.

    Attributes:
        shape: of the first tensor it returned, with the batch; None if none.
        trace: of that tensor.
        macs: multiply-accumulates in it and below, over all calls.
        calls: number of calls.
    """

    shape: tuple[int, ...] | None = None
    trace: Trace = Trace("")
    macs: int = 0
    calls: int = 0


def meta_twin(net: nn.Module) -> nn.Module:
    """Return a copy of a network on the meta device: no memory, no data, no hooks."""
    memo: dict[int, Any] = {}
    for parameter in net.parameters():
        memo[id(parameter)] = nn.Parameter(parameter.detach().to("meta"), False)
    for buffer in net.buffers():
        memo[id(buffer)] = buffer.detach().to("meta")
    return copy.deepcopy(net, memo)


def empty_input(channels: int, size: tuple[int, int]) -> Tensor:
    """Return a meta input for one picture."""
    return torch.empty(1, channels, *size, device="meta")


@torch.inference_mode()
def probe(twin: nn.Module, pixels: Tensor) -> dict[str, Visit]:
    """Run a meta twin once and return what was seen, by module name ("" is all)."""
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


class _Recorder(TorchDispatchMode):
    """Carries traces from operation to operation and counts multiplications."""

    def __init__(self, pixels: Tensor) -> None:
        super().__init__()
        # The tensors are kept so that an id cannot be taken by a later one; they are
        # on the meta device and hold no memory.
        self._traces: dict[int, tuple[Tensor, Trace]] = {}
        self._by_shape: dict[tuple[int, ...], Trace] = {}
        self._stack: list[Visit] = []
        pixel = Span(1, 0, 0)
        self._note(pixels, Trace("ncyx", None, (pixel, pixel)))

    def watch(self, module: nn.Module, visit: Visit) -> list[Any]:
        """Record a module's visits; return the handles of the hooks."""

        def enter(_module: nn.Module, _inputs: object) -> None:
            self._stack.append(visit)

        def leave(_module: nn.Module, _inputs: object, output: object) -> None:
            self._stack.pop()
            visit.calls += 1
            tensor = first_tensor(output)
            if tensor is not None:
                visit.shape = tuple(tensor.shape)
                visit.trace = self._trace(tensor) or Trace(_UNKNOWN * tensor.ndim)

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
        """Run an operation and note what it did."""
        # The trace of an operation in place is that of its input: read it first.
        call = _Call(func, args, kwargs or {}, self._trace)
        output = func(*args, **(kwargs or {}))
        macs = _macs(call, output)
        for visit in self._stack:
            visit.macs += macs
        for tensor in _tensors(output):
            trace = _follow(call, tensor)
            if trace is not None:
                self._note(tensor, trace)
        return output

    def _trace(self, tensor: Tensor) -> Trace | None:
        known = self._traces.get(id(tensor))
        return known[1] if known else None

    def _note(self, tensor: Tensor, trace: Trace) -> None:
        shape = tuple(tensor.shape)
        if _UNKNOWN in trace.axes and trace.fields is None:
            # Attention takes tensors apart and puts them together again: what comes
            # out has the shape and the meaning of what went in, seen from everywhere.
            trace = self._by_shape.get(shape, trace).lost()
        elif _UNKNOWN not in trace.axes:
            self._by_shape[shape] = trace
        self._traces[id(tensor)] = (tensor, trace)


class _Call:
    """An operation with its arguments, by name or position as in its schema."""

    def __init__(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        trace_of: Callable[[Tensor], Trace | None],
    ) -> None:
        self.name = func._schema.name.removeprefix("aten::").removesuffix("_")  # noqa: SLF001
        self.pointwise = torch.Tag.pointwise in func.tags
        names = [argument.name for argument in func._schema.arguments]  # noqa: SLF001
        defaults = {
            argument.name: argument.default_value
            for argument in func._schema.arguments  # noqa: SLF001
        }
        self.values = defaults | dict(zip(names, args, strict=False)) | dict(kwargs)
        self.tensors = list(_tensors((args, tuple(kwargs.values()))))
        self.traces = [trace_of(tensor) for tensor in self.tensors]

    @property
    def source(self) -> Tensor:
        """The first tensor."""
        return self.tensors[0]

    @property
    def trace(self) -> Trace:
        """The first tensor's trace, all unknown where there is none."""
        return self.traces[0] or Trace(_UNKNOWN * self.source.ndim)

    def pair(self, name: str) -> tuple[int, int]:
        """Return an argument for rows and columns, given as one number or two."""
        value = self.values[name]
        values = [value] if isinstance(value, int) else list(value)
        return values[0], values[-1]


def first_tensor(output: object) -> Tensor | None:
    """Return the first tensor of a module's output, whatever holds it."""
    return next(_tensors(output), None)


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _tensors(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _tensors(each)


# --- multiply-accumulates ---------------------------------------------------------


def _macs(call: _Call, output: object) -> int:
    """Return an operation's multiply-accumulates; only products of arrays count."""
    count = _MACS.get(call.name)
    return count(call, output) if count and isinstance(output, Tensor) else 0


def _conv_macs(call: _Call, output: Tensor) -> int:
    # Each output number is a sum over the kernel and the group's input channels.
    weight = call.values["weight"]
    transposed = call.name.startswith("conv_transpose") or call.values.get("transposed")
    places = call.source.numel() if transposed else output.numel()
    return int(places * math.prod(weight.shape[1:]))


def _product_macs(call: _Call, output: Tensor) -> int:
    return output.numel() * call.source.shape[-1]


def _addmm_macs(call: _Call, output: Tensor) -> int:
    return output.numel() * call.tensors[1].shape[-1]


def _attention_macs(call: _Call, output: Tensor) -> int:
    query, key = call.tensors[:2]
    scores = query[..., 0].numel() * key.shape[-2]
    return scores * (query.shape[-1] + output.shape[-1])


def _einsum_macs(call: _Call, _output: Tensor) -> int:
    # A product over every letter that occurs, each with its extent.
    inputs = call.values["equation"].replace(" ", "").split("->")[0].split(",")
    extents = {
        letter: size
        for letters, tensor in zip(inputs, call.tensors, strict=True)
        for letter, size in zip(letters, tensor.shape, strict=False)
    }
    return math.prod(extents.values())


_MACS: dict[str, Callable[[_Call, Tensor], int]] = {
    "conv1d": _conv_macs,
    "conv2d": _conv_macs,
    "conv3d": _conv_macs,
    "conv_transpose2d": _conv_macs,
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


# --- traces -----------------------------------------------------------------------


def _follow(call: _Call, output: Tensor) -> Trace | None:
    """Return what an operation makes of its inputs' traces; None if they had none."""
    if not any(call.traces):
        return None
    if call.pointwise or call.name in _SAME_PLACES:
        return _join(call, output)
    rule = _RULES.get(call.name)
    return rule(call, output) if rule else Trace(_UNKNOWN * output.ndim)


def _join(call: _Call, output: Tensor) -> Trace:
    """Elementwise and ``cat``: places stay, fields become the hull of all branches."""
    size = output.ndim
    traces = [trace for trace in call.traces if trace and len(trace.axes) == size]
    if not traces:
        return Trace(_UNKNOWN * size)
    best = min(traces, key=lambda trace: trace.axes.count(_UNKNOWN))
    if len(traces) < len([trace for trace in call.traces if trace]):
        return best.lost()
    fields = best.fields
    for trace in traces:
        fields = _joined(fields, trace.fields)
    return replace(best, fields=fields)


def _joined(
    first: tuple[Span, Span] | None, second: tuple[Span, Span] | None
) -> tuple[Span, Span] | None:
    if first is None or second is None:
        return None
    rows, columns = first[0].joined(second[0]), first[1].joined(second[1])
    return (rows, columns) if rows and columns else None


def _cat(call: _Call, output: Tensor) -> Trace:
    joined = _join(call, output)
    axis = joined.axes[call.values["dim"]]
    return joined if axis in "nct" else joined.lost()


def _convolve(call: _Call, output: Tensor) -> Trace:
    kernel = call.values["weight"].shape[2:]
    return _window(call, (kernel[0], kernel[-1]), output)


def _pool(call: _Call, output: Tensor) -> Trace:
    return _window(call, call.pair("kernel_size"), output)


def _window(call: _Call, kernel: tuple[int, int], output: Tensor) -> Trace:
    trace = Trace("ncyx" if output.ndim == len("ncyx") else _UNKNOWN * output.ndim)
    padding = call.values["padding"]
    if call.trace.axes != trace.axes or call.trace.fields is None:
        return trace
    if isinstance(padding, str) or "transpose" in call.name:
        return trace
    stride = call.pair("stride") if call.values["stride"] else kernel
    dilation = call.pair("dilation") if call.values.get("dilation") else (1, 1)
    settings = zip(
        call.trace.fields, kernel, stride, call.pair("padding"), dilation, strict=True
    )
    rows, columns = (span.windowed(*rest) for span, *rest in settings)
    return replace(trace, fields=(rows, columns))


def _adaptive_pool(call: _Call, output: Tensor) -> Trace:
    """A pooling to a fixed size: a plain window where the sizes divide."""
    trace = call.trace
    before, after = call.source.shape[-2:], output.shape[-2:]
    uneven = any(old % new for old, new in zip(before, after, strict=True))
    if trace.fields is None or uneven or tuple(after) == (1, 1) != tuple(before):
        return trace.lost()
    steps = [old // new for old, new in zip(before, after, strict=True)]
    rows, columns = (
        span.windowed(step, step, 0, 1)
        for span, step in zip(trace.fields, steps, strict=True)
    )
    return replace(trace, fields=(rows, columns))


def _pad(call: _Call, output: Tensor) -> Trace:
    """Padding on the left moves the places; ``pad`` counts from the last axis."""
    trace, pad = call.trace, call.values["pad"]
    if trace.axes != "ncyx" or trace.fields is None or not any(pad):
        return replace(trace, axes=trace.axes[: output.ndim])
    firsts = (pad[2] if len(pad) > 2 else 0, pad[0])  # noqa: PLR2004
    rows, columns = (
        Span(span.jump, span.low - span.jump * first, span.high - span.jump * first)
        for span, first in zip(trace.fields, firsts, strict=True)
    )
    return replace(trace, fields=(rows, columns))


def _linear(call: _Call, output: Tensor) -> Trace:
    trace = replace(call.trace, axes=call.trace.axes[:-1] + "c")
    return trace if call.trace.axes[-1] == "c" else trace.lost()


def _layer_norm(call: _Call, output: Tensor) -> Trace:
    normalised = call.trace.axes[output.ndim - len(call.values["normalized_shape"]) :]
    return call.trace if normalised == "c" else call.trace.lost()


def _permute(call: _Call, output: Tensor) -> Trace:
    axes = "".join(call.trace.axes[axis] for axis in call.values["dims"])
    return replace(call.trace, axes=axes)


def _transpose(call: _Call, output: Tensor) -> Trace:
    names = ("dim0", "dim1") if "dim0" in call.values else ("axis0", "axis1")
    first, second = (call.values[name] for name in names)
    axes = list(call.trace.axes)
    axes[first], axes[second] = axes[second], axes[first]
    return replace(call.trace, axes="".join(axes))


def _select(call: _Call, output: Tensor) -> Trace:
    axis = call.values["dim"] % call.source.ndim
    trace = call.trace
    gone = trace.axes[axis]
    kept = replace(trace, axes=trace.axes[:axis] + trace.axes[axis + 1 :])
    return kept if gone in "nc" else kept.lost()


def _part(call: _Call, output: Tensor) -> Trace:
    """``chunk``, ``split``, ``slice``: a part of the channels keeps its places."""
    axis = call.trace.axes[call.values["dim"]]
    return call.trace if axis in "nc" else call.trace.lost()


def _mean(call: _Call, output: Tensor) -> Trace:
    dims = call.values["dim"]
    if output.ndim == call.source.ndim or not dims:
        return Trace(_UNKNOWN * output.ndim)
    gone = {axis % call.source.ndim for axis in dims}
    kept = [axis for i, axis in enumerate(call.trace.axes) if i not in gone]
    return Trace("".join(kept))


def _reshape(call: _Call, output: Tensor) -> Trace:
    """Keep the axes at both ends that keep their extent; name what is between."""
    old, new, axes = tuple(call.source.shape), tuple(output.shape), call.trace.axes
    limit = min(len(old), len(new))
    head = next((i for i in range(limit) if old[i] != new[i]), limit)
    limit -= head
    tail = next((i for i in range(limit) if old[-1 - i] != new[-1 - i]), limit)
    between = axes[head : len(old) - tail]
    count = len(new) - head - tail
    middle, grid = _UNKNOWN * count, call.trace.grid
    if between == "yx" and count == 1:
        middle, grid = "t", (old[head], old[head + 1])
    named = axes[:head] + middle + axes[len(old) - tail :]
    # The only axis without a name is the channels' if these are missing.
    if named.count(_UNKNOWN) == 1 and "c" not in named:
        named = named.replace(_UNKNOWN, "c")
    fields = call.trace.fields if {"y", "x"} <= set(named) else None
    return Trace(named, grid, fields)


_SAME_PLACES = frozenset(
    {"batch_norm", "native_batch_norm", "dropout", "contiguous", "clone", "alias"}
    | {"detach", "_to_copy", "to", "hardswish", "hardtanh", "relu6", "feature_dropout"}
    | {"prelu", "channel_shuffle"}
)
_RULES: dict[str, Callable[[_Call, Tensor], Trace]] = {
    "conv2d": _convolve,
    "convolution": _convolve,
    "max_pool2d": _pool,
    "max_pool2d_with_indices": _pool,
    "avg_pool2d": _pool,
    "adaptive_avg_pool2d": _adaptive_pool,
    "adaptive_max_pool2d": _adaptive_pool,
    "pad": _pad,
    "constant_pad_nd": _pad,
    "linear": _linear,
    "layer_norm": _layer_norm,
    "permute": _permute,
    "transpose": _transpose,
    "swapaxes": _transpose,
    "select": _select,
    "chunk": _part,
    "split": _part,
    "slice": _part,
    "narrow": _part,
    "mean": _mean,
    "cat": _cat,
    "view": _reshape,
    "reshape": _reshape,
    "_unsafe_view": _reshape,
    "flatten": _reshape,
    "unflatten": _reshape,
    "unsqueeze": _reshape,
    "squeeze": _reshape,
    "expand": _reshape,
}
