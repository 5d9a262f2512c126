"""Paths of the files that ship with the program, in a checkout and installed."""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]


@cache
def resource(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    Resources lie inside the package when it was installed from a wheel, next to it in a
    checkout.

    Raises:
        FileNotFoundError: this version does not ship it.
    """
    for root in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError("/".join(parts))
