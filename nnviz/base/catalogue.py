"""The list of methods and models as JSON, so that a window needs no torch to start."""

import dataclasses
import json
from dataclasses import dataclass
from functools import cache
from pathlib import PureWindowsPath
from typing import Any, Self

from nnviz.base.info import (
    Capabilities,
    MethodInfo,
    ModelEntry,
    ModelSource,
    Need,
    Reference,
    Task,
)
from nnviz.base.parameters import Kind, Parameter
from nnviz.base.shipped.resources import resource


@cache
def _shipped_titles() -> dict[str, str]:
    values = json.loads(resource("catalogue.json").read_text("utf-8"))
    methods = {entry["name"]: entry["title"] for entry in values["methods"]}
    return methods | {each["reference"]: each["title"] for each in values["models"]}


_SPOKEN = {"picture": "image"}
"""Names of results in files and programs that have another name for people."""


def method_title(name: str) -> str:
    """Return a method's declared title ("Grad-CAM"), or its name spelled as words."""
    words = _SPOKEN.get(name, name).replace("_", " ")
    return _shipped_titles().get(name) or words[:1].upper() + words[1:]


def network_title(reference: str) -> str:
    """Return a network's title; the name of its file for one that has none."""
    return _shipped_titles().get(reference) or PureWindowsPath(reference).name


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All methods and all models that can be opened by name.

    Attributes:
        methods: methods that can be run.
        models: networks that can be opened.
        devices: of this machine, fastest first; empty in the shipped list.
        present: references that open without a download; empty in the shipped list.
    """

    methods: tuple[MethodInfo, ...]
    models: tuple[ModelEntry, ...]
    devices: tuple[str, ...] = ()
    present: frozenset[str] = frozenset()

    def to_json(self) -> str:
        """Return methods and models as JSON text, one stable order."""
        shipped = {
            "methods": [dataclasses.asdict(each) for each in self.methods],
            "models": [dataclasses.asdict(each) for each in self.models],
        }
        return json.dumps(shipped, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the JSON text that ``to_json`` wrote."""
        values = json.loads(text)
        return cls(
            tuple(_method(entry) for entry in values["methods"]),
            tuple(_model(entry) for entry in values["models"]),
        )


def _model(values: dict[str, Any]) -> ModelEntry:
    return ModelEntry(
        **{
            **values,
            "source": ModelSource(values["source"]),
            "task": Task(values["task"]),
        }
    )


def _method(values: dict[str, Any]) -> MethodInfo:
    reference = values["reference"]
    return MethodInfo(
        **{
            **values,
            "reference": Reference(**reference) if reference else None,
            "parameters": tuple(_parameter(each) for each in values["parameters"]),
            "tasks": tuple(Task(each) for each in values["tasks"]),
            "needs": tuple(Need(each) for each in values["needs"]),
            "capabilities": Capabilities(**values["capabilities"]),
        }
    )


def _parameter(values: dict[str, Any]) -> Parameter:
    when = values["when"]
    return Parameter(
        **{
            **values,
            "kind": Kind(values["kind"]),
            "choices": tuple(values["choices"]),
            "aliases": tuple(values["aliases"]),
            "former_choices": tuple(
                (old, new) for old, new in values["former_choices"]
            ),
            "when": (when[0], tuple(when[1])) if when else None,
        }
    )
