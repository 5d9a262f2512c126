"""What a method is, what it is given, and how it is found."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from nnviz.base.errors import unknown
from nnviz.base.events import Progress
from nnviz.base.frames import Placement
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo, Reference
from nnviz.base.parameters import Value, parameters_of
from nnviz.base.results import Report
from nnviz.engine.models.model import Model


@dataclass(kw_only=True)
class Context:
    """What a running method works with.

    Attributes:
        model: the network; pristine at every yield.
        image: the photograph, None for a method that needs none.
        params: the method's ``Params``; replaced at a safe point when steered.
        generator: the only source of random numbers, on the CPU.
        check: raises ``CancelledError`` when the job is to stop; cheap.
        activations: ``activations(layer)`` gives the layer's output for the image,
            (1, ...) and detached, from the session's cache or by one forward pass
            that stops at that layer.
        chunks: sizes of chunks that were used; append to it, the recipe keeps it.
    """

    model: Model
    image: Image | None
    params: Any
    generator: torch.Generator
    check: Callable[[], None]
    activations: Callable[[str], Tensor]
    chunks: list[int] = field(default_factory=list)
    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.model.device

    @property
    def photo(self) -> Image:
        """The photograph of a method that needs one."""
        if self.image is None:
            raise TypeError("this method was registered with needs_image=False")
        return self.image

    @property
    def pixels(self) -> Tensor:
        """The network's input in [0, 1], float32 (1, C, H, W), on the device."""
        return self.model.pixel_input(self.photo)

    @property
    def placement(self) -> Placement:
        """Where the input lies on the photograph."""
        return self.model.info.preprocess.placement(self.photo.size)

    def step(self, done: float, total: float, what: str) -> None:
        """Say how far the method is; told with the next yield."""
        self.progress = Progress(done, total, what)


class Method(Protocol):
    """A class with parameters and a ``run``; ``register`` makes it known."""

    Params: ClassVar[type]
    shows: ClassVar[str]
    reading: ClassVar[str]
    misleads: ClassVar[str]
    presets: ClassVar[Mapping[str, Mapping[str, Value]]]

    def run(self, ctx: Context, params: Any) -> Iterator[Report]:
        """Yield reports, each better than the one before; the last is the result."""
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """A method with what the rest of the program knows of it."""

    info: MethodInfo
    method: type[Method]


_REGISTRY: dict[str, Registered] = {}


def register(
    name: str,
    *,
    title: str,
    group: str,
    live: bool,
    reference: Reference | None = None,
    needs_image: bool = True,
) -> Callable[[type[Method]], type[Method]]:
    """Make a method known under a name: the decorator of every method's class.

    Args:
        name: on the command line and in Python.
        title: in the window.
        group: the workspace it belongs to.
        live: whether it can follow a camera.
        reference: the publication that defines it.
        needs_image: whether it looks at a photograph.

    Raises:
        ValueError: the name is taken.
    """

    def add(method: type[Method]) -> type[Method]:
        if name in _REGISTRY:
            raise ValueError(f"two methods are called {name}")
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
            presets=method.presets,
            needs_image=needs_image,
        )
        _REGISTRY[name] = Registered(info, method)
        return method

    return add


def methods() -> Mapping[str, Registered]:
    """Return all methods by name: nnviz's own and those of installed plug-ins."""
    _discover()
    return _REGISTRY


def find(name: str) -> Registered:
    """Return a method by name.

    Raises:
        UsageError: there is none; names the nearest.
    """
    known = methods()
    if name not in known:
        raise unknown("method", name, known)
    return known[name]


def _discover() -> None:
    """Import every file of ``nnviz.engine.methods`` and every plug-in, once each."""
    package = importlib.import_module("nnviz.engine.methods")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
    for entry in entry_points(group="nnviz.methods"):
        entry.load()
