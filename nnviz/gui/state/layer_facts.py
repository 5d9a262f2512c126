"""Layers that can be chosen from, and the words for their facts."""

from collections.abc import Iterable

from nnviz.base.info import LayerInfo
from nnviz.base.results import Mosaic, Report
from nnviz.gui.theme.signs import DASH, TIMES

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_WHOLE_FROM = 100


def offered(layers: Iterable[LayerInfo], kinds: str) -> tuple[LayerInfo, ...]:
    """Return the layers that a layer parameter offers.

    Args:
        layers: of the network.
        kinds: ``Parameter.layers``: "any", "filters" or "spatial".
    """
    match kinds:
        case "filters":
            return tuple(layer for layer in layers if layer.filters)
        case "spatial":
            return tuple(layer for layer in layers if layer.spatial)
        case _:
            return tuple(layer for layer in layers if layer.shape is not None)


def shown_layer(report: Report) -> str:
    """Return the layer that a report is about, empty if about none."""
    for result in report.values():
        if isinstance(result, Mosaic):
            return result.layer
    return ""


def short_number(number: float) -> str:
    """Write a count in three digits or so: 11.7 M, 802."""
    for size, letter in _STEPS:
        if number >= size:
            value = number / size
            digits = 0 if value >= _WHOLE_FROM else 1
            return f"{value:.{digits}f} {letter}"
    return f"{number:g}"


def short_bytes(count: float) -> str:
    """Write a file size: 44.7 MB."""
    number = short_number(count)
    return f"{number}B" if number[-1].isalpha() else f"{number} B"


def shape_text(layer: LayerInfo) -> str:
    """Write an output shape: 64x56x56."""
    return TIMES.join(str(side) for side in layer.shape) if layer.shape else DASH


def field_text(layer: LayerInfo) -> str:
    """Write a receptive field: 43 px, or 43 x 27 px."""
    if layer.receptive_field is None:
        return DASH
    height, width = layer.receptive_field
    return f"{height} px" if height == width else f"{height} {TIMES} {width} px"
