"""Constant folding of ONNX graphs."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.engine.compute import memory
from nnviz.engine.models.onnx.graph import (
    Graph,
    HostValue,
    Node,
    UnbuildableError,
)
from nnviz.engine.models.onnx.operators import OPERATORS, Function, Operator
from nnviz.engine.nn.shapes.meta import Shapes

Check = Callable[[], None]

_LARGEST = 1 << 28
"""B of a folded constant; real networks have at most position tables."""
_SURELY_SMALL = 1 << 16
"""Number of values: smaller inputs are evaluated without a size check, unless the
result may grow."""
_LISTED = 4
_REMEDY = "open the network's weights (.pt, .safetensors) instead of the ONNX file"


def operator_of(node: Node) -> Operator:
    """Return the operator of a node.

    Raises:
        ModelError: its operator is not supported.
    """
    known = OPERATORS.get(node.kind)
    if known is None:
        raise node.refusal("is an operator that nnviz does not have", _REMEDY)
    return known


def function_of(node: Node) -> Function:
    """Return the function that computes a node.

    Raises:
        ModelError: its operator is not supported, or an attribute has another type.
    """
    known, made = operator_of(node), list[Function]()
    why = memory.refusal(lambda: made.append(known.make(node)))
    if why is not None:
        raise node.refusal(f"has attributes that cannot be ({why})")
    return made[0]


def unknown_operators(graph: Graph) -> ModelError | None:
    """Return an error that lists all unknown operators, or None."""
    allowed = {"Constant", "If"}
    missing = [
        node for node in graph.nodes if node.kind not in allowed | OPERATORS.keys()
    ]
    if not missing:
        return None
    kinds = sorted({node.kind for node in missing})
    listed = ", ".join(kinds[:_LISTED]) + (", ..." if len(kinds) > _LISTED else "")
    first = missing[0].title
    count = len(missing)
    said = "1 node uses an operator" if count == 1 else f"{count} nodes use operators"
    return UnbuildableError(
        listed,
        f"{said} that nnviz does not have, first {first}",
        _REMEDY,
    )


def fold(graph: Graph, check: Check) -> None:
    """Fold constants, resolve branches and drop unused nodes.

    Raises:
        ModelError: a node cannot be computed.
    """
    aliases: dict[str, str] = {}
    folded: list[Node] = []
    waiting = graph.nodes[::-1]
    uses = _Uses(graph)
    while waiting:
        check()
        node = waiting.pop()
        graph_of_one = Graph([node], {}, (), ())
        graph_of_one.rename(aliases)
        (node,) = graph_of_one.nodes
        if node.kind == "If":
            waiting += _chosen(node, graph, aliases)[::-1]
            uses.pass_on(node.outputs, [aliases[name] for name in node.outputs])
        elif node.kind in {"Identity", "Dropout"} and not any(node.outputs[1:]):
            aliases[node.outputs[0]] = node.inputs[0]
            uses.pass_on(node.outputs[:1], node.inputs[:1])
        elif _is_fixed(node, graph.constants):
            graph.constants.update(_values(node, graph.constants))
            uses.end(node.inputs, graph.constants)
        else:
            folded.append(node)
    graph.nodes = folded
    graph.outputs = tuple(aliases.get(name, name) for name in graph.outputs)
    graph.keep_needed()


class _Uses:
    """Counts of the uses of each constant that are still to come.

    A weight that is folded into another one is let go of at once: all weights of a
    network twice may be more than fits into memory.

    Args:
        graph: before it is folded.
    """

    def __init__(self, graph: Graph) -> None:
        self._counts = Counter(_taken(graph))

    def pass_on(self, names: Sequence[str], others: Sequence[str]) -> None:
        """Count the uses of values as those of the values that they become."""
        for name, other in zip(names, others, strict=True):
            self._counts[other] += self._counts[name]

    def end(self, names: Sequence[str], constants: dict[str, Tensor]) -> None:
        """Count uses as done; drop the constants that nobody takes any more."""
        self._counts.subtract(names)
        for name in names:
            if self._counts[name] <= 0:
                constants.pop(name, None)


def _taken(graph: Graph) -> Iterator[str]:
    """Yield each name as often as a graph, or one inside its nodes, takes it."""
    yield from graph.outputs
    for node in graph.nodes:
        yield from node.inputs
        for value in node.attributes.values():
            if isinstance(value, Graph):
                yield from _taken(value)


def _is_fixed(node: Node, constants: Mapping[str, Tensor]) -> bool:
    if node.kind == "Constant":
        return True
    return any(node.inputs) and all(
        not name or name in constants for name in node.inputs
    )


def _chosen(node: Node, graph: Graph, aliases: dict[str, str]) -> list[Node]:
    """Return the nodes of the branch that a constant condition selects."""
    condition = graph.constants.get(node.inputs[0])
    if condition is None:
        raise node.refusal(
            "chooses by the image what is computed",
            "open the network's weights instead",
        )
    branch = node.attributes.get("then_branch" if condition.item() else "else_branch")
    if not isinstance(branch, Graph) or len(branch.outputs) != len(node.outputs):
        raise node.refusal("has no such branch")
    graph.constants.update(branch.constants)
    aliases.update(zip(node.outputs, branch.outputs, strict=True))
    return branch.nodes


def _values(node: Node, constants: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Compute the outputs of a node with constant inputs."""
    if node.kind == "Constant":
        found: list[Tensor] = []
        why = memory.refusal(lambda: found.append(_constant(node)))
        if why is not None:
            raise node.refusal(f"holds no number ({why})")
        return {node.outputs[0]: found[0]}
    given = [constants[name] if name else None for name in node.inputs]
    results = evaluate(node, given)
    return dict(zip(node.outputs, results, strict=False))


def _constant(node: Node) -> Tensor:
    for name, value in node.attributes.items():
        if isinstance(value, Tensor):
            return value
        if name in {"value_float", "value_floats"}:
            return torch.tensor(value, dtype=torch.float32)
        if name in {"value_int", "value_ints"}:
            return torch.tensor(value, dtype=torch.int64)
    raise node.refusal("holds no number")


def evaluate(node: Node, given: Sequence[Tensor | None]) -> list[Tensor]:
    """Compute a node's outputs for values in main memory.

    Raises:
        ModelError: the node cannot be computed, or its result is too large.
    """
    known, function = operator_of(node), function_of(node)
    arguments = prepared(known, given)
    numbers = sum(each.numel() for each in given if each is not None)
    if known.grows or numbers > _SURELY_SMALL:
        _check_size(node, function, arguments)
    found: list[Any] = []
    why = memory.refusal(lambda: found.append(function(*arguments)))
    if why is not None:
        raise node.refusal(f"cannot be computed ({why})")
    (result,) = found
    results = result if isinstance(result, tuple) else (result,)
    return [
        torch.from_numpy(each) if isinstance(each, np.ndarray) else each.contiguous()
        for each in results
    ]


def prepared(known: Operator, given: Sequence[Tensor | None]) -> list[Any]:
    """Convert inputs to the types that an operator's function expects."""
    return [
        host_value(each) if each is not None and position in known.host else each
        for position, each in enumerate(given)
    ]


def host_value(value: Tensor) -> HostValue:
    """Convert a tensor to the numpy array in which sizes are represented."""
    array: HostValue = value.detach().numpy()
    return array


def _check_size(node: Node, function: Function, arguments: Sequence[Any]) -> None:
    """Refuse a result too large for memory, measured on the meta device."""
    empty = [
        each.to("meta") if isinstance(each, Tensor) else each for each in arguments
    ]
    found: list[Any] = []
    with torch.device("meta"), Shapes():  # type: ignore[no-untyped-call]
        refused = memory.refusal(lambda: found.append(function(*empty)))
    if refused is not None:
        # Where shapes depend on values, the result is no larger.
        return
    results = found[0] if isinstance(found[0], tuple) else (found[0],)
    size = sum(
        math.prod(each.shape) * each.element_size()
        for each in results
        if isinstance(each, Tensor)
    )
    if size > _LARGEST:
        reason = f"would make a constant of {memory.in_units(size)}"
        raise ModelError(node.title, reason)
