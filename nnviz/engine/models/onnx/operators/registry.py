"""Registry of operators: makes the function that computes a node."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nnviz.engine.models.onnx.graph import Node

Function = Callable[..., Any]
"""Takes a node's inputs by index, None for omitted ones; returns its outputs."""
Maker = Callable[[Node], Function]


@dataclass(frozen=True, slots=True)
class Operator:
    """Implementation of one ONNX operator.

    Attributes:
        make: from a node to its function.
        host: indices of inputs that are sizes or axes: arrays in main memory.
        scalars: whether constants of one number are passed as Python numbers.
        grows: whether the result may be far larger than the inputs.
    """

    make: Maker
    host: frozenset[int]
    scalars: bool
    grows: bool


OPERATORS: dict[str, Operator] = {}


def operator(
    *kinds: str, host: tuple[int, ...] = (), scalars: bool = False, grows: bool = False
) -> Callable[[Maker], Maker]:
    """Register a maker of functions under the names of some operators."""

    def enter(make: Maker) -> Maker:
        for kind in kinds:
            OPERATORS[kind] = Operator(make, frozenset(host), scalars, grows)
        return make

    return enter


def plain(kind: str, function: Function, *, scalars: bool = False) -> None:
    """Register a function for an operator without attributes."""
    OPERATORS[kind] = Operator(lambda _: function, frozenset(), scalars, False)
