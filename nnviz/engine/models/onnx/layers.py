"""Operators as torch modules, so that hooks, filters and ReLU rules find them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.base.errors import NnvizError
from nnviz.engine.models.onnx.graph import Node
from nnviz.engine.models.onnx.operators.convolution import Window, window_of
from nnviz.engine.models.onnx.operators.normalization import refuse_training

Layer = tuple[nn.Module, tuple[int, ...]]
"""A module and the indices of the inputs that it is called with."""
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_BATCH_NORMS = {
    2: nn.BatchNorm1d,
    3: nn.BatchNorm1d,
    4: nn.BatchNorm2d,
    5: nn.BatchNorm3d,
}
_INSTANCE_NORMS = {3: nn.InstanceNorm1d, 4: nn.InstanceNorm2d, 5: nn.InstanceNorm3d}
_MAX_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_AVERAGE_POOLS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_MAP_AXES = 4
_SIX = 6.0
_HALF = 0.5
_SINGLE = 1e-6
"""Relative rounding error of single precision, with a margin."""


@dataclass(slots=True)
class Materials:
    """Weights and constants from which modules are built.

    Attributes:
        constants: fixed values of the graph by name.
        ranks: number of axes of the other values, for the part of the graph already
            built.
        parameters: those already created: layers that share a value share the
            parameter.
    """

    constants: dict[str, Tensor]
    ranks: dict[str, int] = field(default_factory=dict)
    parameters: dict[tuple[str, bool], nn.Parameter] = field(default_factory=dict)

    def constant(self, node: Node, position: int) -> Tensor | None:
        """Return the constant at a position of a node's inputs, or None."""
        if not node.takes(position):
            return None
        return self.constants.get(node.inputs[position])

    def parameter(
        self, node: Node, position: int, *, turned: bool = False
    ) -> nn.Parameter | None:
        """Return the weight at a position as a parameter, transposed if ``turned``."""
        value = self.constant(node, position)
        if value is None:
            return None
        key = (node.inputs[position], turned)
        if key not in self.parameters:
            self.parameters[key] = nn.Parameter(value.T if turned else value, False)
        return self.parameters[key]

    def fixed(self, node: Node, *positions: int) -> bool:
        """Tell whether the inputs at some positions are constant or missing."""
        return all(
            not node.takes(each) or self.constant(node, each) is not None
            for each in positions
        )

    def rank(self, node: Node) -> int:
        """Return the number of axes of a node's first input."""
        return self.ranks.get(node.inputs[0], 0)


_Maker = Callable[[Node, Materials], Layer | None]
_LAYER_ERRORS = (
    *(ValueError, TypeError, RuntimeError, LookupError),
    *(ArithmeticError, AttributeError),
)
"""torch's, of modules that are built from impossible sizes."""
LAYERS: dict[str, _Maker] = {}


def _layer(*kinds: str) -> Callable[[_Maker], _Maker]:
    def enter(make: _Maker) -> _Maker:
        LAYERS.update(dict.fromkeys(kinds, make))
        return make

    return enter


def layer_for(node: Node, materials: Materials) -> Layer | None:
    """Return the torch module for a node, or None.

    Raises:
        ModelError: no module has the node's sizes.
    """
    make = LAYERS.get(node.kind)
    try:
        return make(node, materials) if make else None
    except NnvizError:
        raise
    except _LAYER_ERRORS:
        raise node.refusal("its numbers contradict each other") from None


def _given(
    module: nn.Module, weight: nn.Parameter, bias: nn.Parameter | None
) -> nn.Module:
    """Assign a module's weights."""
    vars(module)["_parameters"].update(weight=weight, bias=bias)
    return module


# --- convolutions and products ----------------------------------------------------


class PaddedConv2d(nn.Conv2d):
    """A convolution with asymmetric padding."""

    window: Window

    def forward(self, x: Tensor) -> Tensor:
        """Pad, then convolve."""
        return super().forward(self.window.padded(x, 0))


@_layer("Conv")
def _convolution(node: Node, materials: Materials) -> Layer | None:
    weight = materials.parameter(node, 1)
    if weight is None or not materials.fixed(node, 2):
        return None
    window = window_of(node, weight.shape[2:])
    rank = len(window.kernel)
    same = window.symmetric
    if rank > len(_CONVOLUTIONS) or (not same and rank != len("yx")):
        return None
    groups = node.get("group", 1)
    kind: Any = _CONVOLUTIONS[rank - 1] if same else PaddedConv2d
    padding = window.padding if same else 0
    shape = weight.shape[1] * groups, weight.shape[0], window.kernel, window.stride
    with torch.device("meta"):
        module = kind(*shape, padding, window.dilation, groups)
    if not same:
        module.window = window
    return _given(module, weight, materials.parameter(node, 2)), (0,)


@_layer("ConvTranspose")
def _transposed(node: Node, materials: Materials) -> Layer | None:
    weight = materials.parameter(node, 1)
    if weight is None or not materials.fixed(node, 2) or node.ints("output_shape"):
        return None
    window = window_of(node, weight.shape[2:])
    rank = len(window.kernel)
    extra = node.ints("output_padding") or [0] * rank
    limits = zip(extra, window.stride, window.dilation, strict=True)
    if (
        rank > len(_TRANSPOSED)
        or not window.symmetric
        or any(more >= max(s, d) for more, s, d in limits)
    ):
        return None
    groups = node.get("group", 1)
    with torch.device("meta"):
        module = _TRANSPOSED[rank - 1](
            weight.shape[0],
            weight.shape[1] * groups,
            window.kernel,  # type: ignore[arg-type]
            window.stride,  # type: ignore[arg-type]
            window.padding,  # type: ignore[arg-type]
            tuple(extra),  # type: ignore[arg-type]
            groups,
            dilation=window.dilation,  # type: ignore[arg-type]
        )
    return _given(module, weight, materials.parameter(node, 2)), (0,)


@_layer("Gemm", "Linear")
def _linear(node: Node, materials: Materials) -> Layer | None:
    """Build a linear layer of ``Gemm``, also from a fused ``MatMul`` and ``Add``."""
    usual = node.get("alpha", 1.0) == node.get("beta", 1.0) == 1
    if not usual or node.get("transA", 0) or not materials.fixed(node, 1, 2):
        return None
    turned = not node.get("transB", 0)
    weight = materials.parameter(node, 1, turned=turned)
    bias = materials.parameter(node, 2)
    if weight is None or weight.ndim != len("oi"):
        return None
    if bias is not None and bias.shape != weight.shape[:1]:
        return None
    with torch.device("meta"):
        module = nn.Linear(weight.shape[1], weight.shape[0], bias is not None)
    return _given(module, weight, bias), (0,)


@_layer("MatMul")
def _product(node: Node, materials: Materials) -> Layer | None:
    weight = materials.constant(node, 1)
    if weight is None or weight.ndim != len("io") or materials.rank(node) < 1:
        return None
    return _linear(node, materials)


# --- normalization ----------------------------------------------------------------


@_layer("BatchNormalization")
def _batch_norm(node: Node, materials: Materials) -> Layer | None:
    refuse_training(node)
    weight = materials.parameter(node, 1)
    kind = _BATCH_NORMS.get(materials.rank(node))
    if weight is None or kind is None or not materials.fixed(node, 2, 3, 4):
        return None
    module = kind(len(weight), node.get("epsilon", 1e-5), device="meta")
    _given(module, weight, materials.parameter(node, 2))
    module.running_mean = materials.constant(node, 3)
    module.running_var = materials.constant(node, 4)
    module.num_batches_tracked = None
    return module, (0,)


@_layer("LayerNormalization")
def _layer_norm(node: Node, materials: Materials) -> Layer | None:
    weight = materials.parameter(node, 1)
    axis, rank = node.get("axis", -1), materials.rank(node)
    if weight is None or not materials.fixed(node, 2) or len(node.outputs) > 1:
        return None
    if not rank or weight.ndim != rank - axis % rank:
        return None
    bias = materials.parameter(node, 2)
    if bias is not None and bias.shape != weight.shape:
        return None
    module = nn.LayerNorm(
        list(weight.shape),
        node.get("epsilon", 1e-5),
        bias=bias is not None,
        device="meta",
    )
    return _given(module, weight, bias), (0,)


@_layer("InstanceNormalization")
def _instance_norm(node: Node, materials: Materials) -> Layer | None:
    weight = materials.parameter(node, 1)
    kind = _INSTANCE_NORMS.get(materials.rank(node))
    if weight is None or kind is None or not materials.fixed(node, 2):
        return None
    module = kind(len(weight), node.get("epsilon", 1e-5), affine=True, device="meta")
    return _given(module, weight, materials.parameter(node, 2)), (0,)


# --- pooling ----------------------------------------------------------------------


@_layer("MaxPool")
def _max_pool(node: Node, _materials: Materials) -> Layer | None:
    window = window_of(node)
    if not _fits(window) or any(node.outputs[1:]):
        return None
    module = _MAX_POOLS[len(window.kernel) - 1](
        window.kernel,
        window.stride,
        window.padding,
        window.dilation,
        ceil_mode=window.ceil,
    )
    return module, (0,)


@_layer("AveragePool")
def _average_pool(node: Node, _materials: Materials) -> Layer | None:
    window = window_of(node)
    if not _fits(window) or set(window.dilation) != {1}:
        return None
    module = _AVERAGE_POOLS[len(window.kernel) - 1](
        window.kernel,  # type: ignore[arg-type]
        window.stride,  # type: ignore[arg-type]
        window.padding,  # type: ignore[arg-type]
        window.ceil,
        bool(node.get("count_include_pad", 0)),
    )
    return module, (0,)


def _fits(window: Window) -> bool:
    """Tell whether torch's pooling supports a window."""
    pairs = zip(window.padding, window.kernel, strict=True)
    return (
        len(window.kernel) <= len(_MAX_POOLS)
        and window.symmetric
        and all(2 * pad <= size for pad, size in pairs)
    )


@_layer("GlobalAveragePool")
def _global_average_pool(node: Node, materials: Materials) -> Layer | None:
    if materials.rank(node) != _MAP_AXES:
        return None
    return nn.AdaptiveAvgPool2d(1), (0,)


@_layer("ReduceMean")
def _mean_of_maps(node: Node, materials: Materials) -> Layer | None:
    """Build global average pooling of a mean over rows and columns that keeps both."""
    axes = node.ints("axes")
    given = materials.constant(node, 1)
    if given is not None:
        axes = given.tolist()
    elif node.takes(1):
        return None
    if materials.rank(node) != _MAP_AXES or not node.get("keepdims", 1):
        return None
    if sorted(axis % _MAP_AXES for axis in axes) != [2, 3]:
        return None
    return nn.AdaptiveAvgPool2d(1), (0,)


# --- activations ------------------------------------------------------------------

_PLAIN: dict[str, Callable[[], nn.Module]] = {
    "Relu": nn.ReLU,
    "Sigmoid": nn.Sigmoid,
    "Tanh": nn.Tanh,
    "HardSwish": nn.Hardswish,
    "Mish": nn.Mish,
    "Softplus": nn.Softplus,
    "Softsign": nn.Softsign,
}


def _plain(node: Node, _materials: Materials) -> Layer:
    return _PLAIN[node.kind](), (0,)


LAYERS.update(dict.fromkeys(_PLAIN, _plain))


@_layer("Selu")
def _selu(node: Node, _materials: Materials) -> Layer | None:
    usual = not {"alpha", "gamma"} & node.attributes.keys()
    return (nn.SELU(), (0,)) if usual else None


@_layer("Elu", "LeakyRelu", "Celu")
def _with_slope(node: Node, _materials: Materials) -> Layer:
    alpha = node.attributes.get("alpha", 0.01 if node.kind == "LeakyRelu" else 1.0)
    kinds = {"Elu": nn.ELU, "LeakyRelu": nn.LeakyReLU, "Celu": nn.CELU}
    return kinds[node.kind](alpha), (0,)


@_layer("Clip")
def _clip(node: Node, materials: Materials) -> Layer | None:
    """Build ReLU6 of a clip from 0 to 6, and hard tanh of others."""
    low, high = (
        node.attributes.get(name) if value is None else value.item()
        for name, value in (
            ("min", materials.constant(node, 1)),
            ("max", materials.constant(node, 2)),
        )
    )
    if low is None or high is None or not low < high:
        return None
    if (low, high) == (0, _SIX):
        return nn.ReLU6(), (0,)
    return nn.Hardtanh(low, high), (0,)


@_layer("PRelu")
def _prelu(node: Node, materials: Materials) -> Layer | None:
    slope = materials.constant(node, 1)
    if slope is None or slope.numel() not in {1, *slope.shape[:1]}:
        return None
    if slope.numel() > 1 and slope.ndim != materials.rank(node) - 1:
        return None
    module = nn.PReLU(slope.numel())
    module.weight = nn.Parameter(slope.flatten(), False)
    return module, (0,)


@_layer("HardSigmoid")
def _hard_sigmoid(node: Node, _materials: Materials) -> Layer | None:
    """Build torch's hard sigmoid if the slope is 1/6 in single precision."""
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    usual = math.isclose(alpha, 1 / 6, rel_tol=_SINGLE) and beta == _HALF
    return (nn.Hardsigmoid(), (0,)) if usual else None


class ErfGelu(nn.GELU):
    """GELU from its export as five nodes: ``x / 2 (1 + erf(scale x))``."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Apply GELU; double precision is computed explicitly."""
        if x.dtype is torch.float64:
            return x * (0.5 * (1 + torch.erf(self.scale * x)))
        return super().forward(x)


ErfGelu.__name__ = "GELU"
"""Its usual name."""


@_layer("ErfGelu")
def _erf_gelu(node: Node, _materials: Materials) -> Layer:
    return ErfGelu(node.get("scale", math.sqrt(0.5))), (0,)


@_layer("HardSigmoidGate")
def _gate(_node: Node, _materials: Materials) -> Layer:
    return nn.Hardswish(), (0,)


@_layer("Gelu")
def _gelu(node: Node, _materials: Materials) -> Layer:
    return nn.GELU(node.get("approximate", "none")), (0,)


@_layer("Swish")
def _swish(node: Node, _materials: Materials) -> Layer | None:
    return (nn.SiLU(), (0,)) if node.get("alpha", 1.0) == 1 else None


@_layer("Softmax", "LogSoftmax")
def _softmax(node: Node, materials: Materials) -> Layer | None:
    new = node.opset >= 13  # noqa: PLR2004 -- see the operator
    axis, rank = node.get("axis", -1 if new else 1), materials.rank(node)
    if not new and axis % max(1, rank) != rank - 1:
        return None
    return (nn.Softmax if node.kind == "Softmax" else nn.LogSoftmax)(axis), (0,)


class Attention(nn.Module):
    """``softmax(scale Q K) V`` by torch's function, so that its weights can be read."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Apply scaled dot-product attention.

        Args:
            query: (..., T, D).
            key: (..., D, S), transposed as for a matrix product.
            value: (..., S, E).
        """
        alone = query.ndim == len("htd")
        if alone:
            query, key, value = query[None], key[None], value[None]
        mixed = functional.scaled_dot_product_attention(
            query, key.transpose(-2, -1), value, scale=self.scale
        )
        return mixed[0] if alone else mixed

    def extra_repr(self) -> str:
        """Return the scale for the module's repr."""
        return f"scale={self.scale:g}"


@_layer("Attention.")
def _attention(node: Node, _materials: Materials) -> Layer:
    return Attention(node.get("scale", 1.0)), (0, 1, 2)
