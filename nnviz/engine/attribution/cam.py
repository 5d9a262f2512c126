"""Class activation maps: a layer's channels, added up with weights.

A is a layer's output (C, h, w) and g the gradient of the score with respect to it.  All
functions return the signed map (h, w); ``shown`` applies the ReLU where it is wanted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.frames import Frame, Placement
from nnviz.base.notation.targets import BoxTarget
from nnviz.base.parameters import (
    Essential,
    Formerly,
    Help,
    LayerKinds,
    LayerList,
    LayerName,
    Title,
)
from nnviz.base.results import Array, Heatmap, Report, Result
from nnviz.engine.attribution.parameters import AskedTarget
from nnviz.engine.method import Context
from nnviz.engine.nn.map_layers import ChosenLayers, choose_layers
from nnviz.engine.targets.layer_gradients import LayerGradients

GradientRule = Callable[[Tensor, Tensor], Tensor]
"""From A and g to the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayersParams:
    """Parameters: the layers that a class activation map is computed from."""

    layer: Annotated[
        LayerName,
        Essential(),
        LayerKinds("spatial"),
        Help("The layer for the map. Empty: chosen automatically."),
    ] = ""
    layers: Annotated[
        LayerList,
        Essential(),
        Formerly("others"),
        Title("More layers"),
        Help('Other layers, separated by commas, or "stages" for one per map size.'),
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CamParams(LayersParams):
    """Parameters of a class activation map: target, layers, signs."""

    target: AskedTarget = ""
    signed: Annotated[
        bool,
        Essential(),
        Title("Show negative evidence"),
        Help("Keep negative values: positions that lower the score."),
    ] = False


def grad_cam(a: Tensor, g: Tensor) -> Tensor:
    """Weight each channel by its mean gradient: arXiv:1610.02391, equations 1 and 2.

    The ReLU of equation 2 is applied by ``shown``.
    """
    return weighted(a, g.mean((1, 2)))


def grad_cam_pp(a: Tensor, g: Tensor) -> Tensor:
    """Weight channels by higher derivatives: arXiv:1710.11063, equations 5 and 19.

    With the score's exponential, as in the paper, the second and third derivatives of a
    network of ReLUs are g^2 and g^3 times that exponential, and the factor at a
    position is g^2 / (2 g^2 + sum(A) g^3), which is 1 / (2 + sum(A) g) where g is not
    zero.  The exponential itself scales the whole map and is left out.
    """
    denominator = 2 + a.sum((1, 2), keepdim=True) * g
    factors = torch.where((g != 0) & (denominator != 0), 1 / denominator, 0)
    return weighted(a, (factors * g.relu()).sum((1, 2)))


def hires_cam(a: Tensor, g: Tensor) -> Tensor:
    """Weight each position by its own gradient: arXiv:2011.08891."""
    return (g * a).sum(0)


def layer_cam(a: Tensor, g: Tensor) -> Tensor:
    """Weight positions by positive gradients only: LayerCAM, arXiv:2106.09979."""
    return (g.relu() * a).sum(0)


def xgrad_cam(a: Tensor, g: Tensor) -> Tensor:
    """Weight channels by their activation-weighted mean gradient: arXiv:2008.02312.

    A channel whose activations sum to zero has no such mean: it is left out.
    """
    total = a.sum((1, 2))
    weights = torch.where(total != 0, (g * a).sum((1, 2)) / total, 0)
    return weighted(a, weights)


def shapley_cam(a: Tensor, g: Tensor, product: Tensor) -> Tensor:
    """Weight each channel by the mean of g - H A / 2: arXiv:2501.06261.

    Args:
        a: (C, h, w).
        g: likewise.
        product: likewise, H A of the score's Hessian H with respect to A.
    """
    return weighted(a, (g - product / 2).mean((1, 2)))


def eigen_cam(a: Tensor, *, centered: bool) -> Tensor:
    """Project each position on the first principal direction: arXiv:2008.00299.

    Args:
        a: (C, h, w).
        centered: subtract each channel's mean over the positions before the direction
            is computed, as principal component analysis does; the paper does not.

    Returns:
        (h, w).  The sign of a direction is arbitrary: it is chosen so that the value of
        largest magnitude is positive.
    """
    places = a.flatten(1).T
    center = places.mean(0) if centered else torch.zeros_like(places[0])
    _, _, directions = torch.linalg.svd(places - center, full_matrices=False)
    found: Tensor = (places @ directions[0]).view(a.shape[1:])
    return -found if found.min().abs() > found.max() else found


def weighted(a: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum of channels (C, h, w) with weights (C,)."""
    cam: Tensor = torch.einsum("c,cyx->yx", weights, a)
    return cam


def shown(cam: Tensor, *, signed: bool) -> Tensor:
    """Return the map with its signs, or its positive part only."""
    return cam if signed else cam.relu()


def upsampled(small: Tensor, size: tuple[int, int]) -> Tensor:
    """Upsample a map (h, w) to the input's size, bilinearly between cell centers.

    Pixels in the outer half of border cells have the border's value.
    """
    large = functional.interpolate(
        small[None, None], size, mode="bilinear", align_corners=False
    )
    return large[0, 0]


def cam_results(
    name: str,
    cams: Sequence[Tensor],
    layers: ChosenLayers,
    placement: Placement,
    *,
    signed: bool,
    unit: str,
) -> dict[str, Result]:
    """Return the result maps of one or several layers.

    Args:
        name: of the main result.
        cams: one (h, w) per layer, with their signs.
        layers: their layers, in the same order; the last is the main one.
        placement: of the input on the image.
        signed: whether negative values are kept.
        unit: of the maps.

    Returns:
        For one layer: the map over the input, and "map" at the layer's resolution.  For
        several: the mean of their maps, each divided by its largest value, and one map
        over the input per layer.
    """

    def heatmap(values: Tensor, unit: str) -> Heatmap:
        return Heatmap(
            values=values.float().numpy(),
            signed=signed,
            unit=unit,
            frame=Frame.INPUT,
            placement=placement,
        )

    small = [shown(cam, signed=signed) for cam in cams]
    large = [upsampled(each, placement.input_size) for each in small]
    if len(cams) == 1:
        return {name: heatmap(large[0], unit), "map": heatmap(small[0], unit)}
    found: dict[str, Result] = {
        name: heatmap(_mean_of_shares(large), "mean, relative to each layer's maximum")
    }
    for layer, values in zip(layers.layers, large, strict=True):
        found[layer.name] = heatmap(values, unit)
    return found


def _mean_of_shares(maps: Sequence[Tensor]) -> Tensor:
    """Return the mean of maps, each scaled to largest absolute value 1."""
    return torch.stack([each / (each.abs().max() or 1) for each in maps]).mean(0)


def gradient_report(
    name: str,
    rule: GradientRule,
    found: LayerGradients,
    layers: ChosenLayers,
    placement: Placement,
    *,
    signed: bool,
    of_box: str = "",
) -> Report:
    """Return the report of a map computed from activations and gradients."""
    cams = [rule(a, g) for a, g in zip(found.maps, found.gradients, strict=True)]
    results = cam_results(
        name, cams, layers, placement, signed=signed, unit=found.target.unit
    )
    silent = [
        f"the gradient at {layer.name} is zero everywhere: the score depends on none "
        "of its "
        "positions; pick an earlier layer"
        for layer, gradient in zip(layers.layers, found.gradients, strict=True)
        if not gradient.any()
    ]
    about = [of_box] if of_box and isinstance(found.target.target, BoxTarget) else []
    return cam_report(results, layers, (found.target.caption, *silent, *about))


def gradient_cam(
    name: str, rule: GradientRule, ctx: Context, params: CamParams, of_box: str = ""
) -> Report:
    """Run a class activation map that weighs channels by gradients, with its rule.

    Args:
        name: of the method and the main result.
        rule: from activations and gradients to the map.
        ctx: network and image.
        params: layers, target, and which signs are kept.
        of_box: what to note where the target is a box.

    Returns:
        ``name`` and "map", or a map of each layer.
    """
    layers = choose_layers(ctx.model.info, params.layer, params.layers, params.target)
    found = ctx.inference.layer_gradients(layers.layers, params.target)
    return gradient_report(
        name, rule, found, layers, ctx.placement, signed=params.signed, of_box=of_box
    )


def cam_report(
    results: Mapping[str, Result], layers: ChosenLayers, notes: Sequence[str]
) -> Report:
    """Return the report, with remarks on an all-zero or non-finite map last."""
    main = next(iter(results.values()))
    about = _remarks(main.values) if isinstance(main, Heatmap) else ()
    return Report(results, (*notes, *layers.notes, *about))


def _remarks(values: Array) -> tuple[str, ...]:
    """Explain a map that is all zero or not finite."""
    if not np.isfinite(values).all():
        return ("some values are infinite or not numbers: the map is meaningless",)
    if not values.any():
        return (
            "the map is zero everywhere: no position of the layer raises the score",
        )
    return ()
