"""Kinds of programs that hold networks, recognized by their contents."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nnviz.base.errors import TrustError
from nnviz.base.host.reading import ARCHIVE_ERRORS, is_file
from nnviz.engine.models.pickles.archives import open_contents
from nnviz.engine.models.pickles.modules import attributes_of
from nnviz.engine.models.pickles.values import PickleError, Stub


class ProgramKind(StrEnum):
    """Kind of program."""

    TORCHSCRIPT = "torchscript"
    EXPORTED = "exported"
    PICKLE = "pickle"
    PYTHON = "python"


WORDS = {
    ProgramKind.TORCHSCRIPT: "is a TorchScript program",
    ProgramKind.EXPORTED: "is a torch.export program",
    ProgramKind.PICKLE: "is a pickled module",
    ProgramKind.PYTHON: "is Python code",
}
NO_SIZE = "takes no image"
"""What is said of a network that refused all sizes that were tried."""
_DOTTED = re.compile(r"\w+(\.\w+)+")
_LONGEST = 120
_CODE = ".py"
_MODULES = "_modules"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that returns a network.

    Attributes:
        kind: how it is run.
        path: its file.
        factory: name of what makes the network, of Python code; "" to find it.
        module: dotted name of a pickled module's class; "" where it is none.
    """

    kind: ProgramKind
    path: Path
    factory: str = ""
    module: str = ""

    @property
    def words(self) -> str:
        """Description of the program: "is a pickled ultralytics...DetectionModel"."""
        return f"is a pickled {self.module}" if self.module else WORDS[self.kind]

    def refusal(self) -> TrustError:
        """Return the error for a program without the user's consent."""
        return TrustError(
            self.path.name,
            f"{self.words}: opening it runs {self._code}",
            f"{self._else}run it only if you trust where it comes from",
        )

    @property
    def _code(self) -> str:
        package = self.module.partition(".")[0]
        return f"code of the package {package}" if package else "the code in it"

    @property
    def _else(self) -> str:
        return "export it to ONNX where it was made, or " if self.module else ""


def program_in(path: Path) -> Program | None:
    """Return the program in a file, recognized by its format; None if it has none.

    A pickled module is one only where its weights alone do not do.
    """
    if path.suffix.lower() == _CODE and is_file(path):
        return Program(ProgramKind.PYTHON, path)
    names = _members(path)
    if "constants.pkl" in names:
        return Program(ProgramKind.TORCHSCRIPT, path)
    if "archive_format" in names or any("exported_program" in name for name in names):
        return Program(ProgramKind.EXPORTED, path)
    return None


def pickled_module(path: Path, check: Callable[[], None]) -> Program | None:
    """Return the program of a pickled module; None if the pickle holds no module.

    Looking into it runs nothing.
    """
    if not is_file(path):
        return None
    try:
        with open_contents(path, check) as contents:
            whole = attributes_of(contents.value)
    except (PickleError, *ARCHIVE_ERRORS):
        return None
    # Training programs keep the module beside other things.
    inner = attributes_of(whole.get("model"))
    for value, held in ((contents.value, whole), (whole.get("model"), inner)):
        if _MODULES in held:
            name = value.made_by if isinstance(value, Stub) else ""
            module = name[:_LONGEST] if _DOTTED.fullmatch(name) else ""
            return Program(ProgramKind.PICKLE, path, module=module)
    return None


def _members(path: Path) -> frozenset[str]:
    """Return the entry names of an archive, without its top folder; else none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return frozenset(name.partition("/")[2] for name in archive.namelist())
    except ARCHIVE_ERRORS:
        return frozenset()
