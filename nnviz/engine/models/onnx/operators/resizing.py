"""Resize and GridSample: torch's interpolation if equivalent, else weight matrices.

Interpolation is linear and separable: along each axis it is a matrix of weights from
the old positions to the new ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import ModelError
from nnviz.engine.models.onnx.graph import HostValue, Node, whole_numbers
from nnviz.engine.models.onnx.operators.registry import Function, operator

_TORCH_MODES = {
    ("nearest", "asymmetric", "floor"): ("nearest", None),
    ("linear", "half_pixel", ""): ("linear", False),
    ("linear", "pytorch_half_pixel", ""): ("linear", False),
    ("linear", "align_corners", ""): ("linear", True),
    ("cubic", "pytorch_half_pixel", ""): ("cubic", False),
    ("cubic", "half_pixel", ""): ("cubic", False),
    ("cubic", "align_corners", ""): ("cubic", True),
}
"""Mode, coordinates and rounding that torch's ``interpolate`` supports too."""
_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}
_CUBIC_AXES = 2
_TORCH_CUBIC = -0.75
_WITH_ROI = 11
"""Version since which a region of interest precedes the scales."""


@dataclass(frozen=True, slots=True)
class _Settings:
    """Attributes of a Resize node."""

    mode: str
    coordinates: str
    rounding: str
    cubic: float
    exclude: bool
    antialias: bool
    policy: str


@operator("Resize", "Upsample", host=(1, 2, 3), grows=True)
def _resize(node: Node) -> Function:
    settings = _settings(node)
    axes = node.ints("axes")
    before = 1 if node.opset < _WITH_ROI or node.kind == "Upsample" else 2

    def resize(x: Tensor, *given: Any) -> Tensor:
        scales, sizes = [*given[before - 1 :], None, None][:2]
        chosen = [axis % x.ndim for axis in axes] or list(range(x.ndim))
        wanted = _wanted(node, settings, x.shape, chosen, scales, sizes)
        return _resized(x, settings, wanted)

    return resize


_Wanted = dict[int, tuple[int, float]]
"""By axis that changes: its new size, and new places for an old one."""


def _settings(node: Node) -> _Settings:
    old = node.opset < _WITH_ROI or node.kind == "Upsample"
    mode = node.get("mode", "nearest")
    coordinates = "asymmetric" if old else "half_pixel"
    coordinates = node.get("coordinate_transformation_mode", coordinates)
    rounding = node.get("nearest_mode", "floor" if old else "round_prefer_floor")
    if coordinates == "tf_crop_and_resize":
        raise node.refusal("cuts a region out while it resizes")
    return _Settings(
        "linear" if mode == "bilinear" else mode,
        coordinates,
        rounding if mode == "nearest" else "",
        node.get("cubic_coeff_a", -0.75),
        bool(node.get("exclude_outside", 0)),
        bool(node.get("antialias", 0)),
        node.get("keep_aspect_ratio_policy", "stretch"),
    )


def _wanted(
    node: Node,
    settings: _Settings,
    shape: Sequence[int],
    axes: Sequence[int],
    scales: HostValue | None,
    sizes: HostValue | None,
) -> _Wanted:
    if sizes is not None and sizes.size:
        return _by_sizes(settings, shape, axes, whole_numbers(sizes))
    if scales is None or not scales.size:
        factors = node.get("scales", [])
    else:
        factors = scales.tolist()
    if len(factors) != len(axes):
        raise node.refusal(f"has {len(factors)} scales for {len(axes)} axes")
    pairs = zip(axes, factors, strict=True)
    return {
        axis: (math.floor(shape[axis] * factor), factor)
        for axis, factor in pairs
        if factor != 1
    }


def _by_sizes(
    settings: _Settings, shape: Sequence[int], axes: Sequence[int], sizes: list[int]
) -> _Wanted:
    factors = [size / shape[axis] for axis, size in zip(axes, sizes, strict=True)]
    if settings.policy != "stretch":
        limit = min if settings.policy == "not_larger" else max
        factors = [limit(factors)] * len(factors)
        sizes = [
            round(shape[axis] * factor)
            for axis, factor in zip(axes, factors, strict=True)
        ]
    return {
        axis: (size, factor)
        for axis, size, factor in zip(axes, sizes, factors, strict=True)
        # Images are never resized into each other: another number of them is no size.
        if size != shape[axis] and axis
    }


def _resized(x: Tensor, settings: _Settings, wanted: _Wanted) -> Tensor:
    if not wanted:
        return x
    known = _TORCH_MODES.get((settings.mode, settings.coordinates, settings.rounding))
    places = set(range(2, x.ndim))
    if known and set(wanted) <= places and _as_torch(x, settings, wanted):
        return _by_torch(x, known, wanted)
    for axis, (size, factor) in wanted.items():
        x = _along(x, axis, size, factor, settings)
    return x


def _as_torch(x: Tensor, settings: _Settings, wanted: _Wanted) -> bool:
    """Tell whether torch's interpolation computes the same as these settings."""
    if settings.antialias or x.ndim - 2 not in _LINEAR:
        return False
    exact = all(size == x.shape[axis] * f for axis, (size, f) in wanted.items())
    # With a side of one, one takes the center and the other the start.
    single = any(size == 1 for size, _ in wanted.values())
    if settings.mode == "cubic":
        usual = settings.cubic == _TORCH_CUBIC and not settings.exclude
        return usual and x.ndim - 2 == _CUBIC_AXES and exact and not single
    return exact and not single


def _by_torch(x: Tensor, known: tuple[str, bool | None], wanted: _Wanted) -> Tensor:
    mode, corners = known
    sizes = [wanted.get(axis, (x.shape[axis], 1))[0] for axis in range(2, x.ndim)]
    if mode == "linear":
        mode = _LINEAR[x.ndim - 2]
    elif mode == "cubic":
        mode = "bicubic"
    return functional.interpolate(x, sizes, mode=mode, align_corners=corners)


def _along(
    x: Tensor, axis: int, size: int, factor: float, settings: _Settings
) -> Tensor:
    """Resize along one axis by a matrix of weights."""
    weights = _weights(x.shape[axis], size, factor, settings)
    if settings.mode == "nearest":
        places = weights.argmax(1)
        return x.index_select(axis, places.to(x.device))
    moved = x.movedim(axis, -1) @ weights.T.to(x.device, x.dtype)
    return moved.movedim(-1, axis)


def _weights(old: int, new: int, factor: float, settings: _Settings) -> Tensor:
    """Return the interpolation weights from old positions to new ones, (new, old)."""
    centers = _centers(old, new, factor, settings.coordinates)
    if settings.mode == "nearest":
        nearest = _rounded(centers, settings.rounding).clamp(0, old - 1)
        return functional.one_hot(nearest.long(), old)
    shrink = min(factor, 1.0) if settings.antialias else 1.0
    reach = {"linear": 1, "cubic": 2}[settings.mode]
    radius = math.ceil(reach / shrink)
    taps = centers.floor()[:, None] + torch.arange(-radius, radius + 2)
    kernel = _linear if settings.mode == "linear" else _cubic
    amounts = kernel((taps - centers[:, None]) * shrink, settings.cubic)
    if settings.exclude:
        amounts = amounts * ((taps >= 0) & (taps < old))
    amounts = amounts / amounts.sum(1, keepdim=True)
    places = taps.clamp(0, old - 1).long()
    result = torch.zeros(new, old, dtype=torch.float64)
    return result.scatter_add(1, places, amounts)


def _centers(old: int, new: int, factor: float, coordinates: str) -> Tensor:
    """Return the coordinates of the new positions among the old ones."""
    places = torch.arange(new, dtype=torch.float64)
    match coordinates:
        case "align_corners":
            last = old * factor - 1
            return places * ((old - 1) / last if last else 0)
        case "asymmetric":
            return places / factor
        case "pytorch_half_pixel" if new <= 1:
            return torch.zeros(new, dtype=torch.float64)
        case "half_pixel_symmetric":
            shift = old / 2 * (1 - new / (old * factor))
            return shift + (places + 0.5) / factor - 0.5
        case "half_pixel" | "pytorch_half_pixel":
            return (places + 0.5) / factor - 0.5
        case _:
            raise ModelError("Resize", f"does not know coordinates {coordinates}")


def _rounded(x: Tensor, how: str) -> Tensor:
    match how:
        case "floor":
            return x.floor()
        case "ceil":
            return x.ceil()
        case "round_prefer_ceil":
            return (x + 0.5).floor()
        case _:
            return (x - 0.5).ceil()


def _linear(distance: Tensor, _a: float) -> Tensor:
    return (1 - distance.abs()).clamp(min=0)


def _cubic(distance: Tensor, a: float) -> Tensor:
    """Return Keys' cubic kernel, "Cubic convolution interpolation" (1981), eq. 15."""
    d = distance.abs()
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return torch.where(d <= 1, near, torch.where(d < 2, far, torch.zeros_like(d)))  # noqa: PLR2004


@operator("GridSample")
def _grid_sample(node: Node) -> Function:
    modes = {"linear": "bilinear", "cubic": "bicubic"}
    mode = node.get("mode", "linear")
    mode = modes.get(mode, mode)
    padding = node.get("padding_mode", "zeros")
    corners = bool(node.get("align_corners", 0))
    return lambda x, grid: functional.grid_sample(x, grid, mode, padding, corners)
