"""Compound scaling: depth, width and resolution of EfficientNet as three sliders."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Report, Table
from nnviz.engine.method import Context, Presets, register

STAGES = (
    # kind, kernel, stride, expansion, channels, layers: Tan & Le 2019, table 1
    ("MBConv", 3, 1, 1, 16, 1),
    ("MBConv", 3, 2, 6, 24, 2),
    ("MBConv", 5, 2, 6, 40, 2),
    ("MBConv", 3, 2, 6, 80, 3),
    ("MBConv", 5, 1, 6, 112, 3),
    ("MBConv", 5, 2, 6, 192, 4),
    ("MBConv", 3, 1, 6, 320, 1),
)
ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15
_BASE = 224
_DIVISOR = 8
_STEM, _HEAD = 32, 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundScalingParams:
    """Parameters: factors of the baseline's depth, width and resolution."""

    depth: Annotated[
        float,
        Range(0.5, 4),
        Essential(),
        Help("Factor for the number of layers of each stage."),
    ] = 1.2
    width: Annotated[
        float, Range(0.5, 4), Essential(), Help("Factor for the number of channels.")
    ] = 1.1
    resolution: Annotated[
        float,
        Range(0.5, 3),
        Essential(),
        Help("Factor for the side of the input image."),
    ] = 1.15


@register(
    "compound_scaling",
    title="Compound scaling",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    reference=Reference("Tan & Le 2019", "arXiv:1905.11946"),
    capabilities=lesson("Architectures", 3),
)
class CompoundScaling:
    """Lesson: EfficientNet's stages, scaled in depth, width and resolution."""

    Params: ClassVar[type] = CompoundScalingParams
    shows: ClassVar[str] = (
        "EfficientNet-B0 scaled by three factors: its stages, and their cost "
        "compared with the rule d · w² · r²."
    )
    reading: ClassVar[str] = (
        "Cost grows in proportion to depth, and with the square of width and "
        "resolution. Factors of 1.2, 1.1 and 1.15 together about double the cost: "
        "one step up from B0."
    )
    misleads: ClassVar[str] = (
        "Channels are rounded to multiples of 8 and layers are rounded up, so the "
        "cost moves in steps, and the published B1 to B7 have resolutions of their "
        "own."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "baseline": {"depth": 1.0, "width": 1.0, "resolution": 1.0},
        "only deeper": {"depth": 2.0, "width": 1.0, "resolution": 1.0},
        "only wider": {"depth": 1.0, "width": 1.41, "resolution": 1.0},
    }

    def run(self, ctx: Context, params: CompoundScalingParams) -> Iterator[Report]:
        """Yield one report: cost by each factor, and the scaled stages."""
        ctx.check()
        macs = counted_macs(params.depth, params.width, params.resolution)
        base = counted_macs(1.0, 1.0, 1.0)
        rule = params.depth * params.width**2 * params.resolution**2
        notes = (
            f"{macs / 1e9:.2f} GMACs: {macs / base:.2f} times the baseline",
            f"the rule d · w² · r² says {rule:.2f}",
        )
        yield Report({"cost": _plane(params, base), "stages": _table(params)}, notes)


def rounded_channels(channels: float) -> int:
    """Round channels as EfficientNet does: to multiples of 8, not below 90 %."""
    near = max(_DIVISOR, int(channels + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
    return near + _DIVISOR if near < 0.9 * channels else near


def counted_macs(depth: float, width: float, resolution: float) -> float:
    """Count the multiply-accumulates of the scaled network's convolutions.

    Squeeze and excitation, which adds less than 1 %, is left out.
    """
    side = round(_BASE * resolution)
    side = math.ceil(side / 2)
    before = rounded_channels(_STEM * width)
    total = float(27 * before * side * side)
    for _, kernel, stride, expansion, channels, layers in STAGES:
        after = rounded_channels(channels * width)
        for number in range(math.ceil(layers * depth)):
            step = stride if number == 0 else 1
            inner = before * expansion
            total += before * inner * side * side if expansion > 1 else 0
            side = math.ceil(side / step)
            total += (kernel**2 + after) * inner * side * side
            before = after
    return total + before * rounded_channels(_HEAD * width) * side * side


def _plane(params: CompoundScalingParams, base: float) -> Plane:
    """Plot the cost over each factor alone, and over all three together."""
    own = counted_macs(params.depth, params.width, params.resolution) / base
    largest = max(params.depth, params.width, params.resolution)
    top = max(5.5, 1.1 * own)
    return Plane(
        x_range=(0.5, max(2.3, largest + 0.1)),
        y_range=(0.0, top),
        x_label="factor",
        y_label="cost, times the baseline",
        paths=_single_factors(base),
        points=(
            PlanePoints(
                places=np.array([[largest, own]]),
                classes=np.array([3]),
                labels=("yours",),
                marker="star",
            ),
        ),
        formula=_formula(params),
    )


def _single_factors(base: float) -> tuple[PlanePath, ...]:
    """Return the cost curves over each factor with the other two fixed at 1."""
    factors = np.linspace(0.6, 2.2, 33)
    lines = {
        "depth alone": [counted_macs(f, 1, 1) for f in factors],
        "width alone": [counted_macs(1, f, 1) for f in factors],
        "resolution alone": [counted_macs(1, 1, f) for f in factors],
    }
    return tuple(
        PlanePath.curve(factors, np.array(costs) / base, name, color=index)
        for index, (name, costs) in enumerate(lines.items())
    )


def _formula(params: CompoundScalingParams) -> str:
    return (
        rf"$d \cdot w^2 \cdot r^2 = {params.depth:g} \cdot {params.width:g}^2 "
        rf"\cdot {params.resolution:g}^2 = "
        rf"{params.depth * params.width**2 * params.resolution**2:.2f}$"
    )


def _table(params: CompoundScalingParams) -> Table:
    side = round(_BASE * params.resolution)
    channels = float(rounded_channels(_STEM * params.width))
    rows: list[tuple[str | float, ...]] = [("Conv 3 × 3", float(side), channels, 1.0)]
    side = math.ceil(side / 2)
    for kind, kernel, stride, _, base, layers in STAGES:
        channels = float(rounded_channels(base * params.width))
        count = float(math.ceil(layers * params.depth))
        rows.append((f"{kind} {kernel} × {kernel}", float(side), channels, count))
        side = math.ceil(side / stride)
    head = float(rounded_channels(_HEAD * params.width))
    rows.append(("Conv 1 × 1, pooling, FC", float(side), head, 1.0))
    columns = ("stage", "resolution in, px", "channels", "layers")
    return Table(columns=columns, rows=tuple(rows))
