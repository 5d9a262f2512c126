"""Methods: their protocol, and the registry."""

import importlib
import inspect
import io
import logging
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar, Protocol

from nnviz.base.errors import unknown
from nnviz.base.info import WORKSPACES, Capabilities, MethodInfo, Need, Reference, Task
from nnviz.base.notation.targets import CONTRAST
from nnviz.base.parameters import Value, parameters_of
from nnviz.base.results import Report
from nnviz.engine.context import Context, make_context
from nnviz.engine.journal import Kept, State

__all__ = [
    "Context",
    "Kept",
    "Method",
    "Presets",
    "Registered",
    "State",
    "find",
    "make_context",
    "methods",
    "register",
]

_log = logging.getLogger(__name__)

Presets = Mapping[str, Mapping[str, Value]]
"""Values by parameter, by the preset's name."""


class Method(Protocol):
    """Protocol of a method: parameters and a ``run``; ``register`` adds it."""

    Params: ClassVar[type]
    shows: ClassVar[str]
    reading: ClassVar[str]
    misleads: ClassVar[str]
    presets: ClassVar[Presets]

    def run(self, ctx: Context, params: Any) -> Iterator[Report]:
        """Yield reports, each better than the one before; the last is the result."""
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered method with its description."""

    info: MethodInfo
    method: type[Method]


_REGISTRY: dict[str, Registered] = {}
_LONGEST_REASON = 200
_CONTRAST: Presets = {"rather than the runner-up": {"target": CONTRAST}}
"""For all methods that can explain one class against another."""


def register(
    name: str,
    *,
    title: str,
    group: str,
    live: bool,
    reference: Reference | None = None,
    needs_image: bool = True,
    needs_model: bool = True,
    tasks: tuple[Task, ...] = (),
    needs: tuple[Need, ...] = (),
    recorded: bool = False,
    capabilities: Capabilities | None = None,
) -> Callable[[type[Method]], type[Method]]:
    """Register a method under a name: the decorator of every method's class.

    Args:
        name: on the command line and in Python.
        title: in the window.
        group: heading in lists of methods.
        live: whether it can follow a camera.
        reference: the publication that defines it.
        needs_image: whether it takes an image.
        needs_model: whether it takes a network; without one ``ctx.model`` is empty.
        tasks: of the networks that it supports; empty for any.
        needs: further requirements on a network besides its task.
        recorded: whether its reports are the steps of an optimization.
        capabilities: what the program may do with it; where no workspace is given, it
            is offered in the one named as its group, else in Inspect.

    Raises:
        ValueError: the name is taken.
    """

    def add(method: type[Method]) -> type[Method]:
        if name in _REGISTRY:
            raise ValueError(f"two methods are called {name}")
        offered = _offered(capabilities or Capabilities(), group)
        info = MethodInfo(
            name=name,
            title=title,
            group=group,
            live=live,
            reference=reference,
            shows=inspect.cleandoc(method.shows),
            reading=inspect.cleandoc(method.reading),
            misleads=inspect.cleandoc(method.misleads),
            parameters=parameters_of(method.Params),
            presets={**method.presets, **(_CONTRAST if offered.contrastive else {})},
            needs_image=needs_image,
            needs_model=needs_model,
            tasks=tasks,
            needs=needs,
            recorded=recorded,
            capabilities=offered,
        )
        _REGISTRY[name] = Registered(info, method)
        return method

    return add


def _offered(capabilities: Capabilities, group: str) -> Capabilities:
    """Fill in the workspace of a method that names none."""
    if capabilities.workspace:
        return capabilities
    return replace(capabilities, workspace=group if group in WORKSPACES else "Inspect")


def methods() -> Mapping[str, Registered]:
    """Return all methods by name: nnviz's own and those of installed plug-ins."""
    _discover()
    return _REGISTRY


def find(name: str) -> Registered:
    """Return a method by name.

    Raises:
        UsageError: there is none; names the nearest.
    """
    if name in _REGISTRY:
        return _REGISTRY[name]
    known = methods()
    if name not in known:
        raise unknown("method", name, known)
    return known[name]


def _discover() -> None:
    """Import all modules of methods and lessons, and all plug-ins, once."""
    for name in ("nnviz.engine.methods", "nnviz.engine.lessons"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    _load_plug_ins()


@cache
def _load_plug_ins() -> None:
    """Import the plug-ins' entry points; a broken one is left out with a warning."""
    for entry in entry_points(group="nnviz.methods"):
        before = dict(_REGISTRY)
        said = io.StringIO()
        try:
            with redirect_stdout(said), redirect_stderr(said):
                entry.load()
        except BaseException as error:  # noqa: BLE001  another's code: SystemExit too
            _leave_out(entry.value, f"{type(error).__name__}: {error}", before)
        lost = [name for name, known in before.items() if _REGISTRY.get(name) != known]
        if lost:
            _leave_out(entry.value, f"it replaces {', '.join(lost[:3])}", before)


def _leave_out(plug_in: str, reason: str, before: Mapping[str, Registered]) -> None:
    """Roll back a plug-in's registrations, and log the reason in one line."""
    _REGISTRY.clear()
    _REGISTRY.update(before)
    line = " ".join(reason.split())[:_LONGEST_REASON]
    _log.warning("plug-in %s is left out: %s", plug_in, line)
