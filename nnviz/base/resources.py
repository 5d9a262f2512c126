"""Where the files that ship with the program are, in a checkout and when installed."""

import sysconfig
from functools import cache
from pathlib import Path


@cache
def resource(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    Raises:
        FileNotFoundError: it does not ship with this version.
    """
    beside = Path(__file__).resolve().parents[2] / "resources"
    installed = Path(sysconfig.get_path("data")) / "share" / "nnviz" / "resources"
    for root in (beside, installed):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError("/".join(parts))
