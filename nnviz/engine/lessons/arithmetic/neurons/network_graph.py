"""Diagram of a small network: units with values, weights along the edges."""

from collections.abc import Mapping, Sequence

from nnviz.base.results import Diagram, DiagramEdge, DiagramNode
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.multilayer_perceptron import Layer, Pass

_DIGITS = 3
_MOST_WEIGHTS = 4


def network_graph(
    layers: Sequence[Layer],
    run: Pass,
    *,
    known: int,
    details: Mapping[tuple[int, int], str] | None = None,
) -> Diagram:
    """Return the diagram of a network with the values of one forward pass.

    Args:
        layers: of the network.
        run: its pass; the first input's values are shown.
        known: number of units, in order, whose values are shown.
        details: second lines by layer and unit, instead of weights and bias.
    """
    nodes = [_input(*each) for each in enumerate(run.outputs[0][0].tolist())]
    edges: list[DiagramEdge] = []
    first, number = 0, 0
    for index, layer in enumerate(layers):
        here = len(nodes)
        for unit, row in enumerate(layer.weights):
            number += 1
            value = float(run.outputs[index + 1][0, unit])
            shown = value if number <= known else None
            nodes.append(_unit(layers, (index, unit), shown, details or {}))
            edges += [
                DiagramEdge(source=source, target=here + unit, value=float(weight))
                for source, weight in enumerate(row, first)
            ]
        first = here
    return Diagram(nodes=tuple(nodes), edges=tuple(edges))


def _input(unit: int, value: float) -> DiagramNode:
    title = f"x{unit + 1} = {amount(value, _DIGITS)}"
    return DiagramNode(name=f"0-{unit}", title=title, kind="input", value=value)


def _unit(
    layers: Sequence[Layer],
    at: tuple[int, int],
    value: float | None,
    details: Mapping[tuple[int, int], str],
) -> DiagramNode:
    place, unit = at
    last = place == len(layers) - 1
    letter = "y" if last else "h" if len(layers) < 3 else f"h{place + 1}."  # noqa: PLR2004
    name = f"{letter}{unit + 1}"
    known = f" = {amount(value, _DIGITS)}" if value is not None else ""
    return DiagramNode(
        name=f"{place + 1}-{unit}",
        title=name + known,
        kind="output" if last else "linear",
        detail=details.get(at) or _weights(layers[place], unit),
        value=value,
    )


def _weights(layer: Layer, unit: int) -> str:
    """Format a unit's weights and bias, or its activation if there are too many."""
    row = layer.weights[unit]
    if len(row) > _MOST_WEIGHTS:
        return layer.activation
    words = ", ".join(amount(float(each), _DIGITS) for each in row)
    return f"w {words}; b {amount(float(layer.biases[unit]), _DIGITS)}"
