"""The open network among published families: accuracy, cost, size and year."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.info import ModelInfo
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints, PlaneText
from nnviz.base.parameters import Help, Lowest, Range
from nnviz.base.results import Report, Table
from nnviz.engine.data.published_networks import (
    FAMILY_NAMES,
    Published,
    frontier,
    published,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.shapes.tracer import noise_input
from nnviz.engine.nn.timing import measure_layers

_MILLION, _BILLION = 1e6, 1e9
_ACCURACY = (52.0, 91.0)
"""Range of the axis, %."""
_LARGEST_BUBBLE = 12.0
"""Area of the largest network's, in usual dots."""

Axis = Literal["operations", "parameters", "year"]
_LABELS: Mapping[str, str] = {
    "operations": "log10 of GMACs of one image",
    "parameters": "log10 of the parameters, millions",
    "year": "year of publication",
}
_VALUES: Mapping[str, Callable[[Published], float]] = {
    "operations": lambda each: float(np.log10(each.operations)),
    "parameters": lambda each: float(np.log10(each.weights / _MILLION)),
    "year": lambda each: float(each.year),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFamiliesParams:
    """Parameters of the plot: the horizontal axis."""

    against: Annotated[
        Axis,
        Help("Multiply-accumulates (MACs) per image, parameters, or the year."),
    ] = "operations"
    passes: Annotated[
        int,
        Range(0, 50),
        Lowest("none"),
        Help(
            "Forward passes over which the open network is timed; 0 skips the timing."
        ),
    ] = 3


@register(
    "network_families",
    title="Network families",
    group="Inspect",
    live=False,
    needs_image=False,
)
class NetworkFamilies:
    """Published classifiers by accuracy, cost and size, with the open network."""

    Params: ClassVar[type] = NetworkFamiliesParams
    shows: ClassVar[str] = (
        "Each bubble is a classifier of torchvision: its published accuracy on "
        "ImageNet against its cost; the area of the bubble is its number of "
        "parameters. The dashed line is the open network."
    )
    reading: ClassVar[str] = (
        "Up and left is better; colors are families. The solid line joins the "
        "networks that no other network beats at equal or lower cost. A ring marks "
        "the accuracy published for the architecture of the open network."
    )
    misleads: ClassVar[str] = (
        "Accuracies come from different training recipes and input sizes. The open "
        "network may have another task or other classes than ImageNet: its position "
        "on the cost axis still holds, but the plot does not show its accuracy."
    )
    presets: ClassVar[Presets] = {
        "demo": {"passes": 0},
        "parameters": {"against": "parameters"},
        "history": {"against": "year"},
    }

    def run(self, ctx: Context, params: NetworkFamiliesParams) -> Iterator[Report]:
        """Yield one report: the plot and a table, the open network first."""
        info, networks = ctx.model.info, published()
        ctx.check()
        notes = [f"{info.parameters:,} parameters, {info.macs / _BILLION:.3g} GMACs"]
        if params.passes:
            pixels = noise_input(
                ctx.model.net, info.preprocess.channels, info.preprocess.input_size
            )
            times = measure_layers(ctx.model.net, pixels, params.passes, ctx.check)
            notes.append(f"{1000 * times['']:.1f} ms a pass on {info.device}")
        own = _entry_of(info, networks)
        plane = _plane(networks, params.against, info, own)
        table = _table(networks, info, own)
        yield Report({"plot": plane, "networks": table}, tuple(notes))


def _entry_of(info: ModelInfo, networks: tuple[Published, ...]) -> Published | None:
    """Return the published figures of the open network, or None."""
    name = info.reference.removeprefix("zoo:").partition("@")[0]
    if not info.reference.startswith("zoo:"):
        return None
    return next((each for each in networks if each.name == name), None)


def _plane(
    networks: tuple[Published, ...],
    against: str,
    info: ModelInfo,
    own: Published | None,
) -> Plane:
    value = _VALUES[against]
    places = np.array([(value(each), each.accuracy) for each in networks])
    weights = np.array([each.weights for each in networks], np.float64)
    areas = np.maximum(0.5, _LARGEST_BUBBLE * weights / weights.max())
    families = np.array([each.family for each in networks])
    x = _own_value(against, info, own)
    reach = [*places[:, 0], *([] if x is None else [x])]
    low, high = min(reach), max(reach)
    margin = 0.06 * (high - low)
    best = frontier(places[:, 0], places[:, 1])
    paths = [PlanePath(places=places[best], name="best at its cost", color=-1)]
    texts = []
    if x is not None:
        line = np.array([(x, _ACCURACY[0]), (x, _ACCURACY[1])])
        paths.append(PlanePath(places=line, name=info.title, style="dashed", color=4))
        texts = [PlaneText(x=x, y=_ACCURACY[0] + 1, text=info.title)]
    points = [
        PlanePoints(
            places=places[families == family],
            areas=areas[families == family],
            name=family,
        )
        for family in FAMILY_NAMES
    ]
    if own is not None:
        ring = np.array([(value(own), own.accuracy)])
        points.append(PlanePoints(places=ring, marker="ring", areas=np.array([3.0])))
    return Plane(
        x_range=(low - margin, high + margin),
        y_range=_ACCURACY,
        x_label=_LABELS[against],
        y_label="published top-1 accuracy on ImageNet, %",
        paths=tuple(paths),
        points=tuple(points),
        texts=tuple(texts),
    )


def _own_value(against: str, info: ModelInfo, own: Published | None) -> float | None:
    """Return the open network's value on the axis; None if unknown."""
    if against == "year":
        return float(own.year) if own is not None else None
    number = info.macs / _BILLION
    if against == "parameters":
        number = info.parameters / _MILLION
    return float(np.log10(number)) if number > 0 else None


def _table(
    networks: tuple[Published, ...], info: ModelInfo, own: Published | None
) -> Table:
    first = (
        info.title,
        own.family if own else "",
        str(own.year) if own else "",
        "",
        info.macs / _BILLION,
        info.parameters / _MILLION,
    )
    rows = [
        (n.name, n.family, str(n.year), n.accuracy, n.operations, n.weights / _MILLION)
        for n in sorted(networks, key=lambda each: -each.accuracy)
    ]
    columns = ("network", "family", "year", "top-1, %", "GMACs", "parameters, millions")
    return Table(columns=columns, rows=(first, *rows))
