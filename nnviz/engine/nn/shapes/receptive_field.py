"""Receptive field arithmetic: the effect of each operation on its inputs' traces."""

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from nnviz.engine.compute.span import Span
from nnviz.engine.nn.shapes.calls import UNKNOWN, Call, Trace

_UNFORESEEN = (LookupError, TypeError, ValueError)
"""Raised by a rule on an unforeseen variant of its operation: unknown axes are no
reason to refuse a network that works."""


def follow(call: Call, output: Tensor) -> Trace | None:
    """Return the trace of an operation's output; None if no input has a trace."""
    if not any(call.traces):
        return None
    if call.pointwise or call.name in _SAME_PLACES:
        return _join(call, output)
    rule = _RULES.get(call.name)
    try:
        trace = rule(call, output) if rule else None
    except _UNFORESEEN:
        trace = None
    return trace or Trace(UNKNOWN * output.ndim)


def _join(call: Call, output: Tensor) -> Trace:
    """Join elementwise inputs: places stay, fields become the hull of all branches."""
    size = output.ndim
    traces = [trace for trace in call.traces if trace and len(trace.axes) == size]
    if not traces:
        return Trace(UNKNOWN * size)
    best = min(traces, key=lambda trace: trace.axes.count(UNKNOWN))
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


def _cat(call: Call, output: Tensor) -> Trace:
    joined = _join(call, output)
    axis = joined.axes[call.values["dim"]]
    return joined if axis in "nct" else joined.lost()


def _convolve(call: Call, output: Tensor) -> Trace:
    kernel = call.values["weight"].shape[2:]
    return _window(call, (kernel[0], kernel[-1]), output)


def _pool(call: Call, output: Tensor) -> Trace:
    return _window(call, call.pair("kernel_size"), output)


def _window(call: Call, kernel: tuple[int, int], output: Tensor) -> Trace:
    trace = Trace("ncyx" if output.ndim == len("ncyx") else UNKNOWN * output.ndim)
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


def _resample(call: Call, output: Tensor) -> Trace:
    """Trace a resize or rearrangement of a map, which loses the receptive field."""
    axes = "ncyx" if output.ndim == len("ncyx") else UNKNOWN * output.ndim
    return Trace(axes, call.trace.grid)


def _recur(call: Call, output: Tensor) -> Trace:
    """Trace a recurrence over tokens, each of which depends on those before it."""
    trace = call.trace if output.ndim == len(call.trace.axes) else None
    return trace.lost() if trace else Trace(UNKNOWN * output.ndim)


def _adaptive_pool(call: Call, output: Tensor) -> Trace:
    """Trace a pooling to a fixed size: a regular window if the sizes divide evenly."""
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


def _pad(call: Call, output: Tensor) -> Trace:
    """Trace padding, which shifts positions; ``pad`` counts from the last axis."""
    trace, pad = call.trace, call.values["pad"]
    if trace.axes != "ncyx" or trace.fields is None or not any(pad):
        return replace(trace, axes=trace.axes[: output.ndim])
    firsts = (pad[2] if len(pad) > 2 else 0, pad[0])  # noqa: PLR2004
    rows, columns = (
        Span(span.jump, span.low - span.jump * first, span.high - span.jump * first)
        for span, first in zip(trace.fields, firsts, strict=True)
    )
    return replace(trace, fields=(rows, columns))


def _linear(call: Call, _output: Tensor) -> Trace:
    trace = replace(call.trace, axes=call.trace.axes[:-1] + "c")
    return trace if call.trace.axes[-1] == "c" else trace.lost()


def _layer_norm(call: Call, output: Tensor) -> Trace:
    normalized = call.trace.axes[output.ndim - len(call.values["normalized_shape"]) :]
    return call.trace if normalized == "c" else call.trace.lost()


def _permute(call: Call, _output: Tensor) -> Trace:
    axes = "".join(call.trace.axes[axis] for axis in call.values["dims"])
    return replace(call.trace, axes=axes)


def _transpose(call: Call, _output: Tensor) -> Trace:
    names = ("dim0", "dim1") if "dim0" in call.values else ("axis0", "axis1")
    first, second = (call.values[name] for name in names)
    axes = list(call.trace.axes)
    axes[first], axes[second] = axes[second], axes[first]
    return replace(call.trace, axes="".join(axes))


def _select(call: Call, _output: Tensor) -> Trace:
    axis = call.values["dim"] % call.source.ndim
    trace = call.trace
    gone = trace.axes[axis]
    kept = replace(trace, axes=trace.axes[:axis] + trace.axes[axis + 1 :])
    return kept if gone in "nc" else kept.lost()


def _part(call: Call, _output: Tensor) -> Trace:
    """Trace ``chunk``, ``split``, ``slice``: parts of the channels keep places."""
    axis = call.trace.axes[call.values["dim"]]
    return call.trace if axis in "nc" else call.trace.lost()


def _mean(call: Call, output: Tensor) -> Trace:
    dims = call.values.get("dim")
    if output.ndim == call.source.ndim or not dims:
        return Trace(UNKNOWN * output.ndim)
    gone = {axis % call.source.ndim for axis in dims}
    kept = [axis for i, axis in enumerate(call.trace.axes) if i not in gone]
    return Trace("".join(kept))


def _reshape(call: Call, output: Tensor) -> Trace:
    """Trace a reshape: keep the leading and trailing axes of equal extent."""
    old, new, axes = tuple(call.source.shape), tuple(output.shape), call.trace.axes
    limit = min(len(old), len(new))
    head = next((i for i in range(limit) if old[i] != new[i]), limit)
    limit -= head
    tail = next((i for i in range(limit) if old[-1 - i] != new[-1 - i]), limit)
    between = axes[head : len(old) - tail]
    count = len(new) - head - tail
    middle, grid = UNKNOWN * count, call.trace.grid
    if between == "yx" and count == 1:
        middle, grid = "t", (old[head], old[head + 1])
    named = axes[:head] + middle + axes[len(old) - tail :]
    # The only unnamed axis is the channel axis if no axis is named c.
    if named.count(UNKNOWN) == 1 and "c" not in named:
        named = named.replace(UNKNOWN, "c")
    fields = call.trace.fields if {"y", "x"} <= set(named) else None
    return Trace(named, grid, fields)


_SAME_PLACES = frozenset(
    {"batch_norm", "native_batch_norm", "dropout", "contiguous", "clone", "alias"}
    | {"detach", "_to_copy", "to", "hardswish", "hardtanh", "relu6", "feature_dropout"}
    | {"prelu", "channel_shuffle"}
)
_RULES: dict[str, Callable[[Call, Tensor], Trace]] = {
    "conv2d": _convolve,
    "convolution": _convolve,
    "conv_transpose2d": _convolve,
    "max_pool2d": _pool,
    "max_pool2d_with_indices": _pool,
    "avg_pool2d": _pool,
    "adaptive_avg_pool2d": _adaptive_pool,
    "adaptive_max_pool2d": _adaptive_pool,
    **dict.fromkeys(
        (
            *("upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d"),
            *("_upsample_nearest_exact2d", "_upsample_bilinear2d_aa"),
            *("_upsample_bicubic2d_aa", "grid_sampler", "grid_sampler_2d", "col2im"),
            *("pixel_shuffle", "pixel_unshuffle", "max_unpool2d"),
        ),
        _resample,
    ),
    **dict.fromkeys(
        ("lstm", "gru", "rnn_tanh", "rnn_relu", "mkldnn_rnn_layer"), _recur
    ),
    "pad": _pad,
    "constant_pad_nd": _pad,
    "linear": _linear,
    "layer_norm": _layer_norm,
    "permute": _permute,
    "transpose": _transpose,
    "swapaxes": _transpose,
    "select": _select,
    "chunk": _part,
    "glu": _part,
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
