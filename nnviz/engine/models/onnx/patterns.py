"""Recognition of subgraphs that exporters decompose: GELU, SiLU, attention, ..."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from nnviz.engine.models.onnx.graph import Graph, Node

_CLOSE = 1e-4
"""Relative tolerance of a constant that stands for a mathematical one."""
LINEAR = "Linear"
ATTENTION = "Attention."
ERF_GELU = "ErfGelu"
GATE = "HardSigmoidGate"
"""Kinds of nodes defined by nnviz; ONNX has an operator called Attention."""


@dataclass(frozen=True, slots=True)
class _Match:
    """Nodes that together are one operation.

    Attributes:
        node: replaces them, at the index of the last one.
        inner: the values between them, which no other node reads.
    """

    node: Node
    inner: tuple[str, ...]


def recognize(graph: Graph) -> None:
    """Replace recognized subgraphs by single nodes."""
    for rule in (_swish, _gate, _gelu, _layer_norm, _linear, _attention):
        _apply(graph, rule)


def _apply(graph: Graph, rule: Callable[["_Look", Node], _Match | None]) -> None:
    look = _Look(graph)
    replaced: dict[int, Node] = {}
    for node in graph.nodes:
        match = rule(look, node)
        if match is not None and all(look.uses.get(each) == 1 for each in match.inner):
            replaced[id(look.makers[match.node.outputs[0]])] = match.node
    graph.nodes = [replaced.get(id(node), node) for node in graph.nodes]
    graph.keep_needed()


class _Look:
    """Index of a graph's constants, producers and consumers, by the name of a value."""

    def __init__(self, graph: Graph) -> None:
        self.constants = graph.constants
        self.makers = graph.makers()
        self.uses = graph.uses()
        self._takers = graph.takers()

    def number(self, name: str) -> float | None:
        """Return a scalar constant as a number; None for other values."""
        value = self.constants.get(name)
        if value is None or value.numel() != 1:
            return None
        return float(value.item())

    def maker(self, name: str, *kinds: str) -> Node | None:
        """Return the node that produces a value, if it is of one of these kinds."""
        node = self.makers.get(name)
        return node if node is not None and node.kind in kinds else None

    def taker(self, name: str, *kinds: str) -> Node | None:
        """Return the only consumer of a value, if it is of one of these kinds."""
        takers = self._takers.get(name, [])
        if self.uses.get(name) != 1 or not takers or takers[0].kind not in kinds:
            return None
        return takers[0]

    def scaled(self, name: str) -> tuple[str, float]:
        """Return the value that this one is a scaled copy of, and the scale."""
        node = self.maker(name, "Mul", "Div")
        if node is None:
            return name, 1.0
        first, second = node.inputs
        number = self.number(second)
        if number:
            return first, number if node.kind == "Mul" else 1 / number
        number = self.number(first)
        if number and node.kind == "Mul":
            return second, number
        return name, 1.0


def _other(node: Node, name: str) -> str:
    """Return the other input of a binary node."""
    return node.inputs[1] if node.inputs[0] == name else node.inputs[0]


def _close(value: float | None, wanted: float) -> bool:
    return value is not None and math.isclose(value, wanted, rel_tol=_CLOSE)


def _new(last: Node, kind: str, inputs: tuple[str, ...], **attributes: Any) -> Node:
    """Return a fused node that replaces several, with the last one's outputs."""
    return replace(last, kind=kind, inputs=inputs, attributes=attributes)


def _swish(look: _Look, node: Node) -> _Match | None:
    """Match SiLU, x sigmoid(x): Elfwing et al. 2018, arXiv:1702.03118."""
    if node.kind != "Sigmoid":
        return None
    last = look.taker(node.outputs[0], "Mul")
    if last is None or _other(last, node.outputs[0]) != node.inputs[0]:
        return None
    return _Match(_new(last, "Swish", (node.inputs[0],)), (node.outputs[0],))


def _gate(look: _Look, node: Node) -> _Match | None:
    """Match hard swish, x hardsigmoid(x): Howard et al. 2019, arXiv:1905.02244."""
    if node.kind != "HardSigmoid":
        return None
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    last = look.taker(node.outputs[0], "Mul")
    if last is None or _other(last, node.outputs[0]) != node.inputs[0]:
        return None
    if not (_close(alpha, 1 / 6) and _close(beta, 0.5)):
        return None
    return _Match(_new(last, GATE, (node.inputs[0],)), (node.outputs[0],))


def _gelu(look: _Look, node: Node) -> _Match | None:
    """Match GELU, x/2 (1 + erf(x / sqrt 2)): Hendrycks & Gimpel, arXiv:1606.08415."""
    if node.kind != "Erf":
        return None
    x, scale = look.scaled(node.inputs[0])
    add = look.taker(node.outputs[0], "Add")
    product = add and look.taker(add.outputs[0], "Mul")
    if add is None or product is None or not _close(scale, math.sqrt(0.5)):
        return None
    if not _close(look.number(_other(add, node.outputs[0])), 1):
        return None
    inner = (node.inputs[0], node.outputs[0], add.outputs[0])
    end = _halved(look, product, add.outputs[0], x)
    if end is None:
        return None
    last, between = end
    return _Match(_new(last, ERF_GELU, (x,), scale=scale), (*inner, between))


def _halved(look: _Look, product: Node, gate: str, x: str) -> tuple[Node, str] | None:
    """Return the last node of the product gate * x * 1/2, and its intermediate value.

    The factors come in any order; ``product`` is the first that takes the gate.
    """
    other, between = _other(product, gate), product.outputs[0]
    halved, factor = look.scaled(other)
    if halved == x and _close(factor, 0.5):
        return product, other
    last = look.taker(between, "Mul")
    if last is None:
        return None
    rest = _other(last, between)
    numbers = look.number(other), look.number(rest)
    fits = (_close(numbers[0], 0.5) and rest == x) or (
        other == x and _close(numbers[1], 0.5)
    )
    return (last, between) if fits else None


def _layer_norm(look: _Look, node: Node) -> _Match | None:
    """Match layer norm, (x - mean) / sqrt(variance + eps) w + b: arXiv:1607.06450.

    In the form that exporters write for opsets before 17, over the last axis.
    """
    steps = _norm_steps(look, node)
    if steps is None:
        return None
    x, quotient, epsilon, inner = steps
    product = look.taker(quotient.outputs[0], "Mul")
    if product is None:
        return None
    shift = look.taker(product.outputs[0], "Add")
    if shift is None:
        return None
    weight = _other(product, quotient.outputs[0])
    bias = _other(shift, product.outputs[0])
    if any(
        each not in look.constants or look.constants[each].ndim != 1
        for each in (weight, bias)
    ):
        return None
    new = _new(shift, "LayerNormalization", (x, weight, bias), axis=-1, epsilon=epsilon)
    return _Match(new, (*inner, quotient.outputs[0], product.outputs[0]))


def _norm_steps(
    look: _Look, node: Node
) -> tuple[str, Node, float, tuple[str, ...]] | None:
    """Match (x - mean) / sqrt(variance + eps); return input, node, eps, inner names."""
    if node.kind != "Div":
        return None
    centered = look.maker(node.inputs[0], "Sub")
    root = look.maker(node.inputs[1], "Sqrt")
    total = root and look.maker(root.inputs[0], "Add")
    variance = total and look.maker(total.inputs[0], "ReduceMean")
    square = variance and look.maker(variance.inputs[0], "Pow")
    if not (centered and root and total and variance and square):
        return None
    mean = look.maker(centered.inputs[1], "ReduceMean")
    epsilon = look.number(total.inputs[1])
    fits = (
        mean is not None
        and mean.inputs[0] == centered.inputs[0]
        and square.inputs[0] == centered.outputs[0]
        and look.number(square.inputs[1]) == 2  # noqa: PLR2004 -- the square
        and all(_over_last(look, each) for each in (mean, variance))
    )
    if not fits or epsilon is None:
        return None
    inner = tuple(each.outputs[0] for each in (root, total, variance, square))
    return centered.inputs[0], node, epsilon, inner


def _over_last(look: _Look, node: Node) -> bool:
    """Tell whether a ReduceMean reduces the last axis and keeps its dimension."""
    given = look.constants.get(node.inputs[1]) if node.takes(1) else None
    axes = node.ints("axes") if given is None else given.flatten().tolist()
    return axes == [-1] and bool(node.get("keepdims", 1))


def _linear(look: _Look, node: Node) -> _Match | None:
    """Match a product with a constant matrix followed by a constant bias."""
    weight = look.constants.get(node.inputs[1]) if len(node.inputs) > 1 else None
    if node.kind != "MatMul" or weight is None or weight.ndim != len("io"):
        return None
    last = look.taker(node.outputs[0], "Add")
    name = _other(last, node.outputs[0]) if last else ""
    bias = look.constants.get(name)
    if last is None or bias is None or bias.shape != weight.shape[1:]:
        return None
    new = _new(last, LINEAR, (*node.inputs, name))
    return _Match(replace(new, scope=node.scope, name=node.name), (node.outputs[0],))


def _attention(look: _Look, node: Node) -> _Match | None:
    """Match attention, softmax(scale Q K') V: arXiv:1706.03762, equation 1."""
    if node.kind != "Softmax" or node.get("axis", -1) not in {-1, 3}:
        return None
    last = look.taker(node.outputs[0], "MatMul")
    scores, scale = look.scaled(node.inputs[0])
    product = look.maker(scores, "MatMul")
    if product is None or last is None or last.inputs[0] != node.outputs[0]:
        return None
    # Behind a constant factor one node more lies between.
    inner = list(_between(node.inputs[0], scores))
    parts = []
    for name in product.inputs:
        part, factor = look.scaled(name)
        scale *= factor
        parts.append(part)
        inner += _between(name, part)
    if {*parts, last.inputs[1]} & look.constants.keys():
        return None
    new = _new(last, ATTENTION, (*parts, last.inputs[1]), scale=scale)
    return _Match(new, (*inner, scores, node.outputs[0]))


def _between(name: str, source: str) -> Iterator[str]:
    if name != source:
        yield name
