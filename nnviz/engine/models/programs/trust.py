"""Programs that the user consented to run, recorded by the hash of their files."""

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from nnviz.engine.models.weights.hashing import file_sha256

_VARIABLE = "NNVIZ_TRUSTED"
"""Names the file where the hashes are kept, in place of the user's."""


def is_trusted(path: Path, check: Callable[[], None]) -> bool:
    """Tell whether the user consented to run a file with its current contents."""
    try:
        known = _list().read_text("utf-8").split()
    except OSError:
        return False
    return bool(known) and file_sha256(path, check) in known


def trust(path: Path, check: Callable[[], None]) -> None:
    """Record the user's consent to run a file with its current contents."""
    digest = file_sha256(path, check)
    if is_trusted(path, check):
        return
    file = _list()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"{digest}\n")


def _list() -> Path:
    named = os.environ.get(_VARIABLE)
    if named:
        return Path(named).expanduser()
    return platformdirs.user_config_path("nnviz", appauthor=False) / "trusted.txt"
