"""Heatmaps and color images made from attributions of pixels and colors."""

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from nnviz.base.frames import Frame, Placement
from nnviz.base.results import Array, ColorImage, Heatmap, Report, Result

Colors = Literal["strongest", "sum"]
"""The largest absolute value over the colors, or their sum with its sign."""
_PAINTABLE = (1, 3)
"""Numbers of channels that can be shown as an image."""
_CLIPPED = 99.0
"""Percentile of the absolute values at which a color image's contrast saturates."""


def attribution_map(
    attribution: Tensor, colors: Colors, unit: str, placement: Placement
) -> Heatmap:
    """Reduce an attribution over colors to a heatmap over the network's input.

    Args:
        attribution: (C, H, W).
        colors: how the colors are reduced to one number.
        unit: of the numbers.
        placement: of the input on the image.

    Returns:
        float32 (H, W): at least 0 for "strongest", signed for "sum".
    """
    if colors == "sum":
        return input_map(attribution.sum(0), unit, placement, signed=True)
    strongest = attribution.abs().amax(0)
    return input_map(strongest, f"|{unit}|", placement, signed=False)


def input_map(
    values: Tensor, unit: str, placement: Placement, *, signed: bool
) -> Heatmap:
    """Return a heatmap over the network's input of values (H, W), float32."""
    return Heatmap(
        values=values.detach().to("cpu", torch.float32).numpy(),
        signed=signed,
        unit=unit,
        frame=Frame.INPUT,
        placement=placement,
    )


def both_sizes(
    name: str, large: Array, small: Array, unit: str, placement: Placement
) -> dict[str, Heatmap]:
    """Return signed heatmaps: over the network's input, and "map", one value a cell.

    Args:
        name: of the first heatmap.
        large: over the input, (H, W).
        small: at its own resolution, (h, w); it overlays nothing.
        unit: of the numbers.
        placement: of the input on the image.
    """
    wide, narrow = (np.ascontiguousarray(each, np.float32) for each in (large, small))
    over = Heatmap(
        values=wide, signed=True, unit=unit, frame=Frame.INPUT, placement=placement
    )
    return {name: over, "map": Heatmap(values=narrow, signed=True, unit=unit)}


def attribution_image(
    attribution: Tensor, placement: Placement
) -> tuple[ColorImage, str]:
    """Return an attribution as a color image, gray for 0, and a note on its contrast.

    Args:
        attribution: (C, H, W), C of 1 or 3.
        placement: of the input on the image.

    Returns:
        The image, and a sentence that states its contrast.
    """
    values = attribution.detach().to("cpu", torch.float32)
    limit = _percentile(values.abs().flatten(), _CLIPPED) or 1.0
    pixels = (0.5 + values / (2 * limit)).clamp(0, 1).permute(1, 2, 0).numpy()
    words = (
        f"in the color image gray is 0; full color is {limit:.3g} and above "
        f"({_CLIPPED:g} % of the values lie below)"
    )
    return ColorImage(
        pixels=np.ascontiguousarray(pixels), frame=Frame.INPUT, placement=placement
    ), words


def _percentile(values: Tensor, percent: float) -> float:
    """Return a high percentile, one of the values themselves.

    The few largest values are found in a third of the time of numpy's percentile.
    """
    below = math.ceil(percent / 100 * (values.numel() - 1))
    return float(values.topk(values.numel() - below).values[-1])


def changed_report(
    name: str,
    attribution: Tensor,
    colors: Colors,
    placement: Placement,
    notes: tuple[str, ...],
) -> Report:
    """Return the report of a gradient with modified ReLUs.

    The modified gradient is no longer a derivative, so it has no unit.

    Args:
        name: of the map.
        attribution: (C, H, W).
        colors: how the colors are reduced to one number.
        placement: of the input on the image.
        notes: the report's first notes.
    """
    heat = attribution_map(attribution, colors, "changed gradient", placement)
    results: dict[str, Result] = {name: heat}
    if len(attribution) in _PAINTABLE:
        results["in color"], words = attribution_image(attribution, placement)
        notes = (*notes, words)
    return Report(results, (*notes, *remarks(heat.values)))


def gradient_unit(unit: str) -> str:
    """Return the unit of a score's gradient with respect to pixels in [0, 1]."""
    return f"{unit} / pixel value"


def remarks(values: Array) -> tuple[str, ...]:
    """Return notes on a map that is all zero or not finite."""
    if not np.isfinite(values).all():
        return ("some values are infinite or not numbers: the map is meaningless",)
    if not values.any():
        return ("the map is zero everywhere: no pixel changes this score",)
    return ()
