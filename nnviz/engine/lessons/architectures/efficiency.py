"""Accuracy against cost: the published networks of torchvision in one plot."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.info import lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints, PlaneText
from nnviz.base.parameters import Essential, Help
from nnviz.base.results import Report, Table
from nnviz.engine.data.published_networks import (
    FAMILY_NAMES,
    Published,
    frontier,
    published,
)
from nnviz.engine.method import Context, Presets, register

_NAMED = (
    *("alexnet", "vgg16", "resnet50", "resnet152", "mobilenet_v3_large", "vit_b_16"),
    *("efficientnet_b0", "efficientnet_b7", "convnext_large", "swin_v2_b"),
    *("squeezenet1_0", "googlenet", "densenet121", "vit_h_14", "regnet_y_128gf"),
)
_MILLION = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyParams:
    """Parameters: the measure of cost."""

    cost: Annotated[
        Literal["operations", "weights"],
        Essential(),
        Help("Multiply-accumulates (MACs) per image, or parameters."),
    ] = "operations"


@register(
    "efficiency",
    title="Accuracy against cost",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Architectures", 2),
)
class Efficiency:
    """Lesson: published accuracy of image classifiers against their cost."""

    Params: ClassVar[type] = EfficiencyParams
    shows: ClassVar[str] = (
        "Each point is a classifier of torchvision: its published accuracy on "
        "ImageNet against the cost of one image, on a logarithmic axis."
    )
    reading: ClassVar[str] = (
        "Up and left is better. The line joins the networks that no other network "
        "beats at equal or lower cost. Colors are families."
    )
    misleads: ClassVar[str] = (
        "Accuracies come from different training recipes and input sizes: part of what "
        "looks like a better architecture is a better recipe."
    )
    presets: ClassVar[Presets] = {"demo": {}, "weights": {"cost": "weights"}}

    def run(self, ctx: Context, params: EfficiencyParams) -> Iterator[Report]:
        """Yield one report: the plot and a table of all networks."""
        networks = published()
        ctx.check()
        plane = _plane(networks, params.cost)
        yield Report(
            {"plot": plane, "networks": _table(networks)},
            (f"{len(networks)} networks, top-1 accuracy on ImageNet",),
        )


def _plane(networks: tuple[Published, ...], cost: str) -> Plane:
    by_weights = cost == "weights"
    costs = np.array(
        [n.weights / _MILLION if by_weights else n.operations for n in networks]
    )
    places = np.stack([np.log10(costs), [n.accuracy for n in networks]], axis=1)
    best = frontier(costs, places[:, 1])
    unit = "log10 of the weights, millions" if by_weights else "log10 of GMACs"
    low, high = float(places[:, 0].min()) - 0.15, float(places[:, 0].max()) + 0.45
    return Plane(
        x_range=(low, high),
        y_range=(54.0, 90.0),
        x_label=unit,
        y_label="top-1 accuracy, %",
        paths=(PlanePath(places=places[best], name="best at its cost", color=-1),),
        points=tuple(
            PlanePoints(
                places=places[[n.family == family for n in networks]], name=family
            )
            for family in FAMILY_NAMES
        ),
        texts=_texts(networks, places),
    )


def _texts(
    networks: tuple[Published, ...], places: np.ndarray
) -> tuple[PlaneText, ...]:
    """Return labels of well-known networks next to their points."""
    return tuple(
        PlaneText(x=float(x) + 0.03, y=float(y) - 0.6, text=n.name)
        for n, (x, y) in zip(networks, places, strict=True)
        if n.name in _NAMED
    )


def _table(networks: tuple[Published, ...]) -> Table:
    rows = tuple(
        (n.name, n.family, n.accuracy, n.operations, n.weights / _MILLION)
        for n in sorted(networks, key=lambda n: -n.accuracy)
    )
    columns = ("network", "family", "top-1, %", "GMACs", "weights, millions")
    return Table(columns=columns, rows=rows)
