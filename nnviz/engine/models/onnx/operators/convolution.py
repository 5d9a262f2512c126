"""Convolution, pooling and matrix products with possibly computed weights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.models.onnx.graph import Node
from nnviz.engine.models.onnx.operators.registry import Function, operator, plain
from nnviz.engine.models.onnx.operators.shaping import padded

_CONVOLUTIONS = (functional.conv1d, functional.conv2d, functional.conv3d)
_TRANSPOSED = (
    functional.conv_transpose1d,
    functional.conv_transpose2d,
    functional.conv_transpose3d,
)
_MAX_POOLS = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)
_AVERAGE_POOLS = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window over the last axes.

    Attributes:
        kernel: sizes.
        stride: likewise, as all the following.
        dilation: distance of the values that it reads.
        pads: before and after on each axis.
        auto: "SAME_UPPER", "SAME_LOWER", "VALID" or "NOTSET".
        ceil: whether the last window may extend past the end.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    auto: str
    ceil: bool

    @property
    def symmetric(self) -> bool:
        """Whether the padding is symmetric, so that torch's own suffices."""
        return self.auto in {"NOTSET", "VALID"} and all(
            before == after >= 0 for before, after in self.pads
        )

    @property
    def padding(self) -> tuple[int, ...]:
        """Symmetric padding of each axis."""
        return tuple(before for before, _ in self.pads)

    def pads_for(self, sizes: Sequence[int]) -> list[tuple[int, int]]:
        """Return the padding before and after each axis for an input size."""
        if self.auto not in {"SAME_UPPER", "SAME_LOWER"}:
            return list(self.pads)
        pairs = []
        for size, k, s, d in zip(
            sizes, self.kernel, self.stride, self.dilation, strict=True
        ):
            total = max(0, (-(-size // s) - 1) * s + d * (k - 1) + 1 - size)
            small, large = total // 2, total - total // 2
            pairs.append(
                (small, large) if self.auto == "SAME_UPPER" else (large, small)
            )
        return pairs

    def padded(self, x: Tensor, value: float) -> Tensor:
        """Return a tensor with the window's padding."""
        pairs = self.pads_for(x.shape[2:])
        return padded(x, [(0, 0), (0, 0), *pairs], "constant", value)


def window_of(node: Node, kernel: Sequence[int] = ()) -> Window:
    """Return the sliding window of a node.

    Args:
        node: a convolution or a pooling.
        kernel: sizes of the weight, where the node does not give them.

    Raises:
        ModelError: its attributes contradict each other.
    """
    sizes = tuple(node.ints("kernel_shape") or kernel)
    rank = len(sizes)
    stride = tuple(node.ints("strides") or [1] * rank)
    dilation = tuple(node.ints("dilations") or [1] * rank)
    pads = node.ints("pads") or [0] * (2 * rank)
    if not rank or {len(stride), len(dilation), len(pads) // 2} != {rank}:
        raise node.refusal("its window's sizes contradict each other")
    if (kernel and tuple(kernel) != sizes) or min(*stride, *dilation, *sizes) < 1:
        raise node.refusal("its window's sizes cannot be")
    auto = node.get("auto_pad", "NOTSET")
    if auto != "NOTSET":
        pads = [0] * (2 * rank)
    pairs = tuple(zip(pads[:rank], pads[rank:], strict=True))
    return Window(sizes, stride, dilation, pairs, auto, bool(node.get("ceil_mode", 0)))


def _of_rank(functions: Sequence[Any], rank: int, node: Node) -> Any:
    if not 1 <= rank <= len(functions):
        raise node.refusal(f"works on {rank} axes", "1 to 3 are possible")
    return functions[rank - 1]


@operator("Conv")
def _convolution(node: Node) -> Function:
    groups = node.get("group", 1)

    def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        window = window_of(node, weight.shape[2:])
        function = _of_rank(_CONVOLUTIONS, len(window.kernel), node)
        result: Tensor = function(
            window.padded(x, 0), weight, bias, window.stride, 0, window.dilation, groups
        )
        return result

    return convolve


@operator("ConvTranspose")
def _transposed(node: Node) -> Function:
    groups = node.get("group", 1)

    def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        window = window_of(node, weight.shape[2:])
        function = _of_rank(_TRANSPOSED, len(window.kernel), node)
        full: Tensor = function(
            x, weight, bias, window.stride, 0, 0, groups, window.dilation
        )
        extra = node.ints("output_padding") or [0] * len(window.kernel)
        pairs = _cut(node, window, full.shape[2:], x.shape[2:], extra)
        if extra and any(extra) and bias is not None:
            return _grown_with_bias(full, pairs, bias)
        return padded(full, [(0, 0), (0, 0), *pairs], "constant", 0.0)

    return convolve


def _cut(
    node: Node,
    window: Window,
    full: Sequence[int],
    given: Sequence[int],
    extra: Sequence[int],
) -> list[tuple[int, int]]:
    """Return the padding of a full transposed convolution; negative values crop."""
    wanted = node.ints("output_shape")[-len(full) :]
    if window.auto in {"SAME_UPPER", "SAME_LOWER"} and not wanted:
        wanted = [size * s for size, s in zip(given, window.stride, strict=True)]
    if not wanted:
        return [
            (-before, more - after)
            for (before, after), more in zip(window.pads, extra, strict=True)
        ]
    pairs = []
    for size, target, more in zip(full, wanted, extra, strict=True):
        total = size + more - target
        small, large = total // 2, total - total // 2
        first = small if window.auto == "SAME_UPPER" else large
        pairs.append((-first, more - (total - first)))
    return pairs


def _grown_with_bias(
    x: Tensor, pairs: Sequence[tuple[int, int]], bias: Tensor
) -> Tensor:
    """Pad a tensor with the bias, the value of positions that nothing reaches."""
    shift = bias.view(-1, *[1] * len(pairs))
    return padded(x - shift, [(0, 0), (0, 0), *pairs], "constant", 0.0) + shift


@operator("MaxPool")
def _max_pool(node: Node) -> Function:
    window = window_of(node)
    function = _of_rank(_MAX_POOLS, len(window.kernel), node)
    if len(node.outputs) > 1 and node.outputs[1]:
        raise node.refusal("gives the places of the maxima")

    def pool(x: Tensor) -> Tensor:
        fits = window.symmetric and all(
            2 * pad <= k for pad, k in zip(window.padding, window.kernel, strict=True)
        )
        inside = x if fits else window.padded(x, -math.inf)
        pads = window.padding if fits else 0
        result: Tensor = function(
            inside, window.kernel, window.stride, pads, window.dilation, window.ceil
        )
        return result

    return pool


@operator("AveragePool")
def _average_pool(node: Node) -> Function:
    window = window_of(node)
    function = _of_rank(_AVERAGE_POOLS, len(window.kernel), node)
    whole = bool(node.get("count_include_pad", 0))
    if set(window.dilation) != {1}:
        raise node.refusal("averages with gaps")

    def pool(x: Tensor) -> Tensor:
        settings = window.kernel, window.stride
        if window.symmetric and _fits(window):
            result: Tensor = function(x, *settings, window.padding, window.ceil, whole)
            return result
        total: Tensor = function(window.padded(x, 0), *settings, 0, window.ceil)
        if whole:
            return total
        ones = window.padded(torch.ones_like(x[:1, :1]), 0)
        counts: Tensor = function(ones, *settings, 0, window.ceil)
        return total / counts

    return pool


def _fits(window: Window) -> bool:
    pairs = zip(window.padding, window.kernel, strict=True)
    return all(2 * pad <= size for pad, size in pairs)


def _over_places(x: Tensor) -> list[int]:
    return list(range(2, x.ndim))


plain("GlobalAveragePool", lambda x: x.mean(_over_places(x), keepdim=True))
plain("GlobalMaxPool", lambda x: x.amax(_over_places(x), keepdim=True))


@operator("LpPool", "GlobalLpPool")
def _lp_pool(node: Node) -> Function:
    p = node.get("p", 2)
    if node.kind == "GlobalLpPool":
        return lambda x: x.abs().pow(p).sum(_over_places(x), True).pow(1 / p)
    window = window_of(node)
    function = _of_rank(_AVERAGE_POOLS, len(window.kernel), node)
    count = math.prod(window.kernel)
    if set(window.dilation) != {1}:
        raise node.refusal("pools with gaps")

    def pool(x: Tensor) -> Tensor:
        powers = window.padded(x.abs().pow(p), 0)
        mean = function(powers, window.kernel, window.stride, 0, window.ceil)
        result: Tensor = (mean * count).pow(1 / p)
        return result

    return pool


plain("MatMul", torch.matmul)


@operator("Gemm")
def _gemm(node: Node) -> Function:
    alpha, beta = node.get("alpha", 1.0), node.get("beta", 1.0)
    turned = node.get("transA", 0), node.get("transB", 0)

    def product(a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
        result = (a.T if turned[0] else a) @ (b.T if turned[1] else b)
        result = result if alpha == 1 else alpha * result
        if c is None:
            return result
        return result + (c if beta == 1 else beta * c)

    return product


@operator("Einsum")
def _einsum(node: Node) -> Function:
    equation = node.get("equation", "").replace(" ", "")
    return lambda *tensors: torch.einsum(equation, *tensors)
