"""Module scopes of nodes, from the names and metadata that exporters write."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence

Scope = tuple[str, ...]
"""Dotted paths of the modules that were called around a node, the outermost first."""

_NAME_SCOPES = "pkg.torch.onnx.name_scopes"
_CLASSES = "pkg.torch.onnx.class_hierarchy"
"""Written by ``torch.onnx.export(dynamo=True)``, one class for each scope."""
_DEEPEST = 40
_LONGEST = 1 << 16
_UNFIT = re.compile(r"[^\w\-+ ]")
_NUMBERED = re.compile(r"(.+)_\d+")


def scope_of(name: str, metadata: Mapping[str, str], weights: Sequence[str]) -> Scope:
    """Return the enclosing modules of a node.

    Args:
        name: of the node; the path "/layer1/layer1.0/conv1/Conv" of torch's exporter
            by TorchScript, or of TensorFlow's.
        metadata: of the node, by torch's exporter by ``torch.export``.
        weights: names of the constants that the node takes, which older exporters
            name by their path.
    """
    listed = metadata.get(_NAME_SCOPES, "")
    if listed:
        return _from_list(listed)
    if "/" in name:
        return _from_path(name)
    owners = [each.rpartition(".")[0] for each in weights if "." in each]
    return _chain(owners[0]) if owners and owners[0] else ()


def has_scope(keys: Iterable[str]) -> bool:
    """Tell from a node's metadata whether torch's exporter recorded its modules."""
    return _NAME_SCOPES in keys


def classes_of(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the class names of a node's modules by their paths, if it tells them."""
    paths = _listed(metadata.get(_NAME_SCOPES, ""))
    classes = _listed(metadata.get(_CLASSES, ""))
    if len(paths) != len(classes):
        return {}
    names = (each.rpartition(".")[2] for each in classes)
    found = dict(zip(paths, names, strict=True))
    return {_cleaned(path): name for path, name in found.items() if path}


def shared_scope(scopes: Sequence[Scope]) -> Scope:
    """Return the modules that enclose all of several nodes."""
    found = []
    for paths in zip(*scopes, strict=False):
        if len(set(paths)) > 1:
            break
        found.append(paths[0])
    return tuple(found)


def _from_list(text: str) -> Scope:
    """Parse "['', 'layer1', 'layer1.0', 'add_3']"; the last entry is the node."""
    return _nested([path for path in _listed(text)[:-1] if path])


def _listed(text: str) -> list[str]:
    """Parse a list of texts; empty if it is none."""
    if len(text) > _LONGEST:
        return []
    try:
        listed = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    # A repeated call of a module is written with its call number.
    plain = isinstance(listed, list)
    return [str(each).partition("@")[0] for each in listed] if plain else []


def _from_path(name: str) -> Scope:
    """Parse "/layer1/layer1.0/conv1/Conv", where "layer1.0" is child 0 of layer1."""
    paths: list[str] = []
    before = ""
    for part in name.strip("/").split("/")[:-1]:
        own = part.removeprefix(f"{before}.")
        paths.append(f"{paths[-1]}.{own}" if paths else own)
        before = part
    return _nested(paths)


def _nested(paths: Sequence[str]) -> Scope:
    """Return a chain of paths, dropping those not inside the one before."""
    scope: list[str] = []
    for path in paths[:_DEEPEST]:
        clean = _cleaned(path)
        if scope and clean == scope[-1]:
            continue
        if scope and not clean.startswith(f"{scope[-1]}."):
            clean = f"{scope[-1]}.{clean.rpartition('.')[2]}"
        scope.append(clean)
    return tuple(scope)


def _chain(path: str) -> Scope:
    """Return a scope of one path: which enclosing modules are called is unknown."""
    return (_cleaned(path),)


def _cleaned(path: str) -> str:
    """Return a path with each part made a valid module name."""
    parts = [_UNFIT.sub("_", part) or "_" for part in path.split(".")[:_DEEPEST]]
    return ".".join(parts)


def without_number(name: str) -> str:
    """Return "relu" for "relu_1", the name of a repeated call; "" for other names."""
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else ""
