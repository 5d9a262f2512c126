"""Parsing of ONNX files: limits, constants, external weights; executes nothing."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto
from torch import Tensor

from nnviz.base.errors import InputError, OutOfMemoryError
from nnviz.base.host.reading import is_file
from nnviz.base.notation.numerals import is_whole
from nnviz.engine.compute import memory
from nnviz.engine.models.onnx.graph import Graph, GraphInput, Node
from nnviz.engine.models.onnx.scopes import (
    Scope,
    classes_of,
    has_scope,
    scope_of,
    shared_scope,
)
from nnviz.engine.models.onnx.skimming import SkimmingError, Span, skim
from nnviz.media.files import fill

Check = Callable[[], None]

_LARGEST_FILE = 1 << 31
"""B: protobuf's limit."""
_MOST_NODES = 100_000
_MOST_AXES = 16
_DEEPEST = 4
"""Maximum depth of graphs inside nodes."""
_ROOM = 2.5
"""Times its size: a message, its parsed form, and the weights taken out of it."""
_ANONYMOUS = ("onnx::", "val_", "_val_", "const", "Constant", "/", "node_")
"""Prefixes of constants' names that exporters generate."""
_STANDARD = frozenset({"", "ai.onnx"})
_OLDEST_OPSET = 7
_DAMAGED = "export the network again, or download the file again"

_KINDS: dict[int, tuple[torch.dtype, Any]] = {
    TensorProto.FLOAT: (torch.float32, np.float32),
    TensorProto.DOUBLE: (torch.float64, np.float64),
    TensorProto.FLOAT16: (torch.float16, np.float16),
    TensorProto.BFLOAT16: (torch.bfloat16, np.int16),
    TensorProto.INT64: (torch.int64, np.int64),
    TensorProto.INT32: (torch.int32, np.int32),
    TensorProto.INT16: (torch.int16, np.int16),
    TensorProto.INT8: (torch.int8, np.int8),
    TensorProto.UINT8: (torch.uint8, np.uint8),
    TensorProto.BOOL: (torch.bool, np.bool_),
}
"""torch's type of an element, and numpy's of its bytes in the file."""


def torch_kind(kind: int) -> torch.dtype | None:
    """Return torch's dtype for an ONNX element type; None if it has none."""
    return _KINDS[kind][0] if kind in _KINDS else None


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """Contents of an ONNX file.

    Attributes:
        graph: the computation; all floating-point numbers in single precision at least.
        producer: the program that wrote it, for people.
        metadata: what was written beside the graph, by name.
        notes: changes made while reading, for users.
    """

    graph: Graph
    producer: str
    metadata: Mapping[str, str]
    notes: tuple[str, ...]


def read_onnx(path: Path, check: Check) -> OnnxFile:
    """Read an ONNX file and the external weight files that it names.

    Raises:
        InputError: no ONNX, damaged, past a limit, or a file of weights is missing.
        OutOfMemoryError: larger than the free memory.
    """
    model, weights = _parse(path, check)
    opset = _opset(model, path)
    reader = _Reader(path, opset, check)
    graph = reader.graph(model.graph, 0, weights)
    return OnnxFile(
        graph,
        f"{model.producer_name} {model.producer_version}".strip(),
        {each.key: each.value for each in model.metadata_props},
        reader.notes(),
    )


def _parse(path: Path, check: Check) -> tuple[ModelProto, Mapping[int, Span]]:
    """Return a file's message without its large weights, and where these are."""
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        raise InputError(
            path.name,
            f"holds {memory.in_units(size)}; an ONNX file has 2 GB at most",
            "export it with its weights in a file beside it (external data)",
        )
    _require_room(size, path)
    model = ModelProto()
    try:
        with path.open("rb") as file:
            skimmed = skim(file, check)
        message = skimmed.message
        _require_room(size - len(message) + round(_ROOM * len(message)), path)
        model.ParseFromString(message)
    except (SkimmingError, DecodeError, RecursionError):
        raise InputError(
            path.name, "is damaged or not an ONNX file", _DAMAGED
        ) from None
    return _valid(model, path), skimmed.weights


def _require_room(size: int, path: Path) -> None:
    """Refuse a file that needs more memory than there is."""
    if size > memory.free_bytes(torch.device("cpu")):
        raise OutOfMemoryError(
            path.name,
            f"needs {memory.in_units(size)}, too much for the free memory",
            "close other programs or use a smaller network",
        )


def _valid(model: ModelProto, path: Path) -> ModelProto:
    """Return a model with its own functions inlined, once it may be one."""
    if not model.graph.node or not model.opset_import:
        raise InputError(path.name, "holds no ONNX network", _DAMAGED)
    if len(model.graph.node) > _MOST_NODES:
        raise InputError(
            path.name, f"has more than {_MOST_NODES} nodes", "use a smaller network"
        )
    if not all(isinstance(text, str) for text in _texts(model)):
        raise InputError(path.name, "is damaged or not an ONNX file", _DAMAGED)
    model = _inlined(model, path) if model.functions else model
    missing = _missing_outputs(model)
    if missing:
        raise InputError(
            path.name, f"has an output {missing[0]!r} that no node gives", _DAMAGED
        )
    return model


def _missing_outputs(model: ModelProto) -> list[str]:
    """Return the names of graph outputs that no node produces."""
    graph = model.graph
    given = {each.name for each in (*graph.input, *graph.initializer)}
    given |= {each.values.name for each in graph.sparse_initializer}
    given |= {name for node in graph.node for name in node.output}
    return [each.name for each in graph.output if each.name not in given - {""}]


def _texts(model: ModelProto) -> Iterator[object]:
    """Yield the names in a model; protobuf returns bytes for invalid UTF-8."""
    for node in model.graph.node:
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        yield from (each.name for each in node.attribute)
    graph = model.graph
    for named in (graph.initializer, graph.input, graph.output, graph.value_info):
        yield from (each.name for each in named)
    yield from (
        text for each in model.metadata_props for text in (each.key, each.value)
    )
    yield from (each.domain for each in model.opset_import)
    yield from (model.producer_name, model.producer_version)


def _inlined(model: ModelProto, path: Path) -> ModelProto:
    """Inline the functions that a model defines itself."""
    import onnx.inliner  # noqa: PLC0415 -- rarely needed

    inlined, damage = memory.attempt(lambda: onnx.inliner.inline_local_functions(model))
    if inlined is None:
        raise InputError(path.name, f"is not a valid ONNX file ({damage})", _DAMAGED)
    return inlined


def _opset(model: ModelProto, path: Path) -> int:
    versions = [each.version for each in model.opset_import if each.domain in _STANDARD]
    newest = onnx.defs.onnx_opset_version()
    if not versions or not _OLDEST_OPSET <= versions[0] <= newest:
        found = versions[0] if versions else "none"
        raise InputError(
            path.name,
            f"uses version {found} of ONNX's operators",
            f"export it with opset_version={min(newest, 18)}",
        )
    return int(versions[0])


def _takes_enough(node: Node) -> bool:
    """Tell whether a node has as many inputs as ONNX says of its operator."""
    schema = _schema(node.kind, node.opset)
    if schema is None:
        return True
    fewest = int(schema.min_input)
    first = not fewest or (bool(node.inputs) and bool(node.inputs[0]))
    return first and fewest <= len(node.inputs) <= int(schema.max_input)


@cache
def _schema(kind: str, opset: int) -> Any:
    """Return ONNX's description of an operator; None for an unknown one."""
    try:
        return onnx.defs.get_schema(kind, opset, "")
    except onnx.defs.SchemaError:
        return None


class _Reader:
    """Converts parsed protobuf messages into a graph.

    Args:
        path: of the file; its external weights are searched in the same folder.
        opset: version of the operators.
        check: called for each constant.
    """

    def __init__(self, path: Path, opset: int, check: Check) -> None:
        self._path = path
        self._opset = opset
        self._check = check
        self._widened: set[str] = set()

    def notes(self) -> tuple[str, ...]:
        """Return notes on how the weights were converted."""
        if not self._widened:
            return ()
        return (f"{', '.join(sorted(self._widened))} widened to float32",)

    def graph(
        self, source: GraphProto, depth: int, weights: Mapping[int, Span]
    ) -> Graph:
        """Convert a graph message, or a subgraph of a node (depth above 0).

        Args:
            source: parsed.
            depth: 0 for the whole network.
            weights: where those are in the file that were not parsed.
        """
        if depth > _DEEPEST:
            raise self._refusal("graphs are nested too deeply")
        constants = {
            each.name: self._tensor(each, weights.get(index))
            for index, each in enumerate(source.initializer)
        }
        trained = frozenset(
            name for name, value in constants.items() if _is_weight(name, value)
        )
        if source.sparse_initializer:
            raise self._refusal("has sparse weights", "export it with dense ones")
        nodes = _placed(
            [self._node(each, constants, depth) for each in source.node],
            [has_scope(each.key for each in n.metadata_props) for n in source.node],
        )
        inputs = tuple(
            self._input(each) for each in source.input if each.name not in constants
        )
        outputs = tuple(each.name for each in source.output)
        graph = Graph(nodes, constants, inputs, outputs, trained, self._classes(source))
        self._check_order(graph, depth)
        return graph

    @staticmethod
    def _classes(source: GraphProto) -> dict[str, str]:
        """Return the class names of the modules that nodes tell."""
        found: dict[str, str] = {}
        for node in source.node:
            found |= classes_of({each.key: each.value for each in node.metadata_props})
        return found

    def _check_order(self, graph: Graph, depth: int) -> None:
        """Refuse values that are used before they are produced, or produced twice."""
        known = {"", *graph.constants, *(each.name for each in graph.inputs)}
        for node in graph.nodes:
            if not _takes_enough(node):
                raise self._refusal(f"{node.title} has too few inputs or too many")
            missing = [name for name in node.inputs if name not in known]
            if missing and not depth:
                raise self._refusal(f"{node.title} takes {missing[0]!r}, never made")
            if any(name and name in known for name in node.outputs):
                raise self._refusal(f"{node.title} makes a value again")
            known.update(node.outputs)
        if not set(graph.outputs) <= known or not graph.outputs:
            raise self._refusal("an output is never made")

    def _node(
        self, node: NodeProto, constants: Mapping[str, Tensor], depth: int
    ) -> Node:
        self._check()
        weights = [name for name in node.input if name in constants]
        metadata = {each.key: each.value for each in node.metadata_props}
        standard = node.domain in _STANDARD
        return Node(
            node.op_type if standard else f"{node.domain}.{node.op_type}",
            node.name,
            tuple(node.input),
            tuple(node.output),
            {each.name: self._attribute(each, depth) for each in node.attribute},
            self._opset,
            scope_of(node.name, metadata, weights),
        )

    def _attribute(self, attribute: AttributeProto, depth: int) -> Any:
        if attribute.type == AttributeProto.TENSOR:
            return self._tensor(attribute.t)
        if attribute.type == AttributeProto.GRAPH:
            return self.graph(attribute.g, depth + 1, {})
        read = _ATTRIBUTES.get(attribute.type)
        if read is None:
            raise self._refusal(f"attribute {attribute.name!r} is of no known type")
        return read(attribute)

    def _input(self, value: onnx.ValueInfoProto) -> GraphInput:
        tensor = value.type.tensor_type
        shape = None
        if tensor.HasField("shape"):
            shape = tuple(
                int(each.dim_value) if each.dim_value > 0 else None
                for each in tensor.shape.dim
            )
        return GraphInput(value.name, shape, tensor.elem_type)

    def _tensor(self, tensor: TensorProto, span: Span | None = None) -> Tensor:
        """Return a constant as a tensor; reals in at least single precision.

        Args:
            tensor: parsed.
            span: where its numbers are in the file if they were not parsed.
        """
        self._check()
        if tensor.data_type not in _KINDS:
            kind = _name_of_kind(tensor.data_type)
            raise self._refusal(f"{tensor.name!r} holds {kind}", "export it in float32")
        shape = tuple(tensor.dims)
        if len(shape) > _MOST_AXES or min(shape, default=0) < 0:
            raise self._refusal(f"{tensor.name!r} has the shape {shape}")
        values = self._values(tensor, span)
        count = math.prod(shape)  # numpy's whole numbers could overflow
        if values.numel() != count:
            reason = f"{tensor.name!r} holds {values.numel()} numbers, not {count}"
            raise self._refusal(reason)
        values = values.reshape(shape)
        if values.dtype in {torch.float16, torch.bfloat16}:
            self._widened.add(str(values.dtype).removeprefix("torch."))
            return values.float()
        return values

    def _values(self, tensor: TensorProto, span: Span | None) -> Tensor:
        """Return the values of a constant as a flat tensor that owns its memory."""
        kind, of_bytes = _KINDS[tensor.data_type]
        if tensor.data_location == TensorProto.EXTERNAL:
            raw = self._read(*self._beside(tensor))
        elif span is not None:
            raw = self._read(self._path, span)
        elif tensor.HasField("raw_data"):
            raw = torch.from_numpy(np.frombuffer(tensor.raw_data, np.uint8).copy())
        else:
            return torch.from_numpy(_listed(tensor, of_bytes)).view(kind)
        if raw.numel() % kind.itemsize:
            raise self._refusal(f"{tensor.name!r} is truncated")
        # An empty array can have strides that no view allows.
        return raw.view(kind) if raw.numel() else torch.empty(0, dtype=kind)

    def _read(self, path: Path, span: Span) -> Tensor:
        """Return bytes of a file, read to where they stay."""
        raw = torch.empty(span.count, dtype=torch.uint8)
        sink = raw.numpy().data
        with path.open("rb") as file:
            file.seek(span.first)
            if not fill(sink, file.readinto, self._check):
                raise self._refusal(f"{path.name} is truncated")
        return raw

    def _beside(self, tensor: TensorProto) -> tuple[Path, Span]:
        """Return the external file that holds a constant, and its span there.

        Raises:
            InputError: the file is missing, is elsewhere, or too short.
        """
        where = {each.key: each.value for each in tensor.external_data}
        name = where.get("location", "")
        path = self._path.with_name(name) if _is_plain(name) else None
        if path is None or path.is_symlink():
            raise self._refusal(
                f"takes weights from {name!r}, which is not beside it",
                "put both files into one folder and export again",
            )
        if not is_file(path):
            raise InputError(
                self._path.name,
                f"its weights are in {name}, which is not beside it",
                f"put {name} into the same folder",
            )
        offset, length = (_number(where.get(key)) for key in ("offset", "length"))
        size = path.stat().st_size
        length = size - offset if "length" not in where else length
        if not 0 <= offset <= offset + length <= size:
            raise self._refusal(f"{name} is too short for {tensor.name!r}", _DAMAGED)
        return path, Span(offset, length)

    def _refusal(self, reason: str, remedy: str = _DAMAGED) -> InputError:
        return InputError(self._path.name, reason, remedy)


def _placed(nodes: list[Node], known: Sequence[bool]) -> list[Node]:
    """Return nodes with scopes filled in for those that the exporter's optimizer made.

    Such a node gets the scope that its neighbors in the graph share; without one, it
    would split the call of the module around it.

    Args:
        nodes: in computing order.
        known: whether the exporter noted the modules of each.
    """
    if not any(known):
        return nodes
    around: dict[str, list[Scope]] = defaultdict(list)
    made = {name for node in nodes for name in node.outputs}
    for node, noted in zip(nodes, known, strict=True):
        if noted or node.scope:
            for name in made.intersection((*node.inputs, *node.outputs)):
                around[name].append(node.scope)
    return [
        node if noted or node.scope else replace(node, scope=_scope_among(node, around))
        for node, noted in zip(nodes, known, strict=True)
    ]


def _scope_among(node: Node, around: Mapping[str, Sequence[Scope]]) -> Scope:
    names = (*node.inputs, *node.outputs)
    return shared_scope([scope for name in names for scope in around.get(name, ())])


def _text(value: bytes) -> str:
    text: str = value.decode("utf-8", "replace")
    return text


_ATTRIBUTES: dict[int, Callable[[AttributeProto], Any]] = {
    AttributeProto.FLOAT: lambda each: float(each.f),
    AttributeProto.INT: lambda each: int(each.i),
    AttributeProto.STRING: lambda each: _text(each.s),
    AttributeProto.FLOATS: lambda each: list(each.floats),
    AttributeProto.INTS: lambda each: list(each.ints),
    AttributeProto.STRINGS: lambda each: [_text(one) for one in each.strings],
}


def _is_plain(name: str) -> bool:
    """Tell whether a name is a bare file name, not a path."""
    return bool(name) and name == Path(name).name and not set(name) & set("\\:\0")


def _number(text: str | None) -> int:
    """Parse a byte count; -1 if it is invalid."""
    if text is None:
        return 0
    return int(text) if is_whole(text, digits=18) else -1


def _listed(tensor: TensorProto, of_bytes: Any) -> np.ndarray[Any, Any]:
    """Return the values of a constant from the typed data field of its element type."""
    fields: dict[int, Iterable[Any]] = {
        TensorProto.FLOAT: tensor.float_data,
        TensorProto.DOUBLE: tensor.double_data,
        TensorProto.INT64: tensor.int64_data,
    }
    values = fields.get(tensor.data_type)
    if values is not None:
        return np.fromiter(values, of_bytes)
    whole = np.fromiter(tensor.int32_data, np.int32)
    if tensor.data_type in {TensorProto.FLOAT16, TensorProto.BFLOAT16}:
        # The bit pattern of the number, not its value.
        return whole.astype(np.uint16).view(of_bytes)
    return whole.astype(of_bytes)


def _is_weight(name: str, value: Tensor) -> bool:
    """Tell whether a constant is a weight: floating point, with a proper name."""
    return value.is_floating_point() and not name.startswith(_ANONYMOUS)


def _name_of_kind(kind: int) -> str:
    known = dict(
        zip(TensorProto.DataType.values(), TensorProto.DataType.keys(), strict=True)
    )
    name: str = known.get(kind, f"elements of type {kind}")
    return name.lower()
