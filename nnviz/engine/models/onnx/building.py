"""Construction of a network from a graph, with shapes inferred on the meta device."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nnviz.base.errors import ModelError
from nnviz.engine.compute import memory
from nnviz.engine.models.onnx.batching import batch_rule, keep_apart
from nnviz.engine.models.onnx.folding import (
    fold,
    function_of,
    operator_of,
    unknown_operators,
)
from nnviz.engine.models.onnx.graph import Graph, HostValue, Node
from nnviz.engine.models.onnx.layers import Layer, Materials, layer_for
from nnviz.engine.models.onnx.naming import named_layers
from nnviz.engine.models.onnx.operators.shaping import Reshape
from nnviz.engine.models.onnx.patterns import recognize
from nnviz.engine.models.onnx.tree import (
    Argument,
    Call,
    Fixed,
    OnHost,
    Slot,
    WithArrays,
    build_tree,
)
from nnviz.engine.nn.shapes.meta import Shapes
from nnviz.engine.nn.shapes.tracer import meta_twin

Check = Callable[[], None]
Values = dict[str, Any]
"""By name: tensors, or arrays that only sizes depend on."""


class _NeedsNumbersError(Exception):
    """Shape inference without data is impossible."""


def build_network(
    graph: Graph, sample: Tensor, other: tuple[int, ...] | None, check: Check
) -> nn.Module:
    """Build a network of modules that computes a graph.

    Args:
        graph: consumed.
        sample: an input, (1, C, H, W).
        other: the shape of another possible input; None if there is only one.
        check: called for each node; raises to abandon it.

    Raises:
        ModelError: an operator is unknown, or a node cannot be run; names it.
    """
    names = graph.outputs
    fold(graph, check)
    unknown = unknown_operators(graph)
    if unknown is not None:
        raise unknown
    recognize(graph)
    named_layers(graph)
    try:
        calls = _calls(graph, sample.to("meta"), other, check)
    except _NeedsNumbersError:
        calls = _calls(graph, sample, None, check)
    (given,) = (each.name for each in graph.inputs)
    names = _keep_computed_outputs(graph, names, given, calls)
    net = build_tree(calls, [given], graph)
    if len(names) > 1 and all(name.isidentifier() for name in names):
        net.names = names  # those that exporters make up are numbers or paths
    keep_apart(net.eval(), sample)
    return net


def _keep_computed_outputs(
    graph: Graph, names: Sequence[str], given: str, calls: Sequence[Call]
) -> tuple[str, ...]:
    """Drop a graph's outputs that are constants; return the file's names of the others.

    Raises:
        ModelError: no output depends on the image.
    """
    made = {given, *(name for call in calls for name in call.outputs)}
    kept = [
        (output, name)
        for output, name in zip(graph.outputs, names, strict=True)
        if output in made
    ]
    if not kept:
        reason = "is an output that does not depend on the image"
        raise ModelError(names[0], reason, "export the network again")
    graph.outputs = tuple(output for output, _ in kept)
    return tuple(name for _, name in kept)


def _calls(
    graph: Graph, sample: Tensor, other: tuple[int, ...] | None, check: Check
) -> list[Call]:
    (given,) = (each.name for each in graph.inputs)
    passes = [_Pass({given: sample}, graph.constants)]
    if other is not None:
        second = torch.empty(other, device=sample.device)
        passes.append(_Pass({given: second}, graph.constants))
    translator = _Translator(graph, passes)
    calls = []
    # Sizes may become constants meanwhile; the file's own constants are unchanged.
    for node in graph.nodes:
        check()
        call = translator.call(node)
        if call is not None:
            calls.append(call)
    calls = _needed(calls, graph.outputs)
    if sample.is_meta:
        _loosen(calls, passes[0], given)
    return calls


def _needed(calls: Sequence[Call], outputs: Sequence[str]) -> list[Call]:
    """Drop calls whose values are unused, mostly those of sizes."""
    wanted = set(outputs)
    kept = []
    for call in reversed(calls):
        if wanted.intersection(call.outputs):
            wanted.update(call.takes)
            kept.append(call)
    return kept[::-1]


@dataclass(slots=True)
class _Pass:
    """Values of one pass.

    Attributes:
        values: by name.
        constants: of the graph.
    """

    values: Values
    constants: dict[str, Tensor]
    _moved: dict[str, Tensor] = field(default_factory=dict)

    def run(self, call: Call) -> Any:
        """Run a call and store its results."""
        arguments = [self._value(each) for each in call.arguments]
        found = self._target(call)(*arguments)
        several = len(call.node.outputs) > 1 and isinstance(found, tuple)
        outputs = found if several else (found,)
        for name, value in zip(call.outputs, outputs, strict=False):
            if name:
                self.values[name] = value
        return outputs

    def _target(self, call: Call) -> Callable[..., Any]:
        """Return the callable of a call, on the meta device if its values are there."""
        first = next(each for each in self.values.values() if isinstance(each, Tensor))
        if isinstance(call.target, nn.Module) and first.is_meta:
            return meta_twin(call.target)
        return call.target

    def _value(self, argument: Argument) -> Any:
        match argument:
            case Slot(name):
                return self.values[name]
            case Fixed(name):
                return self._constant(name)
            case _:
                return argument

    def _constant(self, name: str) -> Tensor:
        if name not in self._moved:
            first = next(
                each for each in self.values.values() if isinstance(each, Tensor)
            )
            self._moved[name] = self.constants[name].to(first.device)
        return self._moved[name]


class _Translator:
    """Translates nodes to calls, running them to infer shapes.

    Args:
        graph: sizes that turn out to be fixed are added to its constants.
        passes: with inputs of one shape or two.
    """

    def __init__(self, graph: Graph, passes: list[_Pass]) -> None:
        self._graph = graph
        self._passes = passes
        self._materials = Materials(graph.constants)
        self._fixed_sizes: dict[str, HostValue] = {}
        for name, value in passes[0].values.items():
            self._materials.ranks[name] = value.ndim

    def call(self, node: Node) -> Call | None:
        """Translate a node to a call; None if its result is constant.

        Raises:
            ModelError: the node cannot be run.
        """
        if self._is_of_sizes(node):
            return self._size_call(node)
        layer = layer_for(node, self._materials)
        call = self._layer_call(node, layer) if layer else self._function_call(node)
        outputs = self._run(call)
        for name, value in zip(node.outputs, outputs, strict=False):
            if isinstance(value, Tensor):
                self._materials.ranks[name] = value.ndim
            elif name:
                self._settle(name)
        if all(name in self._fixed_sizes for name in node.outputs if name):
            return None
        return call

    def _is_of_sizes(self, node: Node) -> bool:
        """Tell whether a node computes only with sizes."""
        values = self._passes[0].values
        return (
            any(node.inputs)
            and all(
                not name
                or name in self._graph.constants
                or self._array(name) is not None
                for name in node.inputs
                if name not in values or not isinstance(values[name], Tensor)
            )
            and not any(isinstance(values.get(name), Tensor) for name in node.inputs)
        )

    def _array(self, name: str) -> HostValue | None:
        found = self._fixed_sizes.get(name, self._passes[0].values.get(name))
        return found if isinstance(found, np.ndarray) else None

    def _size_call(self, node: Node) -> Call | None:
        known = operator_of(node)
        arguments = tuple(self._size_argument(name) for name in node.inputs)
        positions = (
            index
            for index, each in enumerate(arguments)
            if each is not None and index not in known.host
        )
        target = OnHost(function_of(node), positions)
        call = Call(node, target, arguments, node.outputs)
        self._run(call)
        for name in node.outputs:
            if name:
                self._settle(name)
        fixed = all(name in self._fixed_sizes for name in node.outputs if name)
        return None if fixed else call

    def _size_argument(self, name: str) -> Argument:
        if not name:
            return None
        if name in self._fixed_sizes:
            return self._fixed_sizes[name]
        if name in self._graph.constants:
            return self._graph.constants[name].numpy()
        return Slot(name)

    def _settle(self, name: str) -> None:
        """Treat a size as constant if it is the same for both inputs."""
        found = [each.values[name] for each in self._passes]
        if isinstance(found[0], np.ndarray) and all(
            np.array_equal(found[0], each) for each in found[1:]
        ):
            self._fixed_sizes[name] = found[0]

    def _layer_call(self, node: Node, layer: Layer) -> Call:
        module, positions = layer
        module.eval()
        arguments = tuple(self._argument(node.inputs[place]) for place in positions)
        arrays = [
            index
            for index, name in enumerate(positions)
            if self._array(node.inputs[name]) is not None
        ]
        if arrays:
            return self._function_call(node)
        return Call(node, module, arguments, node.outputs[:1])

    def _function_call(self, node: Node) -> Call:
        known = operator_of(node)
        function = function_of(node)
        arguments = []
        arrays = []
        for index, name in enumerate(node.inputs):
            argument = self._argument(name)
            if index in known.host and isinstance(argument, Fixed):
                argument = self._graph.constants[name].numpy()
            elif known.scalars and isinstance(argument, Fixed):
                argument = self._as_number(argument, node)
            elif index not in known.host and self._array(name) is not None:
                arrays.append(index)
            arguments.append(argument)
        target = WithArrays(function, arrays) if arrays else function
        return Call(node, target, tuple(arguments), node.outputs)

    def _argument(self, name: str) -> Argument:
        if not name:
            return None
        if name in self._fixed_sizes:
            return self._fixed_sizes[name]
        return Fixed(name) if name in self._graph.constants else Slot(name)

    def _as_number(self, argument: Fixed, node: Node) -> Argument:
        """Convert a one-element constant to a Python number, of any precision."""
        value = self._graph.constants[argument.name]
        most = max(self._materials.ranks.get(name, 0) for name in node.inputs)
        if value.numel() != 1 or value.ndim > most:
            return argument
        if node.kind == "Gather" and value.ndim:
            return argument
        number: int | float | bool = value.item()
        return number

    def _run(self, call: Call) -> Any:
        """Run a call in all passes; return the result of the first.

        Raises:
            ModelError: the call cannot be run.
        """
        found = self._try(call, self._passes[0])
        for each in self._passes[1:]:
            if _refusal(lambda each=each: each.run(call)):  # type: ignore[misc]
                # Not for inputs of another shape: all sizes are then those of this one.
                self._passes = self._passes[:1]
                for name, value in self._passes[0].values.items():
                    if isinstance(value, np.ndarray):
                        self._fixed_sizes[name] = value
                break
        return found

    def _try(self, call: Call, trial: _Pass) -> Any:
        found: list[Any] = []
        why = _refusal(lambda: found.append(trial.run(call)))
        if why is None:
            return found[0]
        if next(_tensors(trial)).is_meta:
            raise _NeedsNumbersError(call.node.title, why)
        raise call.node.refusal(f"cannot be run ({why})")


def _tensors(trial: _Pass) -> Iterator[Tensor]:
    return (each for each in trial.values.values() if isinstance(each, Tensor))


def _refusal(trial: Callable[[], object]) -> str | None:
    with torch.no_grad(), Shapes():  # type: ignore[no-untyped-call]
        try:
            return memory.refusal(trial)
        except (RuntimeError, MemoryError) as error:
            if not memory.is_out_of_memory(error):
                raise
            return "needs more memory than there is"


def _loosen(calls: Sequence[Call], one: _Pass, given: str) -> None:
    """Add batching rules to reshapes of an export with a batch of one."""
    x: Tensor = one.values[given]
    two = _Pass({given: torch.empty(2, *x.shape[1:], device="meta")}, one.constants)
    for call in calls:
        if isinstance(call.target, Reshape):
            given = next(iter(call.takes))
            call.target.batch = batch_rule(
                one.values[given].shape,
                two.values[given].shape,
                one.values[call.outputs[0]].shape,
            )
        if _refusal(lambda call=call: two.run(call)):  # type: ignore[misc]
            for each in calls:
                if isinstance(each.target, Reshape):
                    each.target.batch = None
            return
