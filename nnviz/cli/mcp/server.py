"""Tools of ``nnviz mcp``: list, inspect and run; save where allowed.

Protocol: https://modelcontextprotocol.io; a tool that fails answers with the line that
the command line would have written.
"""

import dataclasses
import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from nnviz import api
from nnviz.base.errors import NnvizError
from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Parameter
from nnviz.base.shipped.distribution import VERSION
from nnviz.cli import known
from nnviz.media.encode import encode_png

P = ParamSpec("P")
T = TypeVar("T")

_GUIDE = """\
See what an image network sees, and why. Begin with list_methods and list_models;
describe_method names a method's parameters and says how to read its result and where
it misleads. run_method gives the image and the numbers. Models are references such
as bundled:imagenet or zoo:resnet18, or paths of weights and ONNX files; images are
paths. Targets are class names, "cat - dog", or layer:channel.
"""
_WIDTH = 1000
"""Width of an image for an agent, px."""
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False)
_one_at_a_time = Lock()


def make_server(folder: Path | None = None) -> MCPServer[Any]:
    """Build the server with its tools.

    Args:
        folder: where results may be saved; None to write nothing.
    """
    server: MCPServer[Any] = MCPServer("nnviz", version=VERSION, instructions=_GUIDE)
    for tool in (list_models, inspect_model, list_methods, describe_method, run_method):
        server.add_tool(tool, annotations=_READS, structured_output=False)
    if folder is not None:
        server.add_tool(
            _saving(folder),
            name="save_result",
            description="Run a method and save image, numbers and recipe; return the "
            "paths. Takes what run_method takes.",
            annotations=_WRITES,
            structured_output=False,
        )
    return server


def _told(tool: Callable[P, T]) -> Callable[P, T]:
    """Wrap a tool: one call at a time, errors as ``ToolError``."""

    @wraps(tool)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        with _one_at_a_time:
            try:
                return tool(*args, **kwargs)
            except NnvizError as error:
                raise ToolError(str(error)) from None

    return answer


@_told
def list_models(search: str = "") -> str:
    """List the networks that can be opened by name and match the search text."""
    found = [
        {"reference": each.reference, "family": each.family, "task": each.task}
        for each in known.catalogue().models
        if search.lower() in f"{each.reference} {each.family} {each.task}".lower()
    ]
    return json.dumps(found)


@_told
def inspect_model(model: str) -> str:
    """Open a network; return its task, classes, preprocessing, layers and findings."""
    info = api.load(model).info
    layers = [
        {"name": layer.name, "kind": layer.kind, "shape": layer.shape}
        for layer in info.layers
    ]
    told = {
        "reference": info.reference,
        "title": info.title,
        "task": info.task,
        "classes": list(info.labels),
        "preprocess": dataclasses.asdict(info.preprocess),
        "layers": layers,
        "findings": [dataclasses.asdict(each) for each in info.findings],
    }
    return json.dumps(told, default=str)


@_told
def list_methods(group: str = "") -> str:
    """List the methods, all or of one group: Inspect, Explain, Imagine, Attack ..."""
    found = {
        each.name: each.shows
        for each in known.catalogue().methods
        if group.lower() in ("", each.group.lower())
    }
    return json.dumps(found)


@_told
def describe_method(method: str) -> str:
    """Say what a method shows, how to read it, where it misleads, its parameters."""
    return json.dumps(_described(known.method(method)), default=str)


@_told
def run_method(
    method: str,
    model: str,
    image: str = "",
    parameters: dict[str, Any] | None = None,
    seed: int = 0,
) -> list[Any]:
    """Run a method on a network and an image; return the image and the numbers.

    Args:
        method: a name of list_methods.
        model: a reference of list_models, or the path of a file.
        image: the path of an image; empty for a method that needs none.
        parameters: values by the names of describe_method; the rest has defaults.
        seed: of the random numbers.
    """
    result = _run(method, model, image, parameters, seed)
    picture = Image(data=encode_png(result.painted(_WIDTH)), format="png")
    return [picture, json.dumps(result.summary())]


def _saving(folder: Path) -> Callable[..., str]:
    """Build the tool that saves results into a folder."""

    @_told
    def save_result(
        method: str,
        model: str,
        image: str = "",
        parameters: dict[str, Any] | None = None,
        seed: int = 0,
    ) -> str:
        files = _run(method, model, image, parameters, seed).save(folder)
        return json.dumps([str(file) for file in files])

    return save_result


def _run(
    method: str,
    model: str,
    image: str,
    parameters: dict[str, Any] | None,
    seed: int,
) -> api.Result:
    return api.run(method, model, image or None, seed=seed, **(parameters or {}))


def _described(method: MethodInfo) -> dict[str, Any]:
    return {
        "name": method.name,
        "title": method.title,
        "shows": method.shows,
        "reading": method.reading,
        "misleads": method.misleads,
        "reference": method.reference,
        "needs_image": method.needs_image,
        "tasks": method.tasks,
        "presets": dict(method.presets),
        "parameters": [_described_parameter(each) for each in method.parameters],
    }


def _described_parameter(each: Parameter) -> dict[str, Any]:
    return {
        "name": each.name,
        "help": each.help,
        "allowed": each.expected(),
        "default": each.default,
    }
