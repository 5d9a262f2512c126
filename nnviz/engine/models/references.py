"""References to networks, as text: "zoo:resnet18", a path, "python:MODULE"."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.file_formats import NETWORKS, PROGRAMS
from nnviz.base.host.reading import exists, is_file
from nnviz.base.shipped.defaults import DEFAULT_MODEL

_RANDOM = re.compile(r"random(?::(?P<seed>[0-9]+))?")
_LARGEST_SEED = 2**63 - 1
_MOST_DIGITS = 1000
_SUFFIXES = (*NETWORKS, *PROGRAMS)


@dataclass(frozen=True, slots=True)
class BundledReference:
    """A network bundled with the program."""

    name: str

    def __str__(self) -> str:
        """Return "bundled:NAME"."""
        return f"bundled:{self.name}"


@dataclass(frozen=True, slots=True)
class ZooReference:
    """An architecture of torchvision with published or random weights.

    Attributes:
        architecture: torchvision's name, "resnet18".
        weights: "IMAGENET1K_V1"; empty for the default ones.
        seed: of random weights; None for published ones.
    """

    architecture: str
    weights: str = ""
    seed: int | None = None

    def __str__(self) -> str:
        """Return "zoo:NAME", "zoo:NAME@WEIGHTS" or "zoo:NAME@random:SEED"."""
        if self.seed is not None:
            return f"zoo:{self.architecture}@random:{self.seed}"
        suffix = f"@{self.weights}" if self.weights else ""
        return f"zoo:{self.architecture}{suffix}"


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file of weights."""

    path: Path

    def __str__(self) -> str:
        """Return the path."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """A network object passed in from Python; lives as long as the process."""

    name: str

    def __str__(self) -> str:
        """Return "object:NAME"."""
        return f"object:{self.name}"


@dataclass(frozen=True, slots=True)
class PythonReference:
    """Python code that defines a network.

    Attributes:
        module: "package.module", or the path of a file.
        factory: name of what makes the network; "" to find it.
    """

    module: str
    factory: str = ""

    def __str__(self) -> str:
        """Return "python:MODULE:FACTORY"."""
        return ":".join(part for part in ("python", self.module, self.factory) if part)

    @property
    def path(self) -> Path:
        """Path of the module's file, found without importing anything.

        Raises:
            UsageError: there is no such file.
        """
        if self.module.endswith(".py"):
            return Path(self.module).expanduser()
        inside = Path(*self.module.split("."))
        for folder in sys.path:
            for path in (inside.with_suffix(".py"), inside / "__init__.py"):
                if is_file(found := Path(folder or ".") / path):
                    return found
        raise UsageError(
            self.module, "no such module", "write python:package.module:factory"
        )


Reference = (
    BundledReference | ZooReference | FileReference | ObjectReference | PythonReference
)


def parse(text: str) -> Reference:
    """Parse a reference; whether it exists is checked when it is opened.

    Raises:
        UsageError: the text is empty, or in a form that does not exist.
    """
    scheme, colon, rest = text.partition(":")
    if not text.strip():
        raise UsageError("model", "no name given", f"try {DEFAULT_MODEL}")
    # A single letter is a drive, as in C:\weights.pt.
    if not colon or len(scheme) == 1 or exists(text):
        return _file(text)
    if scheme == "bundled":
        return BundledReference(rest)
    if scheme == "object":
        return ObjectReference(rest)
    if scheme == "zoo":
        return _zoo(text, rest)
    if scheme == "python":
        module, _, factory = rest.rpartition(":")
        return PythonReference(module or rest, factory if module else "")
    if "/" in scheme or Path(text).suffix in _SUFFIXES:
        return _file(text)
    raise UsageError(
        text,
        f"models do not start with {scheme}:",
        "write bundled:NAME, zoo:NAME, zoo:NAME@random, python:MODULE:FACTORY or the "
        "path of a file",
    )


def _zoo(text: str, rest: str) -> ZooReference:
    architecture, at, weights = rest.partition("@")
    if not architecture or (at and not weights):
        raise UsageError(text, "no name given", "write zoo:resnet18 or zoo:resnet18@V")
    random = _RANDOM.fullmatch(weights)
    if random:
        digits = random["seed"] or "0"
        # Of thousands of digits Python makes no number.
        seed = int(digits) if len(digits) < _MOST_DIGITS else _LARGEST_SEED + 1
        if seed > _LARGEST_SEED:
            raise UsageError(text, "the seed is too large", f"use 0 to {_LARGEST_SEED}")
        return ZooReference(architecture, seed=seed)
    if weights.startswith("random"):
        raise UsageError(
            text, "the seed is not a whole number", "write @random or @random:7"
        )
    return ZooReference(architecture, weights)


def _file(text: str) -> FileReference:
    return FileReference(Path(text).expanduser())
