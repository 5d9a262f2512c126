"""Graph of a network's operations, as one forward pass runs them.

A dispatch mode sees every operation and which earlier one produced each of its inputs.
All operations inside a module without children form one node, that module's call;
operations outside, such as the sum of a residual block, are nodes of their own in the
box of the module that runs them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.base.results import Diagram, DiagramEdge, DiagramNode
from nnviz.engine.nn.hooks import removed_hooks
from nnviz.engine.nn.shapes.calls import tensors_in
from nnviz.engine.nn.shapes.meta import Shapes
from nnviz.engine.nn.shapes.tracer import (
    empty_input,
    meta_twin,
    noise_input,
    sharing_twin,
)

_KINDS: dict[str, tuple[str, ...]] = {
    "convolution": ("conv",),
    "attention": ("attention", "multihead", "scaled", "attn"),
    "resize": ("upsample", "interpolate", "pixel", "grid_sample"),
    "linear": ("linear", "addmm", "matmul", "bmm", "mm", "einsum", "bilinear"),
    "normalization": ("norm",),
    "pooling": ("pool", "mean", "amax"),
    "join": ("add", "cat", "mul", "sub", "div", "stack", "where"),
    "reshape": (
        *("view", "reshape", "flatten", "permute", "transpose", "squeeze", "select"),
        *(
            "expand",
            "slice",
            "chunk",
            "split",
            "unbind",
            "roll",
            "pad",
            "clone",
            "unsqueeze",
        ),
        *("unsqueeze", "contiguous", "unflatten", "narrow", "identity"),
        *("drop", "index", "alias"),
    ),
    "activation": (
        *("relu", "gelu", "silu", "sigmoid", "tanh", "softmax", "hard", "elu", "leaky"),
        *("swish", "mish", "softplus", "softsign", "glu", "clamp", "exp", "square"),
    ),
}
"""Kind of a node by the beginning of a word in the name of its operation or class; the
first match counts."""
_WORD = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*")
"""A word of a name in snake_case or CamelCase."""


@dataclass(slots=True)
class _Node:
    name: str
    title: str
    module: nn.Module | None = None
    layer: str = ""
    inputs: dict[int, str] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)


@torch.inference_mode()
def operation_graph(
    net: nn.Module, channels: int, size: tuple[int, int], *, needs_numbers: bool = False
) -> Diagram:
    """Return the operation graph of one forward pass; leaves the network unchanged.

    Args:
        net: the network.
        channels: of the input.
        size: of the input, px.
        needs_numbers: run the network on noise, since it refuses a pass without data.

    Returns:
        Nodes in computing order, from the input to the output; nodes that do not depend
        on the input or do not reach the output are left out.  Edges carry the tensors'
        shapes without the batch.  Groups are the modules with children, titled by
        class, where that is known.
    """
    twin = sharing_twin(net) if needs_numbers else meta_twin(net)
    pixels = (noise_input if needs_numbers else _empty)(net, channels, size)
    recorder = _GraphRecorder(pixels)
    with removed_hooks() as handles:
        handles.extend(recorder.watch(twin))
        with recorder:
            output = twin(pixels)
    recorder.finish(output)
    return _diagram(recorder.nodes, twin)


def _empty(_net: nn.Module, channels: int, size: tuple[int, int]) -> Tensor:
    return empty_input(channels, size)


class _GraphRecorder(Shapes):  # type: ignore[no-untyped-call]
    """Records the call that made each tensor."""

    def __init__(self, pixels: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.nodes = [_Node("input", "Input")]
        # The tensors are kept alive so that no later one reuses an id.
        self._makers: dict[int, tuple[Tensor, int]] = {id(pixels): (pixels, 0)}
        self._stack: list[tuple[str, nn.Module]] = []
        self._call: int | None = None
        """The node of the childless module that is running."""
        self._seen: dict[str, int] = defaultdict(int)

    def watch(self, twin: nn.Module) -> list[Any]:
        """Hook the calls of all modules; return the handles of the hooks."""
        handles = []
        for name, module in twin.named_modules():
            leaf = next(module.children(), None) is None
            handles += self._follow(name, module, leaf=leaf and bool(name))
        return handles

    def finish(self, output: object) -> None:
        """Add the output node."""
        last = _Node("output", "Output")
        for tensor in tensors_in(output):
            self._connect(last, tensor)
        self.nodes.append(last)

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation; record its inputs and outputs."""
        sources = list(tensors_in((args, tuple((kwargs or {}).values()))))
        made_by = [self._makers.get(id(each)) for each in sources]
        output = super().__torch_dispatch__(func, types, args, kwargs)
        if any(made_by):
            self._note(func, sources, output)
        return output

    def _note(self, func: Any, sources: Sequence[Tensor], output: Any) -> None:
        """Append an operation to its node, and add edges from its inputs."""
        name = func._schema.name.removeprefix("aten::").strip("_")  # noqa: SLF001
        index = self._node_of(name)
        node = self.nodes[index]
        node.operations.append(name)
        for tensor in sources:
            self._connect(node, tensor)
        for tensor in tensors_in(output):
            self._makers[id(tensor)] = (tensor, index)

    def _node_of(self, operation: str) -> int:
        """Return the running node; a new one for an operation outside the leaves."""
        if self._call is None:
            scope = self._stack[-1][0] if self._stack else ""
            name = self._unique(f"{scope}.{operation}" if scope else operation)
            self.nodes.append(_Node(name, operation))
            return len(self.nodes) - 1
        return self._call

    def _connect(self, node: _Node, tensor: Tensor) -> None:
        made = self._makers.get(id(tensor))
        if made is not None and self.nodes[made[1]] is not node:
            node.inputs.setdefault(made[1], _shape(tensor))

    def _follow(self, name: str, module: nn.Module, *, leaf: bool) -> list[Any]:
        def enter(_module: nn.Module, _inputs: object) -> None:
            self._stack.append((name, module))
            if leaf:
                title = type(module).__name__
                node = _Node(self._unique(name), title, module, name)
                self.nodes.append(node)
                self._call = len(self.nodes) - 1

        def leave(_module: nn.Module, _inputs: object, _output: object) -> None:
            self._stack.pop()
            if leaf:
                self._call = None

        return [
            module.register_forward_pre_hook(enter),
            module.register_forward_hook(leave),
        ]

    def _unique(self, name: str) -> str:
        """Return a name unique among the nodes: "relu", "relu (2)"."""
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name} ({self._seen[name]})"


def _diagram(nodes: list[_Node], twin: nn.Module) -> Diagram:
    kept = sorted(_used(nodes))
    places = {index: place for place, index in enumerate(kept)}
    edges = [
        DiagramEdge(source=places[source], target=places[target], label=label)
        for target in kept
        for source, label in nodes[target].inputs.items()
        if source in places
    ]
    groups = {
        name: _class_name(module)
        for name, module in twin.named_modules()
        if name and next(module.children(), None) is not None
    }
    drawn = tuple(_drawn(nodes[index]) for index in kept)
    return Diagram(nodes=drawn, edges=tuple(edges), groups=groups)


def _class_name(module: nn.Module) -> str:
    """Return the name of a module's class; "" where it says nothing about it."""
    nameless = type(module) is nn.Module or getattr(module, "anonymous", False)
    return "" if nameless else type(module).__name__


def _used(nodes: list[_Node]) -> set[int]:
    """Return the nodes on a path from the input to the output."""
    reached = {0}
    for index, node in enumerate(nodes):
        if reached & node.inputs.keys():
            reached.add(index)
    needed = {len(nodes) - 1}
    for index in range(len(nodes) - 1, -1, -1):
        if index in needed:
            needed |= nodes[index].inputs.keys()
    return (reached & needed) | {0, len(nodes) - 1}


def _drawn(node: _Node) -> DiagramNode:
    kind = (
        node.name
        if node.name in ("input", "output")
        else kind_of([node.title, *node.operations])
    )
    return DiagramNode(
        name=node.name,
        title=node.title,
        kind=kind,
        detail=_detail(node.module),
        layer=node.layer,
    )


def kind_of(names: Iterable[str]) -> str:
    """Classify a node by the names of its class and operations."""
    for name in names:
        words = {name.lower(), *(word.lower() for word in _WORD.findall(name))}
        for kind, beginnings in _KINDS.items():
            if any(word.startswith(beginnings) for word in words):
                return kind
    return "other"


def _detail(module: nn.Module | None) -> str:
    """Describe a layer's settings: kernel size, channels, stride."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        rows, columns = module.kernel_size
        words = f"{rows} × {columns}, {module.in_channels} → {module.out_channels}"
        stride = max(module.stride)
        words += f", stride {stride}" if stride > 1 else ""
        words += f", {module.groups} groups" if module.groups > 1 else ""
        return words
    if isinstance(module, nn.Linear):
        return f"{module.in_features} → {module.out_features}"
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        return f"{_side(module.kernel_size)}, stride {_side(module.stride)}"
    return ""


def _side(size: Any) -> str:
    return str(size) if isinstance(size, int) else " × ".join(map(str, size))


def _shape(tensor: Tensor) -> str:
    """Return a tensor's shape as text, without the batch."""
    return " × ".join(map(str, tensor.shape[1:])) or "1"
