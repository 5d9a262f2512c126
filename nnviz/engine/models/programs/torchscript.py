"""Interpreter of TorchScript graphs: a program as a tree of Python modules.

torch's exporter infers the shapes of a TorchScript program from its graph, which fails
where an operation has no such rule (``unflatten`` in a vision transformer), and loses
which module an operation belongs to.  Interpreted in Python, the program is traced like
any network: shapes are those of a real pass, branches and loops are taken, and each
operation is recorded inside its module.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.engine.models.programs.fused_attention import (
    encoder_layer,
    multi_head_attention,
)

_CALL = "nnviz::call"
"""Stands for ``prim::CallMethod``, which inlining functions would inline too."""
_FORWARD = re.compile(r"forward(__)?\d*")
"""Tracing names further calls "forward1", scripting overloads "forward__0"."""
_NO_GRADIENT = object()
"""Objects that a program makes: context managers such as ``torch.no_grad()``."""


class InterpretedModule(nn.Module):
    """A TorchScript module whose methods run in Python, operation by operation.

    Parameters require gradients, or scripted attention would choose a fused kernel
    that cannot be exported.

    Args:
        script: in eval mode; its weights are shared.

    Attributes:
        original_name: of the class that the program was made from.
    """

    def __init__(self, script: Any) -> None:
        super().__init__()
        self.original_name = script.original_name
        self._source = (script,)  # a module itself would become a child
        self._method = "forward"
        self._changed: dict[str, Any] = {}
        self._graphs: dict[str, Any] = {}
        for name, child in script._modules.items():  # noqa: SLF001
            self.add_module(name, InterpretedModule(child))
        for name, weight in script.named_parameters(recurse=False):
            floating = weight.is_floating_point()
            self.register_parameter(name, nn.Parameter(weight.detach(), floating))
        for name, value in script.named_buffers(recurse=False):
            self.register_buffer(name, value)

    def call(self, method: str, arguments: Sequence[Any]) -> Any:
        """Call the module, hooks and scopes and all, by one of its forward methods."""
        self._method = method
        return self(*arguments)

    def forward(self, *arguments: Any) -> Any:
        """Run the method that was called, by default "forward"."""
        method, self._method = self._method, "forward"
        return self.run(method, arguments)

    def run(self, method: str, arguments: Sequence[Any]) -> Any:
        """Run a method of the program.

        Raises:
            NotImplementedError: it contains something that is no plain operation.
        """
        if method not in self._graphs:
            own = self._source[0]._c._get_method(method)  # noqa: SLF001
            self._graphs[method] = _with_functions_inlined(own.graph), own.schema
        graph, schema = self._graphs[method]
        given = [self, *arguments]
        left_out = schema.arguments[len(given) :]
        given += [argument.default_value for argument in left_out]
        (result,) = _Pass(graph.inputs(), given).run(graph)
        return result

    def value(self, name: str) -> Any:
        """Return an attribute: a child, a weight, or a plain value."""
        if name in self._changed:
            return self._changed[name]
        for tensors in (self._modules, self._parameters, self._buffers):
            if name in tensors:
                return tensors[name]
        return self._source[0]._c.getattr(name)  # noqa: SLF001

    def change(self, name: str, value: Any) -> None:
        """Set an attribute for the passes to come."""
        self._changed[name] = value


def _with_functions_inlined(graph: Any) -> Any:
    """Return a copy of a graph with its functions inlined, but no calls of modules."""
    inlined = graph.copy()
    for node in list(_all_nodes(inlined)):
        if node.kind() == "prim::CallMethod":
            call = inlined.create(_CALL, list(node.inputs()), node.outputsSize())
            call.s_("name", node.s("name"))
            call.insertBefore(node)
            for old, new in zip(node.outputs(), call.outputs(), strict=True):
                new.setType(old.type())
                old.replaceAllUsesWith(new)
            node.destroy()
    torch._C._jit_pass_inline(inlined)  # noqa: SLF001
    return inlined


def _all_nodes(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _all_nodes(inner)


class _Pass:
    """One pass through a graph, with the values of its names.

    Args:
        inputs: of the graph.
        given: their values.
    """

    def __init__(self, inputs: Iterator[Any], given: Sequence[Any]) -> None:
        names = (each.debugName() for each in inputs)
        self._values = dict(zip(names, given, strict=True))

    def run(self, block: Any) -> list[Any]:
        """Run the nodes of a graph or block; return its outputs."""
        for node in block.nodes():
            given = [self._values[each.debugName()] for each in node.inputs()]
            found = self._results(node, given)
            for output, value in zip(node.outputs(), found, strict=True):
                self._values[output.debugName()] = value
        return [self._values[each.debugName()] for each in block.outputs()]

    def _results(self, node: Any, given: list[Any]) -> Sequence[Any]:
        kind = node.kind()
        if kind == "prim::If":
            first, second = node.blocks()
            return self.run(first if given[0] else second)
        if kind == "prim::Loop":
            return self._loop(node, given)
        if kind in _STRUCTURE:
            return _STRUCTURE[kind](node, given)
        return _computed(node, given)

    def _loop(self, node: Any, given: list[Any]) -> list[Any]:
        most, going, *carried = given
        (body,) = node.blocks()
        names = [each.debugName() for each in body.inputs()]
        turn = 0
        while going and turn < most:
            self._values.update(zip(names, (turn, *carried), strict=True))
            going, *carried = self.run(body)
            turn += 1
        return carried


# --- nodes without a schema: how a program is put together ----------------------------


def _constant(node: Any, _: list[Any]) -> list[Any]:
    value = node.output().toIValue()
    return [torch.device("cpu") if isinstance(value, torch.device) else value]


def _attribute(node: Any, given: list[Any]) -> list[Any]:
    (owner,) = given
    name = node.s("name")
    own = isinstance(owner, InterpretedModule)
    return [owner.value(name) if own else getattr(owner, name)]


def _set_attribute(node: Any, given: list[Any]) -> list[Any]:
    owner, value = given
    owner.change(node.s("name"), value)
    return []


def _call(node: Any, given: list[Any]) -> list[Any]:
    owner, *arguments = given
    method = node.s("name")
    if owner is _NO_GRADIENT:
        return [None] * node.outputsSize()
    if not isinstance(owner, InterpretedModule):
        found = getattr(owner, method)(*arguments)
    elif _FORWARD.fullmatch(method):
        found = owner.call(method, arguments)
    else:
        found = owner.run(method, arguments)
    return [found]


def _dictionary(_: Any, given: list[Any]) -> list[Any]:
    return [dict(zip(given[::2], given[1::2], strict=True))]


def _raise(_: Any, given: list[Any]) -> list[Any]:
    raise RuntimeError(str(given[0]))


def _is_instance(node: Any, given: list[Any]) -> list[Any]:
    return [any(_is_of(given[0], kind) for kind in node.tys("types"))]


_KINDS = {
    "TensorType": Tensor,
    "ListType": list,
    "TupleType": tuple,
    "DictType": dict,
    "StringType": str,
    "BoolType": bool,
    "IntType": int,
    "FloatType": float,
    "NoneType": type(None),
}


def _is_of(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a type of TorchScript, by its outermost part."""
    return isinstance(value, _KINDS.get(kind.kind(), ())) and not (
        isinstance(value, bool) and kind.kind() == "IntType"
    )


_STRUCTURE: dict[str, Callable[[Any, list[Any]], list[Any]]] = {
    "prim::Constant": _constant,
    "prim::GetAttr": _attribute,
    "prim::SetAttr": _set_attribute,
    _CALL: _call,
    "prim::ListConstruct": lambda _, given: [list(given)],
    "prim::TupleConstruct": lambda _, given: [tuple(given)],
    "prim::DictConstruct": _dictionary,
    "prim::ListUnpack": lambda _, given: list(given[0]),
    "prim::TupleUnpack": lambda _, given: list(given[0]),
    "prim::isinstance": _is_instance,
    "prim::RaiseException": _raise,
    "prim::CreateObject": lambda _node, _: [_NO_GRADIENT],
    "prim::Enter": lambda _node, _: [None],
    "prim::Exit": lambda node, _: [None] * node.outputsSize(),
    "prim::Print": lambda _node, _: [],
    "prim::Uninitialized": lambda _node, _: [None],
    "prim::unchecked_cast": lambda _, given: given,
    "prim::unchecked_unwrap_optional": lambda _, given: given,
}


# --- operations on lists, dictionaries and numbers: Python's own ---------------------


def _set_item(container: Any, key: Any, value: Any) -> Any:
    container[key] = value
    return container


def _append(values: list[Any], value: Any) -> list[Any]:
    values.append(value)
    return values


def _extend(values: list[Any], others: list[Any]) -> None:
    values.extend(others)


def _insert(values: list[Any], place: int, value: Any) -> None:
    values.insert(place, value)


def _item(value: Any) -> Any:
    return value.detach().item() if isinstance(value, Tensor) else value


_PYTHON: dict[str, Callable[..., Any]] = {
    "aten::append": _append,
    "aten::extend": _extend,
    "aten::insert": _insert,
    "aten::pop": lambda values, place=-1: values.pop(place),
    "aten::_set_item": _set_item,
    "aten::__getitem__": lambda container, key: container[key],
    "aten::__contains__": lambda container, key: key in container,
    "aten::keys": list,
    "aten::values": lambda container: list(container.values()),
    "aten::items": lambda container: list(container.items()),
    "aten::list": list,
    "aten::dict": dict,
    "aten::len": len,
    "aten::Int": lambda value: int(_item(value)),
    "aten::Float": lambda value: float(_item(value)),
    "aten::Bool": lambda value: bool(_item(value)),
    "aten::IntImplicit": _item,
    "aten::FloatImplicit": _item,
    "aten::ScalarImplicit": _item,
    "prim::TupleIndex": lambda container, place: container[place],
    "aten::__is__": lambda one, other: one is other,
    "aten::__isnot__": lambda one, other: one is not other,
    "aten::__not__": lambda value: not value,
    "aten::format": str.format,
    "aten::warn": lambda *_: None,
    "aten::is_grad_enabled": lambda: True,
    "aten::_unwrap_optional": lambda value: value,
}


_FUSED: dict[str, Callable[..., Any]] = {
    "aten::_native_multi_head_attention": multi_head_attention,
    "aten::_transformer_encoder_layer_fwd": encoder_layer,
}
_ON_VALUES: dict[str, Callable[..., Any]] = {
    "aten::eq": operator.eq,
    "aten::ne": operator.ne,
    "aten::lt": operator.lt,
    "aten::le": operator.le,
    "aten::gt": operator.gt,
    "aten::ge": operator.ge,
    "aten::add": operator.add,
    "aten::sub": operator.sub,
    "aten::mul": operator.mul,
    "aten::div": operator.truediv,
    "aten::floordiv": operator.floordiv,
    "aten::remainder": operator.mod,
    "aten::neg": operator.neg,
    "aten::slice": lambda values, *ends: values[slice(*ends)],
}
"""Operations on numbers, texts and lists, of which torch would guess the types."""


# --- operations of torch --------------------------------------------------------------


def _computed(node: Any, given: list[Any]) -> Sequence[Any]:
    """Run an operation: Python's own, one that is taken apart, or torch's."""
    kind, count = node.kind(), node.outputsSize()
    known = _PYTHON.get(kind, _FUSED.get(kind))
    if known is None and not any(isinstance(each, Tensor) for each in given):
        known = _ON_VALUES.get(kind)
    found = _by_torch(node, given) if known is None else known(*given)
    if count == 1:
        return [found]
    return list(found) if count else []


def _by_torch(node: Any, given: list[Any]) -> Any:
    """Run an operation that torch knows by its schema."""
    kind, schema = node.kind(), node.schema()
    if schema == "(no schema)":
        raise NotImplementedError(f"the program contains {kind}")
    arguments = torch._C.parse_schema(schema).arguments  # noqa: SLF001
    plain: list[Any] = []
    named: dict[str, Any] = {}
    for argument, value in zip(arguments, given, strict=True):
        if argument.kwarg_only:
            named[argument.name] = value
        else:
            plain.append(value)
    function, _ = torch._C._jit_get_operation(kind)  # noqa: SLF001
    return function(*plain, **named)
