"""Learned kernels of a layer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.info import INSPECTION, LayerInfo, Need
from nnviz.base.parameters import (
    Essential,
    FormerChoices,
    Help,
    LayerKinds,
    LayerName,
    Range,
    Title,
    Unit,
    When,
)
from nnviz.base.preprocess import ChannelOrder
from nnviz.base.results import Array, Curves, Mosaic, Report, Table
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.hooks import find_module
from nnviz.engine.nn.kernels import (
    Kernels,
    chain,
    cosines,
    kernels_of,
    nearest,
    norms,
)

_COLORS = 3
_BINS = 60
_LONGEST = 4096
"""Maximum number of input channels that the form allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiltersParams:
    """Parameters of filters: layer, display and order of kernels."""

    layer: Annotated[
        LayerName,
        Essential(),
        LayerKinds("filters"),
        Help("A convolution. Empty: the first one."),
    ] = ""
    show: Annotated[
        Literal["automatic", "norm", "one input"],
        Essential(),
        Help(
            "Colors where a kernel reads three channels, else the norm over its "
            "inputs; or always the norm; or its weights for one input."
        ),
    ] = "automatic"
    input_channel: Annotated[
        int,
        Range(0, _LONGEST),
        When("show", ("one input",)),
        Help("The input channel whose weights are shown."),
    ] = 0
    order: Annotated[
        Literal["norm", "similarity", "network"],
        Essential(),
        Help("Largest norm first, similar ones together, or the network's order."),
    ] = "norm"
    scale: Annotated[
        Literal["shared", "separate"],
        FormerChoices({"common": "shared", "own": "separate"}),
        Essential(),
        Title("Color scale"),
        Help("One scale shared by all kernels, or one per kernel."),
    ] = "separate"
    dead_below: Annotated[
        float,
        Range(0, 100),
        Unit("%"),
        Help(
            "A kernel counts as dead if its norm is below this fraction of the median."
        ),
    ] = 1.0
    twin_above: Annotated[
        float,
        Range(0, 1),
        Title("Duplicate above"),
        Help("Two kernels count as duplicates if their |cosine| is above this."),
    ] = 0.95


@dataclass(frozen=True, slots=True)
class _Figures:
    """Statistics of O kernels; ``twin`` is valid only where ``doubled``."""

    norm: NDArray[np.float64]
    alike: NDArray[np.float32]
    twin: NDArray[np.int64]
    cosine: NDArray[np.float64]
    dead: NDArray[np.bool_]
    doubled: NDArray[np.bool_]


@register(
    "filters",
    title="Filters",
    group="Inspect",
    capabilities=INSPECTION,
    live=False,
    needs_image=False,
    needs=(Need.KERNELS,),
)
class Filters:
    """The kernels of a convolution or patch embedding as small images."""

    Params: ClassVar[type] = FiltersParams
    shows: ClassVar[str] = (
        "The weights of a convolution, one tile per kernel: the pattern it responds "
        "to most."
    )
    reading: ClassVar[str] = (
        "In a first layer, look for edges, color blobs and gratings: trained kernels "
        "are smooth, noise suggests too little training. Dead and duplicate kernels "
        "add nothing."
    )
    misleads: ClassVar[str] = (
        "Colors are weights on normalized pixels, not colors of an object. Beyond the"
        " first layer a kernel reads other channels, and the norm over them hides "
        "their signs."
    )
    presets: ClassVar[Presets] = {
        "demo": {"order": "similarity"},
        "health check": {"order": "norm", "scale": "shared"},
    }

    def run(self, ctx: Context, params: FiltersParams) -> Iterator[Report]:
        """Yield one report: the mosaic, figures for each kernel, a histogram."""
        layer, kernels, notes = _kernels(ctx, params.layer)
        figures = _figures(ctx, kernels, params)
        tiles, kind = _tiles(ctx, kernels, params)
        order = _ordered(figures, params.order)
        mosaic = Mosaic(
            tiles=tiles,
            order=order,
            captions=_captions(figures),
            signed=kind != _NORM,
            shared_scale=params.scale == "shared",
            unit=kind,
            noun="filter",
            layer=layer.name,
        )
        results = {
            "filters": mosaic,
            "statistics": _table(kernels, figures, order),
            "histogram": _spread(kernels),
        }
        yield Report(results, (*notes, *_remarks(kernels, figures, params)))


_NORM = "norm of the weights"
_WEIGHT = "weight"


def _kernels(ctx: Context, name: str) -> tuple[LayerInfo, Kernels, tuple[str, ...]]:
    """Return a layer with its kernels, and a note if it was chosen automatically.

    Raises:
        ModelError: the layer, or the whole network, has no kernels.
    """
    notes: tuple[str, ...] = ()
    layers = [layer.name for layer in ctx.model.info.layers if layer.filters]
    if not layers:
        raise ModelError(ctx.model.info.title, "has no convolution to show")
    if not name:
        name = layers[0]
        notes = (f"layer {name} was chosen: the first with kernels",)
    layer = ctx.model.info.known_layer(name)
    kernels = kernels_of(find_module(ctx.model.net, name))
    if kernels is None:
        raise ModelError(
            name, f"a {layer.kind} has no kernels", f"{layers[0]} is the first that has"
        )
    return layer, kernels, notes


def _tiles(ctx: Context, kernels: Kernels, params: FiltersParams) -> tuple[Array, str]:
    """Return tiles (O, h, w) or (O, h, w, 3), and a description of their numbers.

    Raises:
        UsageError: the kernels have no such input.
    """
    inputs = kernels.shape[1]
    if params.show == "one input":
        if params.input_channel >= inputs:
            raise UsageError(
                "--input-channel",
                f"{params.input_channel} is out of range",
                f"each kernel has {inputs} inputs: 0 to {inputs - 1}",
            )
        return kernels[:, params.input_channel].copy(), _WEIGHT
    if params.show == "automatic" and inputs == _COLORS:
        colors = kernels.transpose(0, 2, 3, 1)
        if ctx.model.info.preprocess.order is ChannelOrder.BGR:
            colors = colors[..., ::-1]
        return colors.copy(), _WEIGHT
    if params.show == "automatic" and inputs == 1:
        return kernels[:, 0].copy(), _WEIGHT
    return np.linalg.norm(kernels, axis=1), _NORM


def _figures(ctx: Context, kernels: Kernels, params: FiltersParams) -> _Figures:
    norm = norms(kernels)
    sound = norm[np.isfinite(norm)]
    dead = norm < params.dead_below / 100 * np.median(sound if len(sound) else [0])
    alike = cosines(kernels, ctx.check)
    # A dead kernel has no direction, so it is nobody's twin.
    twin, cosine = nearest(np.where(dead | dead[:, None], 0, alike))
    # One kernel alone has no twin: its cosine with itself does not count.
    doubled = (np.abs(cosine) > params.twin_above) & ~dead & (len(kernels) > 1)
    return _Figures(norm, alike, twin, cosine, dead, doubled)


def _ordered(figures: _Figures, order: str) -> NDArray[np.int64]:
    match order:
        case "norm":
            return np.argsort(-figures.norm, kind="stable")
        case "similarity":
            return chain(figures.alike, int(figures.norm.argmax()))
        case _:
            return np.arange(len(figures.norm))


def _captions(figures: _Figures) -> tuple[str, ...]:
    return tuple(_caption(figures, index) for index in range(len(figures.norm)))


def _caption(figures: _Figures, index: int) -> str:
    if figures.dead[index]:
        return f"{index} dead"
    if figures.doubled[index]:
        sign = "-" if figures.cosine[index] < 0 else ""
        return f"{index} = {sign}{figures.twin[index]}"
    return str(index)


def _table(kernels: Kernels, figures: _Figures, order: NDArray[np.int64]) -> Table:
    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinity minus infinity: NaN is right
        mean, deviation = flat.mean(axis=1), flat.std(axis=1)
    columns = (
        order,
        mean[order],
        deviation[order],
        figures.norm[order],
        figures.twin[order],
        figures.cosine[order],
    )
    marks = [_mark(figures, index) for index in order]
    return Table(
        columns=(
            "filter",
            "mean",
            "standard deviation",
            "norm",
            "nearest",
            "cosine",
            "remark",
        ),
        rows=tuple(zip(*(column.tolist() for column in columns), marks, strict=True)),
    )


def _mark(figures: _Figures, index: int) -> str:
    if not np.isfinite(figures.norm[index]):
        return "not finite"
    if figures.dead[index]:
        return "dead"
    return "duplicate" if figures.doubled[index] else ""


def _spread(kernels: Kernels) -> Curves:
    # A single weight that is not finite would leave the histogram without a range.
    counts, edges = np.histogram(kernels[np.isfinite(kernels)], _BINS)
    return Curves(
        x=edges.astype(np.float64),
        series={"all filters": 100 * counts / kernels.size},
        x_label=_WEIGHT,
        y_label="share of all weights, %",
        style="bars",
    )


def _remarks(
    kernels: Kernels, figures: _Figures, params: FiltersParams
) -> tuple[str, ...]:
    count, inputs, height, width = kernels.shape
    remarks = [f"{count} kernels of {height} x {width} px over {inputs} inputs"]
    if height == width == 1:
        remarks.append(
            "1 × 1 kernels mix channels at one position: a tile is a single number, "
            "not a pattern"
        )
    for found, words in (
        (~np.isfinite(figures.norm), "not finite: they hold infinities or NaN"),
        (figures.dead, f"dead: norm below {params.dead_below:g} % of the median"),
        (figures.doubled, f"duplicate: |cosine| above {params.twin_above:g}"),
    ):
        if found.any():
            remarks.append(f"{found.sum()} of {count} are {words}")
    return tuple(remarks)
