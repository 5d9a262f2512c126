"""Published accuracy and cost of torchvision's classifiers."""

from dataclasses import dataclass
from functools import cache

import numpy as np

FAMILY_NAMES = (
    *("ResNet", "MobileNet", "EfficientNet", "ViT", "ConvNeXt", "Swin", "VGG"),
    "others",
)
"""Names of the families by color of the plot."""


@dataclass(frozen=True, slots=True)
class Published:
    """A network as published.

    Attributes:
        name: torchvision's.
        family: one of ``FAMILY_NAMES``.
        year: of the publication.
        accuracy: top-1 on ImageNet, %.
        operations: multiply-accumulates of one image, 10^9.
        weights: number of weights.
    """

    name: str
    family: str
    year: int
    accuracy: float
    operations: float
    weights: int


@cache
def published() -> tuple[Published, ...]:
    """Return torchvision's classifiers with their best published weights."""
    import torchvision  # noqa: PLC0415  two seconds

    from nnviz.engine.models.zoo import family_of  # noqa: PLC0415  likewise

    models = torchvision.models
    found = []
    for name in models.list_models(module=models):
        weights = [each.meta for each in models.get_model_weights(name)]
        best = max(weights, key=lambda meta: meta["_metrics"]["ImageNet-1K"]["acc@1"])
        accuracy = float(best["_metrics"]["ImageNet-1K"]["acc@1"])
        macs, count = float(best["_ops"]), int(best["num_params"])
        year = family_of(name)[1]
        found.append(Published(name, _family(name), year, accuracy, macs, count))
    return tuple(found)


def _family(name: str) -> str:
    plain = name.lower().replace("_", "")
    starts = {"resnext": "ResNet", "wideresnet": "ResNet", "mnasnet": "MobileNet"}
    starts |= {family.lower(): family for family in FAMILY_NAMES[:-1]}
    for start, family in starts.items():
        if plain.startswith(start):
            return family
    return FAMILY_NAMES[-1]


def frontier(cost: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Return the indices of the Pareto frontier of cost and accuracy, by cost."""
    order = np.lexsort((-accuracy, cost))
    best = np.maximum.accumulate(accuracy[order])
    first = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0)
    places: np.ndarray = order[first]
    return places
