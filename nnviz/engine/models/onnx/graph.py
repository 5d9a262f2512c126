"""The graph of an ONNX file: nodes, constants, inputs and outputs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.engine.models.onnx.scopes import Scope

_LONGEST_NAME = 60


class UnbuildableError(ModelError):
    """An unsupported operator, or unsupported use of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A node of the graph.

    Attributes:
        kind: the operator, "Conv".
        name: the node's; may be empty.
        inputs: names of values; "" for an input that is left out.
        outputs: likewise.
        attributes: numbers, text, lists of these, tensors and graphs, by name.
        opset: version of the operators that the file was written for.
        scope: modules around it.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    opset: int
    scope: Scope

    def get(self, name: str, default: Any) -> Any:
        """Return an attribute; refuse one of another type than the default's.

        Raises:
            ModelError: the attribute has another type.
        """
        value = self.attributes.get(name, default)
        if default is None or isinstance(value, type(default)):
            return value
        raise self.refusal(f"its attribute {name} is no {type(default).__name__}")

    def ints(self, name: str) -> list[int]:
        """Return an attribute that is a list of integers; empty if missing."""
        values = self.get(name, [])
        if all(isinstance(value, int) for value in values):
            return list(values)
        raise self.refusal(f"its attribute {name} holds no whole numbers")

    def takes(self, position: int) -> bool:
        """Tell whether the node has an input at a position."""
        return position < len(self.inputs) and bool(self.inputs[position])

    @property
    def title(self) -> str:
        """Operator and name, for messages."""
        name = (self.name or next(iter(self.outputs), ""))[-_LONGEST_NAME:]
        return f"{self.kind} {name!r}"

    def refusal(self, reason: str, remedy: str = "") -> UnbuildableError:
        """Return the error for a node that cannot be run."""
        return UnbuildableError(self.title, reason, remedy)


@dataclass(frozen=True, slots=True)
class GraphInput:
    """An input of the graph.

    Attributes:
        name: of the value.
        shape: sizes; None where a size is left open.
        kind: ONNX's number of the element type.
    """

    name: str
    shape: tuple[int | None, ...] | None
    kind: int


@dataclass(slots=True, eq=False)
class Graph:
    """A graph of nodes in execution order.

    Attributes:
        nodes: each after those that compute its inputs.
        constants: weights and other fixed values, on the CPU.
        inputs: values supplied by the caller, without constants.
        outputs: names of the values that are returned.
        weights: names of the constants that are trained, if the file contains them.
        classes: names of the classes of modules, by their paths, as far as known.
    """

    nodes: list[Node]
    constants: dict[str, Tensor]
    inputs: tuple[GraphInput, ...]
    outputs: tuple[str, ...]
    weights: frozenset[str] = field(default_factory=frozenset)
    classes: dict[str, str] = field(default_factory=dict)

    def uses(self) -> dict[str, int]:
        """Count the uses of each value, the graph's outputs included."""
        counts: dict[str, int] = dict.fromkeys(self.outputs, 1)
        for node in self.nodes:
            for name in node.inputs:
                counts[name] = counts.get(name, 0) + 1
        return counts

    def takers(self) -> dict[str, list[Node]]:
        """Return the consumers of each value."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.inputs:
                found.setdefault(name, []).append(node)
        return found

    def makers(self) -> dict[str, Node]:
        """Return the producer of each value."""
        return {name: node for node in self.nodes for name in node.outputs if name}

    def keep_needed(self) -> None:
        """Drop nodes and constants that no output depends on."""
        needed = set(self.outputs)
        kept = []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                kept.append(node)
        self.nodes = kept[::-1]
        self.constants = {
            name: value for name, value in self.constants.items() if name in needed
        }

    def rename(self, names: dict[str, str]) -> None:
        """Rename values where they are consumed."""
        self.nodes = [
            _renamed(node, names) if names.keys() & set(node.inputs) else node
            for node in self.nodes
        ]
        self.outputs = tuple(names.get(name, name) for name in self.outputs)


def _renamed(node: Node, names: dict[str, str]) -> Node:
    inputs = tuple(names.get(name, name) for name in node.inputs)
    return Node(
        node.kind,
        node.name,
        inputs,
        node.outputs,
        node.attributes,
        node.opset,
        node.scope,
    )


HostValue = np.ndarray[Any, Any]
"""A value that only sizes depend on: it stays in main memory, as an array."""


def whole_numbers(value: Tensor | HostValue | Iterable[int]) -> list[int]:
    """Convert sizes or axes to a list of integers."""
    if isinstance(value, Tensor | np.ndarray):
        numbers = value.tolist()
        return numbers if isinstance(numbers, list) else [numbers]
    return list(value)
