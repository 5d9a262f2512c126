"""What sorts of programs hold networks, and telling them by their contents."""

import zipfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nnviz.base.errors import TrustError


class ProgramKind(StrEnum):
    """How a program is run."""

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
_CODE = ".py"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that gives a network.

    Attributes:
        kind: how it is run.
        path: its file.
        factory: name of what makes the network, of Python code; "" to find it.
    """

    kind: ProgramKind
    path: Path
    factory: str = ""

    def refusal(self, reason: str = "") -> TrustError:
        """Return the error for a program that nobody has said yes to.

        Args:
            reason: what would be run, where that is known.
        """
        return TrustError(
            self.path.name,
            reason or f"{WORDS[self.kind]}: opening it runs the code in it",
            "if you trust where it comes from, say --trust",
        )


def program_in(path: Path) -> Program | None:
    """Return the program that a file is for certain, None for all other files.

    A pickle is one only where its weights cannot be read without running it.
    """
    if path.suffix.lower() == _CODE and path.is_file():
        return Program(ProgramKind.PYTHON, path)
    names = _members(path)
    if "constants.pkl" in names:
        return Program(ProgramKind.TORCHSCRIPT, path)
    if "archive_format" in names or any("exported_program" in name for name in names):
        return Program(ProgramKind.EXPORTED, path)
    return None


def _members(path: Path) -> frozenset[str]:
    """Return the names in an archive, without its folder; none where it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return frozenset(name.partition("/")[2] for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return frozenset()
