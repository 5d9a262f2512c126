"""Trace of one output value of a layer: window, weights, products and bias.

The products of a convolution, a transposed convolution, a linear layer or attention add
up, with the bias, to the value that the network itself computed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from nnviz.base.errors import ModelError

Floats = NDArray[np.float64]
Place = tuple[int, ...]
"""Index of a value in a layer's output, without the batch."""
TRACEABLE = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.MultiheadAttention)
"""Layers whose values are sums of products."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueTrace:
    """The products and the bias that an output value is the sum of.

    Attributes:
        inputs: float64 (C, h, w), read by the layer: the window in each input channel;
            for attention the weights of each head for each token, (H, 1, T).
        weights: float64 (C, h, w), their factors; for attention the token's value,
            projected to the output.
        bias: added to the sum.
        first: index of the first input channel that is read, for grouped convolutions.
        corner: row and column of the window's first cell in the layer's input, which
            may lie in its padding; None where there is no window.
        rate: rows and columns from one cell of the window to the next.
    """

    inputs: Floats
    weights: Floats
    bias: float
    first: int = 0
    corner: tuple[int, int] | None = None
    rate: tuple[int, int] = (1, 1)

    @property
    def products(self) -> Floats:
        """Inputs times weights, (C, h, w)."""
        return self.inputs * self.weights

    @property
    def channel_sums(self) -> Floats:
        """Contribution of each input channel to the sum, (C,)."""
        sums: Floats = self.products.sum(axis=(1, 2))
        return sums

    @property
    def total(self) -> float:
        """The value: the sum of all products and the bias."""
        return float(self.products.sum() + self.bias)


def trace_value(module: nn.Module, given: Tensor, place: Place) -> ValueTrace:
    """Trace an output value of a layer to the inputs it is computed from.

    Args:
        module: one of ``TRACEABLE``.
        given: the layer's input, (1, ...).
        place: channel, row, column of a convolution; leading axes and feature of a
            linear layer; token and feature of attention.

    Raises:
        ModelError: another kind of layer.
    """
    traces: dict[type[nn.Module], Callable[..., ValueTrace]] = {
        nn.Conv2d: _trace_convolution,
        nn.ConvTranspose2d: _trace_transposed,
        nn.Linear: _trace_linear,
        nn.MultiheadAttention: _trace_attention,
    }
    for kind, trace in traces.items():
        if isinstance(module, kind):
            with torch.no_grad():
                return trace(module, given.detach().double().cpu(), place)
    raise ModelError(
        type(module).__name__,
        "is not a convolution, linear layer or attention",
        "pick one of those",
    )


def _trace_convolution(module: nn.Conv2d, given: Tensor, place: Place) -> ValueTrace:
    channel, row, column = place
    margins = module._reversed_padding_repeated_twice  # noqa: SLF001  as conv2d pads
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    padded = functional.pad(given, margins, mode=mode)[0]
    down, across = module.stride
    rate = _pair(module.dilation)
    rows, columns = module.kernel_size
    top, left = row * down, column * across
    count = module.in_channels // module.groups
    first = channel // (module.out_channels // module.groups) * count
    window = padded[
        first : first + count,
        top : top + rate[0] * (rows - 1) + 1 : rate[0],
        left : left + rate[1] * (columns - 1) + 1 : rate[1],
    ]
    return ValueTrace(
        inputs=_numbers(window),
        weights=_numbers(module.weight[channel]),
        bias=_bias(module, channel),
        first=first,
        corner=(top - margins[2], left - margins[0]),
        rate=rate,
    )


def _trace_transposed(
    module: nn.ConvTranspose2d, given: Tensor, place: Place
) -> ValueTrace:
    """Trace a transposed convolution: input (i, j) reaches row i·s - p + k·d."""
    channel, row, column = place
    outputs = module.out_channels // module.groups
    count = module.in_channels // module.groups
    first = channel // outputs * count
    weights = module.weight[first : first + count, channel % outputs]
    rows = _senders(module, 0, row, given.shape[2])
    columns = _senders(module, 1, column, given.shape[3])
    window = _gathered(given[0, first : first + count], rows, columns)
    return ValueTrace(
        inputs=_numbers(window),
        weights=_numbers(weights),
        bias=_bias(module, channel),
        first=first,
    )


def _gathered(
    maps: Tensor, rows: Sequence[int | None], columns: Sequence[int | None]
) -> Tensor:
    """Gather the values at rows and columns, 0 for None."""
    window = maps.new_zeros(len(maps), len(rows), len(columns))
    for down, at_row in enumerate(rows):
        for across, at_column in enumerate(columns):
            if at_row is not None and at_column is not None:
                window[:, down, across] = maps[:, at_row, at_column]
    return window


def _senders(
    module: nn.ConvTranspose2d, axis: int, place: int, size: int
) -> list[int | None]:
    """Return each kernel cell's input position along an axis, None for none."""
    stride, padding = _pair(module.stride)[axis], _pair(module.padding)[axis]
    rate, extent = _pair(module.dilation)[axis], module.kernel_size[axis]
    found: list[int | None] = []
    for cell in range(extent):
        whole, rest = divmod(place + padding - cell * rate, stride)
        found.append(whole if not rest and 0 <= whole < size else None)
    return found


def _trace_linear(module: nn.Linear, given: Tensor, place: Place) -> ValueTrace:
    *leading, feature = place
    read = given.reshape(1, -1)[0] if not leading else given[0][tuple(leading)]
    return ValueTrace(
        inputs=_numbers(read)[:, None, None],
        weights=_numbers(module.weight[feature])[:, None, None],
        bias=_bias(module, feature),
    )


def _projected(module: nn.MultiheadAttention, given: Tensor) -> list[Tensor]:
    """Return queries, keys and values of each token, (heads, tokens, features).

    Raises:
        ModelError: the layer projects them separately.
    """
    if module.in_proj_weight is None:
        raise ModelError("attention", "has separate projections", "pick another layer")
    tokens = given[0] if module.batch_first else given[:, 0]
    projected = tokens @ module.in_proj_weight.double().cpu().T
    if module.in_proj_bias is not None:
        projected = projected + module.in_proj_bias.double().cpu()
    return [
        part.reshape(len(tokens), module.num_heads, -1).transpose(0, 1)
        for part in projected.chunk(3, dim=1)
    ]


def _trace_attention(
    module: nn.MultiheadAttention, given: Tensor, place: Place
) -> ValueTrace:
    """Trace attention of one query, softmax(q K' / √d) V W (Vaswani et al. 2017)."""
    token, feature = place
    query, key, value = _projected(module, given)
    scale = query.shape[-1] ** -0.5
    asked = query[:, token : token + 1]
    attention = (asked @ key.transpose(1, 2) * scale).softmax(-1)
    out = module.out_proj.weight[feature].double().cpu()
    spread = torch.einsum("htd,hd->ht", value, out.reshape(module.num_heads, -1))
    return ValueTrace(
        inputs=_numbers(attention),
        weights=_numbers(spread)[:, None],
        bias=_bias(module.out_proj, feature),
    )


def _pair(value: tuple[int, ...] | str) -> tuple[int, int]:
    """Convert an option of transposed layers to a pair of integers."""
    rows, columns = (int(each) for each in value)
    return rows, columns


def _bias(module: nn.Module, index: int) -> float:
    bias = getattr(module, "bias", None)
    return float(bias[index]) if isinstance(bias, Tensor) else 0.0


def _numbers(tensor: Tensor) -> Floats:
    return tensor.detach().double().cpu().numpy().copy()
