"""A layer's output as one map for each channel, and statistics of these maps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.info import LayerInfo, Layout

Maps = NDArray[Any]
"""(C, h, w), the network's numbers and order."""
Numbers = NDArray[np.float64]

_MAP_AXES = 4
_BATCHED = 2
_SAMPLE = 1 << 14
"""Maximum number of values in a histogram: a fraction is then within 0.8 points of the
truth (two standard errors at worst), and counting costs less than the layer."""


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """Statistics of each of C feature maps.

    Attributes:
        mean: (C,).
        strength: root mean square, (C,).
        lowest: smallest value, (C,).
        highest: largest value, (C,).
        zeros: share of values that are exactly zero, (C,).
        peak: int64 (C, 2), row and column of the largest value, the first if several.
    """

    mean: Numbers
    strength: Numbers
    lowest: Numbers
    highest: Numbers
    zeros: Numbers
    peak: NDArray[np.int64]

    @property
    def silent(self) -> NDArray[np.bool_]:
        """Channels that are zero everywhere, bool (C,)."""
        return np.equal(self.zeros, 1)


def channel_maps(output: Tensor, info: LayerInfo) -> Maps:
    """Rearrange a layer's output as maps; no value is changed.

    Args:
        output: (1, ...) as returned by the layer.
        info: gives the meaning of the axes.

    Returns:
        (C, h, w): tokens in their grid without the extra ones; a vector as (D, 1, 1);
        tokens in windows as (D, windows, tokens); else the first axis is the channels.
        Smaller floating-point types, integers and booleans become float32.

    Raises:
        ModelError: the numbers are complex.
    """
    if output.is_complex():
        raise ModelError(info.name, "returns complex numbers", "pick another layer")
    whole = output.detach().cpu()
    if whole.dtype not in {torch.float32, torch.float64}:
        whole = whole.float()
    if whole.ndim < _BATCHED:
        whole = whole.reshape(1, -1)
    maps: Maps = maps_of(whole, info)[0].contiguous().numpy()
    return maps


def maps_of(output: Tensor, info: LayerInfo) -> Tensor:
    """Rearrange a batch as maps, with its graph: (N, ...) to (N, C, h, w).

    The axes are those of ``channel_maps``.
    """
    maps = _channels_first(output, info)
    if maps.ndim > _MAP_AXES:
        return maps.flatten(2, -2)
    if maps.ndim < _MAP_AXES:
        return maps.reshape(*maps.shape[:2], 1, -1)
    return maps


def channels_of(info: LayerInfo) -> int:
    """Return the number of channels that ``maps_of`` gives for a layer.

    Raises:
        ModelError: the layout of the layer's output is not known.
    """
    if not info.shape:
        raise ModelError(info.name, "is not run, or returns no tensor", "pick another")
    if info.layout in {Layout.MAP_LAST, Layout.WINDOWS, Layout.TOKENS}:
        return info.shape[-1]
    return info.shape[0]


def covers_input(info: LayerInfo) -> bool:
    """Tell whether a layer's maps cover the network's whole input."""
    return info.layout in {Layout.MAP, Layout.MAP_LAST} or (
        info.layout is Layout.TOKENS and info.grid is not None
    )


def channel_figures(maps: Maps) -> ChannelFigures:
    """Return the statistics of each map."""
    flat = maps.reshape(len(maps), -1)
    peak = flat.argmax(axis=1)
    places = flat.shape[1]
    zeros = [np.count_nonzero(one) / places for one in flat == 0]
    squares = np.einsum("cp,cp->c", flat, flat)
    return ChannelFigures(
        mean=(flat @ np.ones(places, flat.dtype)).astype(np.float64) / places,
        strength=np.sqrt(squares.astype(np.float64) / places),
        lowest=flat.min(axis=1).astype(np.float64),
        highest=np.take_along_axis(flat, peak[:, None], 1)[:, 0].astype(np.float64),
        zeros=np.array(zeros),
        peak=np.stack(np.divmod(peak, maps.shape[2]), axis=1),
    )


def histogram(
    values: Maps, limits: tuple[float, float], bins: int
) -> tuple[Numbers, Numbers, bool]:
    """Return a histogram of the nonzero values, as shares of all values.

    Args:
        values: any shape.
        limits: the smallest and the largest; values outside, and NaN, are left out.
        bins: number of bins.

    Returns:
        bins + 1 edges, bins fractions, and whether only a sample was counted: of large
        arrays every k-th value, starting with the first.
    """
    low, high = limits if np.isfinite(limits).all() else _finite_limits(values)
    if low == high:
        low, high = low - 0.5, high + 0.5
    flat = values.reshape(-1)
    stride = -(-flat.size // _SAMPLE)
    # An odd stride visits all columns of maps whose width is a power of two.
    sample = flat[:: stride | 1] if stride > 1 else flat
    counted = torch.from_numpy(sample.astype(np.float32))
    counts = torch.histc(counted, bins, low, high)
    # Zeros are subtracted from the bin that the same arithmetic puts them into.
    zeros = sample.size - int(np.count_nonzero(sample))
    counts -= zeros * torch.histc(torch.zeros(1), bins, low, high)
    shares = counts.numpy().astype(np.float64) / sample.size
    return np.linspace(low, high, bins + 1), shares, stride > 1


def _finite_limits(values: Maps) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _channels_first(output: Tensor, info: LayerInfo) -> Tensor:
    if info.layout in {Layout.MAP_LAST, Layout.WINDOWS}:
        return output.permute(0, 3, 1, 2)
    if info.layout is Layout.TOKENS:
        tokens = output.transpose(1, 2)
        if info.grid is None:
            return tokens
        kept = tokens[:, :, info.extra_tokens :]
        return kept.reshape(*kept.shape[:2], *info.grid)
    return output
