"""Module tree that runs the operations of a graph, grouped by scope."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nnviz.engine.models.onnx.graph import Graph, Node
from nnviz.engine.models.onnx.scopes import Scope, without_number

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """Argument: the name of a computed value."""

    name: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """Argument: the name of a constant on the device."""

    name: str


Argument = Slot | Fixed | None | int | float | bool | np.ndarray[Any, Any]
"""Arrays and numbers are passed unchanged."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One operation with its arguments, ready to run.

    Attributes:
        node: its source.
        target: a module of torch's, or a function.
        arguments: of the call.
        outputs: names of its outputs; "" for unused ones.
    """

    node: Node
    target: nn.Module | Function
    arguments: tuple[Argument, ...]
    outputs: tuple[str, ...]

    @property
    def takes(self) -> Iterable[str]:
        """Names of the computed values among the arguments."""
        return (each.name for each in self.arguments if isinstance(each, Slot))


@dataclass(slots=True)
class Step:
    """A call inside a block, with value indices in place of names.

    Attributes:
        function: to be called; None where a module is.
        module: its path below the block.
        arguments: value indices (``int`` in a ``list``), names of constants, or values.
        outputs: value indices; -1 for unused ones.
        done: indices of values that are not used any more.
        several: whether it returns a tuple.
    """

    function: Function | None
    module: tuple[str, ...]
    arguments: tuple[tuple[str, Any], ...]
    outputs: tuple[int, ...]
    done: tuple[int, ...]
    several: bool


_LONGEST_NAME = 60
_PLACE, _NAME, _VALUE = "place", "name", "value"


class Block(nn.Module):
    """Module that runs operations in order and frees each value after its last use.

    Attributes:
        anonymous: whether the name of the class says nothing.
    """

    anonymous = True

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.places = 0
        self.results: tuple[int, ...] = ()
        self.names: tuple[str, ...] = ()

    def forward(self, *inputs: Any) -> Any:
        """Return the result, a tuple of results, or a dictionary of named outputs."""
        values: list[Any] = [*inputs, *[None] * (self.places - len(inputs))]
        for step in self.steps:
            arguments = [self._argument(each, values) for each in step.arguments]
            found = self._target(step)(*arguments)
            outputs = found if step.several else (found,)
            for place, value in zip(step.outputs, outputs, strict=False):
                if place >= 0:
                    values[place] = value
            for place in step.done:
                values[place] = None
        if len(self.results) == 1:
            return values[self.results[0]]
        found = tuple(values[place] for place in self.results)
        return dict(zip(self.names, found, strict=True)) if self.names else found

    def _argument(self, argument: tuple[str, Any], values: Sequence[Any]) -> Any:
        kind, value = argument
        if kind == _PLACE:
            return values[value]
        return getattr(self, value) if kind == _NAME else value

    def _target(self, step: Step) -> Function:
        if step.function is not None:
            return step.function
        module: Any = self
        for name in step.module:
            module = module._modules[name]  # noqa: SLF001 -- as nn.Sequential does
        return module  # type: ignore[no-any-return]


@cache
def block_class(name: str) -> type[Block]:
    """Return the class of blocks that stand for modules of a class of this name.

    Layers and groups are shown by the names of their classes; "" for an unknown one.
    """
    fits = name.isidentifier() and len(name) <= _LONGEST_NAME
    return type(name, (Block,), {"anonymous": False}) if fits else Block


@dataclass(slots=True, eq=False)
class _Part:
    """Consecutive calls of one scope.

    Attributes:
        scope: of the block, () for the whole network.
        items: calls and parts.
    """

    scope: Scope
    items: "list[Call | _Part]" = field(default_factory=list)

    @property
    def calls(self) -> Iterable[Call]:
        """All calls of this part, including nested ones."""
        for item in self.items:
            if isinstance(item, _Part):
                yield from item.calls
            else:
                yield item


def build_tree(calls: Sequence[Call], inputs: Sequence[str], graph: Graph) -> Block:
    """Build a network that runs calls in order, its modules named by their scopes.

    Args:
        calls: each after those that compute its inputs.
        inputs: names of the network's inputs.
        graph: the outputs, constants and classes of which are used.
    """
    builder = _Builder(graph)
    whole = _grouped(_contiguous(calls), ())
    builder.count_uses(whole)
    return builder.block(whole, inputs, graph.outputs)


# --- order and grouping -------------------------------------------------------------


def _contiguous(calls: Sequence[Call]) -> Sequence[Call]:
    """Reorder calls so that those of one scope are adjacent, as far as possible."""
    if not _is_scattered(calls):
        return calls
    makers = {name: call for call in calls for name in call.outputs if name}
    waits = {
        id(call): {id(makers[name]) for name in call.takes if name in makers}
        for call in calls
    }
    takers: dict[int, list[int]] = {}
    for place, call in enumerate(calls):
        for each in waits[id(call)]:
            takers.setdefault(each, []).append(place)
    ready = [index for index, call in enumerate(calls) if not waits[id(call)]]
    order: list[Call] = []
    scope: Scope = ()
    while ready:
        best = max(ready, key=lambda p: (_shared(scope, calls[p].node.scope), -p))
        ready.remove(best)
        call = calls[best]
        order.append(call)
        scope = call.node.scope
        for place in takers.get(id(call), ()):
            waits[id(calls[place])].discard(id(call))
            if not waits[id(calls[place])]:
                ready.append(place)
    return order


def _shared(first: Scope, second: Scope) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _is_scattered(calls: Sequence[Call]) -> bool:
    """Tell whether any scope is left and entered again."""
    left: set[str] = set()
    before: Scope = ()
    for call in calls:
        scope = call.node.scope
        left.update(before[_shared(before, scope) :])
        if left.intersection(scope):
            return True
        before = scope
    return False


def _grouped(calls: Sequence[Call], scope: Scope) -> _Part:
    """Group calls into a part of one scope, with nested parts for inner scopes."""
    part = _Part(scope)
    depth = len(scope)
    inner: list[Call] = []

    def close() -> None:
        if inner:
            part.items.append(_grouped(inner, inner[0].node.scope[: depth + 1]))
            inner.clear()

    for call in calls:
        own = call.node.scope
        if inner and own[: depth + 1] != inner[0].node.scope[: depth + 1]:
            close()
        if len(own) > depth:
            inner.append(call)
        else:
            part.items.append(call)
    close()
    return part


# --- blocks -------------------------------------------------------------------------


class _Builder:
    """Builds blocks from parts.

    Args:
        graph: its constants are taken by name; its outputs count as used.
    """

    def __init__(self, graph: Graph) -> None:
        self._constants = graph.constants
        self._weights = graph.weights
        self._classes = graph.classes
        self._tensors: dict[str, Tensor] = {}
        self._uses: dict[str, int] = dict.fromkeys(graph.outputs, 1)

    def count_uses(self, part: _Part) -> None:
        """Count the uses of each value over all calls."""
        for call in part.calls:
            for name in call.takes:
                self._uses[name] = self._uses.get(name, 0) + 1

    def block(
        self, part: _Part, inputs: Sequence[str], outputs: Sequence[str]
    ) -> Block:
        """Build the module that runs a part."""
        path = part.scope[-1] if part.scope else ""
        block = block_class(self._classes.get(path, ""))()
        layout = _Layout(block, inputs, outputs)
        for item in part.items:
            if isinstance(item, _Part) and not _is_one_layer(item):
                self._add_part(layout, part, item)
            else:
                call = next(iter(item.calls)) if isinstance(item, _Part) else item
                scope = item.scope if isinstance(item, _Part) else part.scope
                self._add_call(layout, part, call, scope)
        layout.close()
        return block

    def _add_part(self, layout: "_Layout", parent: _Part, part: _Part) -> None:
        inputs = self._inputs(part)
        outputs = self._outputs(part)
        module = self.block(part, inputs, outputs)
        path = self._path(parent.scope, part.scope)
        arguments = tuple(Slot(name) for name in inputs)
        place = _place(layout.block, path, module, again=True)
        layout.add(None, place, arguments, tuple(outputs), len(outputs) > 1)

    def _add_call(
        self, layout: "_Layout", parent: _Part, call: Call, scope: Scope
    ) -> None:
        arguments = tuple(
            _Own(self._attach(layout.block, each.name))
            if isinstance(each, Fixed)
            else each
            for each in call.arguments
        )
        several = len(call.node.outputs) > 1
        if not isinstance(call.target, nn.Module):
            layout.add(call.target, (), arguments, call.outputs, several)
            return
        # A layer created by the surrounding code is a new one at each call.
        named = scope != parent.scope
        path = self._path(parent.scope, scope) if named else (_own_name(call),)
        place = _place(layout.block, path, call.target, again=named)
        layout.add(None, place, arguments, call.outputs, False)

    def _path(self, outer: Scope, inner: Scope) -> tuple[str, ...]:
        """Return the path of names from an outer scope's block to an inner one."""
        path = inner[-1]
        if outer:
            path = path.removeprefix(f"{outer[-1]}.")
        return tuple(path.split("."))

    def _inputs(self, part: _Part) -> list[str]:
        made = {name for call in part.calls for name in call.outputs}
        taken = (name for call in part.calls for name in call.takes)
        return list(dict.fromkeys(name for name in taken if name not in made))

    def _outputs(self, part: _Part) -> list[str]:
        """Return the values used outside of a part, latest first."""
        inside: dict[str, int] = {}
        for call in part.calls:
            for name in call.takes:
                inside[name] = inside.get(name, 0) + 1
        made = [name for call in part.calls for name in call.outputs if name]
        return [
            name
            for name in reversed(made)
            if self._uses.get(name, 0) > inside.get(name, 0)
        ]

    def _attach(self, block: Block, name: str) -> str:
        """Register a constant in a block; return its name there."""
        own = _free_name(block, _last(name), self._tensors.get(name))
        value = self._tensors.setdefault(name, self._tensor(name))
        if isinstance(value, nn.Parameter):
            block.register_parameter(own, value)
        else:
            block.register_buffer(own, value)
        return own

    def _tensor(self, name: str) -> Tensor:
        value = self._constants[name]
        return nn.Parameter(value, False) if name in self._weights else value


@dataclass(frozen=True, slots=True)
class _Own:
    """Argument: the name of a constant in the block."""

    name: str


class _Layout:
    """Assigns value indices in a block and finds the last use of each value."""

    def __init__(
        self, block: Block, inputs: Sequence[str], outputs: Sequence[str]
    ) -> None:
        self.block = block
        self._places = {name: index for index, name in enumerate(inputs)}
        self._outputs = outputs

    def add(
        self,
        function: Function | None,
        module: tuple[str, ...],
        arguments: Sequence[Argument | _Own],
        outputs: Sequence[str],
        several: bool,  # noqa: FBT001 -- of the step that it becomes
    ) -> None:
        """Add a step to the block."""
        given = tuple(self._argument(each) for each in arguments)
        places = tuple(self._place(name) if name else -1 for name in outputs)
        self.block.steps.append(Step(function, module, given, places, (), several))

    def close(self) -> None:
        """Finalize the block: set its results, and the last use of each value."""
        self.block.places = len(self._places)
        self.block.results = tuple(self._places[name] for name in self._outputs)
        needed = set(self.block.results)
        for index in range(len(self.block.steps) - 1, -1, -1):
            step = self.block.steps[index]
            used = {value for kind, value in step.arguments if kind == _PLACE}
            used.update(place for place in step.outputs if place >= 0)
            self.block.steps[index] = replace(step, done=tuple(sorted(used - needed)))
            needed |= used

    def _argument(self, argument: Argument | _Own) -> tuple[str, Any]:
        match argument:
            case Slot(name):
                return _PLACE, self._place(name)
            case _Own(name):
                return _NAME, name
            case _:
                return _VALUE, argument

    def _place(self, name: str) -> int:
        return self._places.setdefault(name, len(self._places))


def _is_one_layer(part: _Part) -> bool:
    """Tell whether a part is a single torch layer, which then replaces the part."""
    calls = list(part.calls)
    return len(calls) == 1 and isinstance(calls[0].target, nn.Module)


def _place(
    block: Block, path: tuple[str, ...], module: nn.Module, *, again: bool
) -> tuple[str, ...]:
    """Add a module below a block and return its path.

    A different module of the same name gets a number.

    Args:
        block: any.
        path: names from the block to the module.
        module: the module to add.
        again: whether one that does the same under that name is this very one.
    """
    holder: nn.Module = block
    for name in path[:-1]:
        if name not in holder._modules:  # noqa: SLF001
            holder.add_module(name, nn.Module())
        holder = holder.get_submodule(name)
    name = _module_name(holder, path[-1], module, again=again)
    if name not in holder._modules:  # noqa: SLF001
        holder.add_module(name, module)
    return (*path[:-1], name)


def _module_name(
    holder: nn.Module, wanted: str, module: nn.Module, *, again: bool
) -> str:
    first = without_number(wanted)
    if again and first and _is_same(holder._modules.get(first), module):  # noqa: SLF001
        return first
    name, count = wanted, 0
    while name in holder._modules or hasattr(holder, name):  # noqa: SLF001
        there = holder._modules.get(name)  # noqa: SLF001
        if (again and _is_same(there, module)) or _is_holder(there):
            break
        count += 1
        name = f"{wanted}_{count}"
    if _is_holder(holder._modules.get(name)):  # noqa: SLF001
        _take_over(holder, name, module)
    return name


def _is_holder(module: nn.Module | None) -> bool:
    """Tell whether a module is only a container for others, never called itself."""
    return type(module) is nn.Module


def _take_over(holder: nn.Module, name: str, module: nn.Module) -> None:
    """Replace a container by a module, which adopts its children."""
    for inner, child in holder.get_submodule(name).named_children():
        if inner not in module._modules:  # noqa: SLF001
            module.add_module(inner, child)
    holder._modules[name] = module  # noqa: SLF001


def _is_same(there: nn.Module | None, module: nn.Module) -> bool:
    """Tell whether two layers are of the same kind and share their weights."""
    if there is None or type(there) is not type(module) or isinstance(module, Block):
        return False
    own, other = dict(module.named_parameters()), dict(there.named_parameters())
    shared = own.keys() == other.keys() and all(
        own[name] is other[name] for name in own
    )
    same_buffers = all(
        one is two for one, two in zip(module.buffers(), there.buffers(), strict=False)
    )
    return shared and same_buffers and module.extra_repr() == there.extra_repr()


def _own_name(call: Call) -> str:
    """Return the name of a layer within the module whose code calls it."""
    return call.node.kind.strip(".").lower()


def _last(name: str) -> str:
    """Return the last part of a dotted name, or "constant" if no valid identifier."""
    own = name.rpartition(".")[2]
    return own if own.isidentifier() else "constant"


def _free_name(block: Block, wanted: str, known: Tensor | None) -> str:
    name, count = wanted, 0
    while hasattr(block, name) and (known is None or getattr(block, name) is not known):
        count += 1
        name = f"{wanted}_{count}"
    return name


class WithArrays:
    """Wraps a function of tensors to accept arrays, which hold shapes and axes.

    Args:
        function: takes tensors, and arrays for sizes.
        positions: of the arguments that are arrays and that it takes as tensors.
    """

    def __init__(self, function: Function, positions: Iterable[int]) -> None:
        self.function = function
        self.positions = frozenset(positions)

    def __call__(self, *arguments: Any) -> Any:
        """Call the function, with arrays moved to the device of the first tensor."""
        device = next(
            (each.device for each in arguments if isinstance(each, Tensor)),
            torch.device("cpu"),
        )
        return self.function(
            *(
                torch.from_numpy(np.asarray(each)).to(device)
                if index in self.positions
                else each
                for index, each in enumerate(arguments)
            )
        )


class OnHost(WithArrays):
    """Wraps a function of shape arithmetic: takes arrays only, and returns arrays."""

    def __call__(self, *arguments: Any) -> Any:
        """Call the function in main memory."""
        found = super().__call__(*arguments)
        if isinstance(found, tuple):
            return tuple(_as_array(each) for each in found)
        return _as_array(found)


def _as_array(value: Any) -> np.ndarray[Any, Any]:
    return value.numpy() if isinstance(value, Tensor) else np.asarray(value)
