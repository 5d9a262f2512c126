"""Worker process: runs a program and exports the network it returns to ONNX.

``python -m nnviz.engine.models.programs.convert KIND PATH FACTORY FOLDER SIDE...``
leaves ``network.onnx`` and ``classes.json`` in the folder, or ``error.txt`` with one
line.
"""

import importlib
import json
import logging
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.engine.compute.memory import reason_of
from nnviz.engine.models.adapters.outputs import named_tensors
from nnviz.engine.models.programs.kinds import NO_SIZE
from nnviz.engine.models.programs.symbolics import OPSET, register_symbolics
from nnviz.engine.models.programs.torchscript import InterpretedModule

_COLORS = 3
_SIDES = (224, 256, 299, 384, 512, 640, 128, 96, 64, 32, 28)
"""px: what is tried where nobody said how large the network's input is."""
_FACTORIES = (
    *("model", "net", "network", "factory", "main"),
    *("build", "build_model", "create_model", "get_model", "make_model"),
)
_BY_EXPORT: Mapping[str, Any] = {
    "dynamo": True,
    "optimize": False,
    "external_data": False,
    "verbose": False,
}
_MAP_AXES = 4
_FEW_CHANNELS = 64


def main(words: Sequence[str]) -> None:
    """Run a program; write its network, or the error, to a file."""
    kind, path, factory, folder, *sides = words
    target = Path(folder)
    sys.path.append(str(Path.cwd()))  # behind all else: nothing there hides a library
    warnings.simplefilter("ignore")  # of exporters, about themselves
    logging.disable(logging.WARNING)
    try:
        _write(
            kind, path, factory, target / "network.onnx", [int(each) for each in sides]
        )
    except Exception as error:  # noqa: BLE001 -- a program may raise anything
        line = f"{type(error).__name__}: {reason_of(error)}"
        (target / "error.txt").write_text(line, "utf-8")


def _write(
    kind: str, path: str, factory: str, target: Path, sides: Sequence[int]
) -> None:
    if kind == "exported":
        _write_exported(path, target)
        return
    if kind == "torchscript":
        script = torch.jit.load(path, "cpu")  # type: ignore[no-untyped-call]
        net: Any = InterpretedModule(script.eval().float())
    elif kind == "pickle":
        net = torch.load(path, "cpu", weights_only=False)
        net = net.get("model", net) if isinstance(net, dict) else net
    else:
        net = _made(_module(path), factory)
    if not isinstance(net, nn.Module):
        raise TypeError(f"gives a {type(net).__name__}, not a torch.nn.Module")
    _export(net.eval().float(), target, sides)


def _write_exported(path: str, target: Path) -> None:
    """Export a torch.export program, using the example input that it contains."""
    program = torch.export.load(path)
    if program.example_inputs is None:
        raise ValueError("holds no example of its input: export it again")
    arguments, _ = program.example_inputs
    torch.onnx.export(program, arguments, target, **_BY_EXPORT)


def _export(net: nn.Module, target: Path, sides: Sequence[int]) -> None:
    """Export a module without fusing its batch norms, so that all layers remain.

    By the exporter that traces, which keeps the order and the names of modules best; by
    that of ``torch.export`` where an operation is unknown to it.

    Raises:
        Exception: that of the first one, where both fail.
    """
    x, output = _accepted(net, _channels(net), sides)
    tensors = named_tensors(output)
    if not tensors:
        raise TypeError("returns no tensor for an image")
    if not isinstance(output, Tensor):
        net.register_forward_hook(_plain_output)
    names = list(tensors) if all(each.isidentifier() for each in tensors) else None
    classes = target.with_name("classes.json")
    classes.write_text(json.dumps(_class_names(net)), "utf-8")
    register_symbolics()
    try:
        torch.onnx.export(
            net,
            (x,),
            target,
            dynamo=False,
            opset_version=OPSET,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            output_names=names,
        )
    except Exception:
        target.unlink(missing_ok=True)
        with suppress(Exception):
            torch.onnx.export(net, (x,), target, output_names=names, **_BY_EXPORT)
        if not target.is_file():
            raise


def _plain_output(_module: nn.Module, _inputs: object, output: Any) -> Any:
    """Return the tensors in an output: exporters take no None and no dataclass."""
    tensors = tuple(named_tensors(output).values())
    return tensors if len(tensors) > 1 else tensors[0]


def _class_names(net: nn.Module) -> dict[str, str]:
    """Return the names of the classes of a network's modules, by their paths."""
    return {
        path: str(getattr(module, "original_name", type(module).__name__))
        for path, module in net.named_modules()
        if path
    }


def _channels(net: nn.Module) -> int:
    """Guess the number of input channels from the first convolution."""
    first = next((each for each in net.parameters() if each.ndim == _MAP_AXES), None)
    if first is None or not 1 <= first.shape[1] <= _FEW_CHANNELS:
        return _COLORS
    return first.shape[1]


def _accepted(
    net: nn.Module, channels: int, sides: Sequence[int]
) -> tuple[Tensor, Any]:
    """Return an input of the first size that the network accepts, and its output."""
    shapes: Iterable[Sequence[int]] = [sides] if sides else [(s, s) for s in _SIDES]
    reason = ""
    for shape in shapes:
        x = torch.rand(1, channels, *shape)
        try:
            with torch.no_grad():
                return x, net(x)
        except Exception as error:  # noqa: BLE001 -- any: another size may do
            reason = reason or reason_of(error)
    raise ValueError(f"{NO_SIZE} ({reason})")


def _module(path: str) -> ModuleType:
    """Import a Python file as a module."""
    file = Path(path)
    parts = [file.parent if file.stem == "__init__" else file.with_suffix("")]
    while (parts[-1].parent / "__init__.py").is_file():
        parts.append(parts[-1].parent)
    sys.path.insert(0, str(parts[-1].parent))
    return importlib.import_module(".".join(part.name for part in reversed(parts)))


def _made(module: ModuleType, factory: str) -> Any:
    """Return the network that a module defines or makes.

    By the name that was given, else one of the usual names, else the only class of
    networks that it defines.
    """
    names = (
        [factory] if factory else [each for each in _FACTORIES if hasattr(module, each)]
    )
    if not names:
        names = [
            name
            for name, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, nn.Module)
            and value.__module__ == module.__name__
        ][-1:]
    if not names:
        raise LookupError("defines no function model() that returns the network")
    found = getattr(module, names[0])
    return found if isinstance(found, nn.Module) else found()


if __name__ == "__main__":
    main(sys.argv[1:])
