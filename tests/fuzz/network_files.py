"""Files of networks whose container is right and whose contents are not.

Bytes that are damaged anywhere are mostly refused by the first check.  Here the
archive, the header's length and the message are whole, so that readers meet wrong
opcodes, offsets, operators and shapes further in.  A case is as in ``readers``.
"""

import io
import json
import pickle
import pickletools
import random
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz.mutations import EXTREMES, ODD_VALUES, damaged

_MARKER = "was run"
"""A file that the code in hostile pickles makes."""


def _nothing() -> None:
    """A check that never stops."""


def _open(path: Path) -> None:
    """Open a file as the program does, without the user's yes to run anything."""
    from nnviz.engine.models.files import open_file
    from nnviz.engine.models.references import FileReference

    try:
        for _ in open_file(FileReference(path), _nothing):
            pass
    finally:
        if path.with_name(_MARKER).exists():
            raise SystemError("code in the file was run")


@cache
def _net() -> Any:
    import torch

    from nnviz.engine.models.networks.lenet import LeNet5

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LeNet5(10).eval()


# --- archives of torch.save and TorchScript: opcodes and code ------------------------


@cache
def _archive(kind: str) -> bytes:
    import torch

    file = io.BytesIO()
    x = torch.rand(1, 1, 32, 32)
    if kind == "state":
        torch.save({"state_dict": _net().state_dict(), "epoch": 3}, file)
    elif kind == "module":
        torch.save(_net(), file)
    elif kind == "torchscript":
        torch.jit.save(torch.jit.trace(_net(), x), file)
    else:
        torch.export.save(torch.export.export(_net(), (x,)), file)
    return file.getvalue()


def _read_archive(kind: str, chance: random.Random, folder: Path) -> None:
    suffix = {"exported": ".pt2"}.get(kind, ".pt")
    path = folder / f"w{suffix}"
    path.write_bytes(_changed_archive(_archive(kind), chance, folder))
    _open(path)


def _changed_archive(data: bytes, chance: random.Random, folder: Path) -> bytes:
    """Change one entry, rarely several, and write the archive whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    pickles = [name for name in contents if name.endswith(".pkl")]
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        name = chance.choice(
            pickles if pickles and chance.random() < 0.6 else [*contents]
        )
        contents[name] = _changed_entry(name, contents[name], chance, folder)
    if chance.random() < 0.1:
        contents.pop(chance.choice([*contents]))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as new:
        for name, content in contents.items():
            new.writestr(name, content)
    return written.getvalue()


def _changed_entry(
    name: str, content: bytes, chance: random.Random, folder: Path
) -> bytes:
    if name.endswith(".pkl"):
        return changed_pickle(content, chance, folder)
    if name.endswith(".py"):
        return _changed_code(content, chance)
    return damaged(content, chance)


def _changed_code(content: bytes, chance: random.Random) -> bytes:
    """Swap, repeat and drop lines of TorchScript's code."""
    lines = content.split(b"\n")
    for _ in range(chance.randrange(1, 5)):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
        if chance.random() < 0.3:
            lines.insert(at, lines[other])
    return b"\n".join(lines)


def changed_pickle(content: bytes, chance: random.Random, folder: Path) -> bytes:
    """Return a pickle with opcodes dropped, repeated, moved, changed and added."""
    pieces = list(_opcodes(content))
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        if pieces:
            chance.choice(_ON_PICKLES)(pieces, chance, folder)
    return b"".join(pieces)


def _opcodes(content: bytes) -> Iterator[bytes]:
    """Yield each opcode with its argument."""
    places: list[int] = []
    try:
        places.extend(at for _, _, at in pickletools.genops(content) if at is not None)
    except ValueError:  # one that was changed before
        places = places or [0]
    for first, end in zip(places, [*places[1:], len(content)], strict=True):
        yield content[first:end]


def _drop(pieces: list[bytes], chance: random.Random, _: Path) -> None:
    at = chance.randrange(len(pieces))
    del pieces[at : at + chance.choice((1, 1, 3))]


def _repeat(pieces: list[bytes], chance: random.Random, _: Path) -> None:
    at = chance.randrange(len(pieces))
    pieces[at:at] = [pieces[at]] * chance.choice((1, 2, 500))


def _swap(pieces: list[bytes], chance: random.Random, _: Path) -> None:
    one, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
    pieces[one], pieces[other] = pieces[other], pieces[one]


def _argument(pieces: list[bytes], chance: random.Random, _: Path) -> None:
    """Change a number, a name or a place in the memo."""
    long = [at for at, piece in enumerate(pieces) if len(piece) > 1]
    if not long:
        return
    at = chance.choice(long)
    piece = bytearray(pieces[at])
    if chance.random() < 0.5:
        piece[chance.randrange(1, len(piece))] = chance.randrange(256)
    else:
        size = len(piece) - 1
        value = chance.choice(EXTREMES) & ((1 << 8 * size) - 1)
        piece[1:] = value.to_bytes(size, "little")
    pieces[at] = bytes(piece)


_ADDED = (
    *(b"0", b"1", b"2", b"(", b")", b"]", b"}", b"R", b"b", b"\x81", b"\x92", b"t"),
    *(b"\x85", b"\x86", b"\x87", b"s", b"u", b"a", b"e", b"\x90", b"\x91", b"Q"),
    *(
        b"\x94",
        b"\x93",
        b"N",
        b"\x88",
        b"o",
        b"d",
        b"l",
        b".",
        b"h\x00",
        b"j\xff\xff\xff\x7f",
    ),
    *(b"\x8a\xff" + b"\x7f" * 255, b"\x82\x01", b"X\x00\x00\x00\x00", b"K\xff"),
    *(b"cos\nsystem\n", b"cbuiltins\neval\n", b"ctorch\nload\n", b"cnumpy\nzeros\n"),
    *(b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n"),
)


def _add(pieces: list[bytes], chance: random.Random, _: Path) -> None:
    pieces.insert(chance.randrange(len(pieces)), chance.choice(_ADDED))


class _Hostile:
    """An object whose pickle runs a command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        import os

        return os.system, (f"touch '{self.folder / _MARKER}'",)


def _attack(pieces: list[bytes], chance: random.Random, folder: Path) -> None:
    """Run a command in the midst, its result taken off the stack again."""
    inner = list(_opcodes(pickle.dumps(_Hostile(folder), 2)))[1:-1]
    at = chance.randrange(len(pieces))
    pieces[at:at] = [*inner, b"0"]


_ON_PICKLES = (_drop, _repeat, _swap, _argument, _argument, _add, _add, _attack)


# --- safetensors: offsets, types and shapes ------------------------------------------


@cache
def _safetensors() -> bytes:
    import safetensors.torch

    state = dict(_net().state_dict())
    return safetensors.torch.save(state, {"format": "pt", "title": "a"})


def _read_safetensors(chance: random.Random, folder: Path) -> None:
    data = _safetensors()
    length = int.from_bytes(data[:8], "little")
    header, rest = json.loads(data[8 : 8 + length]), data[8 + length :]
    for _ in range(chance.choice((1, 1, 2, 5))):
        _change_header(header, chance)
    text = json.dumps(header).encode()
    if chance.random() < 0.1:
        rest = rest[: chance.randrange(len(rest))]
    path = folder / "w.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + rest)
    _open(path)


_TYPES = (
    *("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL", "C64"),
    *("F8_E4M3", "F8_E5M2", "F4", "U64", "f32", "", None, 3, "F32 "),
)


def _change_header(header: dict[str, Any], chance: random.Random) -> None:
    name = chance.choice(sorted(header))
    entry = header[name]
    if name == "__metadata__" or not isinstance(entry, dict) or not entry:
        header[name] = chance.choice(ODD_VALUES)
        return
    chance.choice(_ON_ENTRIES)(entry, chance)
    if chance.random() < 0.2:
        other = header[chance.choice(sorted(header))]
        if isinstance(other, dict) and "data_offsets" in other:
            entry["data_offsets"] = other["data_offsets"]
    if chance.random() < 0.2:
        header[chance.choice(("", "a.b", name * 40, "\ud800", f"{name}."))] = entry


def _other_type(entry: dict[str, Any], chance: random.Random) -> None:
    entry["dtype"] = chance.choice(_TYPES)


def _other_shape(entry: dict[str, Any], chance: random.Random) -> None:
    entry["shape"] = _odd_sizes(entry.get("shape"), chance)


def _other_place(entry: dict[str, Any], chance: random.Random) -> None:
    entry["data_offsets"] = _odd_sizes(entry.get("data_offsets"), chance)


def _odd_field(entry: dict[str, Any], chance: random.Random) -> None:
    entry[chance.choice(sorted(entry))] = chance.choice(ODD_VALUES)


def _drop_field(entry: dict[str, Any], chance: random.Random) -> None:
    entry.pop(chance.choice(sorted(entry)))


_ON_ENTRIES = (_other_type, _other_shape, _other_place, _odd_field, _drop_field)


def _odd_sizes(sizes: Any, chance: random.Random) -> Any:
    if not isinstance(sizes, list) or not sizes:
        return chance.choice(ODD_VALUES)
    changed = list(sizes)
    at = chance.randrange(len(changed))
    odd = (*EXTREMES, -1, 2**70, 0, 1.0, "3", None, True)
    changed[at] = chance.choice((*odd, changed[at]))
    if chance.random() < 0.3:
        chance.shuffle(changed)
    if chance.random() < 0.2:
        changed.insert(at, chance.choice((0, 1, 7)))
    return changed


# --- ONNX: nodes, attributes, shapes, weights ----------------------------------------


@cache
def _onnx(kind: str) -> bytes:
    import logging
    import warnings

    import torch

    from tests.fuzz.readers import _onnx as plain

    if kind == "plain":
        return plain()
    from tests.support.onnx_networks import Small

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Small().eval()
    file = io.BytesIO()
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (torch.rand(1, 3, 32, 32),), file, dynamo=False)
    logging.disable(logging.NOTSET)
    return file.getvalue()


def _read_onnx(chance: random.Random, folder: Path) -> None:
    from onnx import ModelProto

    model = ModelProto.FromString(_onnx(chance.choice(("plain", "small", "small"))))
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        chance.choice(_ON_GRAPHS)(model.graph, chance)
    if chance.random() < 0.05:
        model.opset_import[0].version = chance.choice((0, 6, 11, 13, 18, 23, 99))
    path = folder / "w.onnx"
    path.write_bytes(model.SerializeToString())
    _open(path)


def _node(graph: Any, chance: random.Random) -> Any:
    return chance.choice(graph.node)


def _other_operator(graph: Any, chance: random.Random) -> None:
    from nnviz.engine.models.onnx.operators import OPERATORS

    known = [*sorted(OPERATORS), "If", "Loop", "Scan", "Constant", "Nothing", ""]
    _node(graph, chance).op_type = chance.choice(known)


def _other_input(graph: Any, chance: random.Random) -> None:
    """Take another value: a later one (a cycle), a weight, the image, nothing."""
    node = _node(graph, chance)
    names = [name for each in graph.node for name in each.output]
    names += [each.name for each in (*graph.initializer, *graph.input)] + ["", "gone"]
    if node.input and chance.random() < 0.8:
        node.input[chance.randrange(len(node.input))] = chance.choice(names)
    else:
        node.input.append(chance.choice(names))


def _other_output(graph: Any, chance: random.Random) -> None:
    node = _node(graph, chance)
    names = [name for each in graph.node for name in each.output]
    node.output[chance.randrange(len(node.output))] = chance.choice(names)


def _drop_node(graph: Any, chance: random.Random) -> None:
    if len(graph.node) > 1:
        del graph.node[chance.randrange(len(graph.node))]


def _drop_weight(graph: Any, chance: random.Random) -> None:
    if graph.initializer:
        del graph.initializer[chance.randrange(len(graph.initializer))]


def _attribute(graph: Any, chance: random.Random) -> None:
    nodes = [node for node in graph.node if node.attribute]
    if not nodes:
        return
    attribute = chance.choice(chance.choice(nodes).attribute)
    odd = (*(each for each in EXTREMES if each < 2**63), -1, -2, 3)
    match chance.randrange(6):
        case 0:
            attribute.i = chance.choice(odd)
        case 1:
            attribute.ints[:] = [chance.choice(odd) for _ in attribute.ints] or [-1]
        case 2:
            attribute.ints[:] = [*attribute.ints, *attribute.ints, 1]
        case 3:
            attribute.type = chance.randrange(1, 12)
        case 4:
            attribute.f = chance.choice((0.0, -1.0, 1e38, float("nan"), float("inf")))
        case _:
            attribute.name = chance.choice(("axis", "perm", "pads", "to", "axes", ""))


def _drop_attribute(graph: Any, chance: random.Random) -> None:
    node = _node(graph, chance)
    if node.attribute:
        del node.attribute[chance.randrange(len(node.attribute))]


def _weight(graph: Any, chance: random.Random) -> None:
    """Change the shape, the type or the bytes of a weight or a constant."""
    tensors = [*graph.initializer]
    tensors += [
        each.t for node in graph.node for each in node.attribute if each.HasField("t")
    ]
    if not tensors:
        return
    tensor = chance.choice(tensors)
    odd = (*(each for each in EXTREMES if each < 2**63), -1, 2, 3)
    match chance.randrange(6):
        case 0:
            tensor.dims[:] = [
                chance.choice((size, chance.choice(odd))) for size in tensor.dims
            ]
        case 1:
            tensor.dims[:] = [*tensor.dims][::-1]
        case 2:
            tensor.dims.append(1)
        case 3:
            tensor.data_type = chance.randrange(24)
        case 4:
            tensor.raw_data = damaged(tensor.raw_data or b"\0\0", chance)
        case _:
            tensor.data_location = 1
            entry = tensor.external_data.add()
            entry.key = chance.choice(("location", "offset", "length"))
            entry.value = chance.choice(("../x", "/dev/zero", "w.onnx", "-1", "9" * 40))


def _sizes(graph: Any, chance: random.Random) -> None:
    """Change the sizes of an input or an output of the graph."""
    value = chance.choice((*graph.input, *graph.output))
    dims = value.type.tensor_type.shape.dim
    if dims and chance.random() < 0.7:
        dims[chance.randrange(len(dims))].dim_value = chance.choice(
            (0, 1, 3, 7, 8193, 10**9)
        )
    elif dims:
        del dims[chance.randrange(len(dims))]
    value.type.tensor_type.elem_type = chance.choice((1, 1, 1, 2, 7, 10, 11, 16, 0, 99))


def _nested(graph: Any, chance: random.Random) -> None:
    """Put the graph into a branch of one of its nodes."""
    node = _node(graph, chance)
    node.op_type = chance.choice(("If", "Loop"))
    for name in ("then_branch", "else_branch"):
        branch = node.attribute.add()
        branch.name, branch.type = name, 5
        branch.g.node.extend(graph.node[:3])
        branch.g.output.extend(graph.output)


_ON_GRAPHS = (
    *(_other_operator, _other_input, _other_input, _other_output, _drop_node),
    *(_drop_weight, _attribute, _attribute, _drop_attribute, _weight, _weight),
    *(_sizes, _nested),
)


def _of_archive(kind: str) -> Callable[[random.Random, Path], None]:
    return lambda chance, folder: _read_archive(kind, chance, folder)


CASES: dict[str, Callable[[random.Random, Path], None]] = {
    **{
        f"opcodes of {kind}": _of_archive(kind)
        for kind in ("state", "module", "torchscript", "exported")
    },
    "safetensors header": _read_safetensors,
    "onnx graph": _read_onnx,
}
