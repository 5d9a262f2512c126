"""Export of a backbone with a new head: weights, sidecar, plain torch program."""

import ast
import copy
import inspect
import pprint
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from nnviz.base.errors import InputError, ModelError
from nnviz.base.info import ModelInfo, Task
from nnviz.engine.models.bundled import bundled_declaration
from nnviz.engine.models.files import read_side_car
from nnviz.engine.models.match.declared import (
    Declared,
    declared_in,
    side_car_within,
    write_weights,
)
from nnviz.engine.models.model import Model
from nnviz.engine.models.networks import ARCHITECTURES
from nnviz.engine.models.references import (
    BundledReference,
    FileReference,
    ZooReference,
    parse,
)
from nnviz.engine.models.weights.checkpoints import read_state
from nnviz.engine.training.heads.linear import LinearHead
from nnviz.engine.training.heads.program import program_text

_CANNOT = "pick a bundled network, one of torchvision, or a file of weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A network to export.

    Attributes:
        net: with its new head.
        backbone: the network that it was derived from.
        classes: names of the outputs.
        task: classification or regression.
        unit: of a regression.
        title: name for people.
    """

    net: nn.Module
    backbone: ModelInfo
    classes: tuple[str, ...]
    task: Task
    unit: str
    title: str


def with_head(model: Model, layer: str, head: LinearHead) -> nn.Module:
    """Return a copy of a network with a layer replaced by a linear head."""
    net = copy.deepcopy(model.net).cpu()
    outputs, inputs = head.weight.shape
    linear = nn.Linear(inputs, outputs)
    linear.weight.data.copy_(head.weight)
    linear.bias.data.copy_(head.bias)
    net.set_submodule(layer, linear)
    return net.eval().requires_grad_(False)


def export(taught: Taught, stem: Path) -> tuple[Path, Path | None]:
    """Write ``stem.safetensors``, ``stem.json`` and ``stem.py``.

    The weights' metadata hold the sidecar too, so that the one file suffices.

    Returns:
        The weights, and the program that uses them with torch alone, None where the
        architecture cannot be expressed in code.

    Raises:
        ModelError: the backbone's architecture is known to its owner only.
        InputError: the folder cannot be written to.
    """
    declared = declaration_of(taught.backbone, len(taught.classes))
    side_car: dict[str, Any] = {
        "title": taught.title,
        "labels": taught.classes,
        "preprocess": taught.backbone.preprocess.to_json(),
        "task": taught.task.value,
        "backbone": taught.backbone.reference,
        **({"unit": taught.unit} if taught.unit else {}),
        **(declared.to_json() if declared else {}),
    }
    try:
        weights = write_weights(taught.net.state_dict(), side_car, stem)
        program = _write_program(taught, declared, stem.with_suffix(".py"))
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(str(stem.parent), reason, "name another folder") from None
    return weights, program


def declaration_of(info: ModelInfo, classes: int) -> Declared | None:
    """Return a backbone's architecture for another number of classes.

    None where its weights alone determine it, as for those of torchvision.

    Raises:
        ModelError: it is a program, or a Python object of the caller's.
    """
    reference = parse(info.reference)
    if isinstance(reference, BundledReference):
        found = bundled_declaration(reference.name)
        return Declared(found[0], {**found[1], "classes": classes})
    if isinstance(reference, ZooReference):
        return None
    if isinstance(reference, FileReference):
        declared = _declared_in_file(reference.path)
        if declared is None:
            return None
        return Declared(declared.name, {**declared.arguments, "classes": classes})
    raise ModelError(info.title, "cannot be written with another head", _CANNOT)


def _declared_in_file(path: Path) -> Declared | None:
    side_car = read_side_car(path)
    if side_car.declared is not None:
        return side_car.declared
    values = read_state(path, lambda: None).values
    return declared_in(side_car_within(values), path.name)


def _write_program(
    taught: Taught, declared: Declared | None, path: Path
) -> Path | None:
    building = _building(taught, declared)
    if building is None:
        path.unlink(missing_ok=True)
        return None
    source, call = building
    text = program_text(
        title=taught.title,
        weights=path.with_suffix(".safetensors").name,
        preprocess=taught.backbone.preprocess,
        labels=taught.classes,
        unit=taught.unit if taught.task is Task.REGRESS else None,
        architecture=source,
        call=call,
    )
    path.write_text(text, encoding="utf-8")
    return path


def _building(taught: Taught, declared: Declared | None) -> tuple[str, str] | None:
    """Return the source of an architecture, and the expression that builds it."""
    if declared is not None:
        kind = ARCHITECTURES[declared.name]
        source = inspect.getsource(sys.modules[kind.__module__])
        if not _stands_alone(source):
            return None
        arguments = ", ".join(
            f"{name}={pprint.pformat(value)}"
            for name, value in declared.arguments.items()
        )
        return source, f"{declared.name}({arguments})"
    reference = parse(taught.backbone.reference)
    if not isinstance(reference, ZooReference):
        return None
    name = reference.architecture
    call = f"torchvision.models.get_model({name!r}, num_classes={len(taught.classes)})"
    return "import torchvision\n", call


def _stands_alone(source: str) -> bool:
    """Tell whether a module imports nothing from nnviz."""
    imported = [
        node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
    ]
    return not any(name.startswith("nnviz") for name in imported)
