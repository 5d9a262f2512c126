"""Folders of weight files; free of torch, for listing local files."""

import os
from pathlib import Path

import platformdirs

from nnviz.base.host.reading import is_file

_FOLDER_VARIABLE = "NNVIZ_WEIGHTS"


def weights_folder(chosen: Path | None = None) -> Path:
    """Return the folder of downloaded weights.

    The chosen folder, else the one that ``NNVIZ_WEIGHTS`` names, else the user's cache.
    """
    if chosen is not None:
        return chosen
    named = os.environ.get(_FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    return platformdirs.user_cache_path("nnviz", appauthor=False) / "weights"


def hub_folder() -> Path:
    """Return torch.hub's folder of weights, as documented by torch."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", f"{cache}/torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def find_weights(name: str, chosen: Path | None = None) -> Path | None:
    """Find a weight file on this machine, including in torch.hub's folder."""
    paths = [folder / name for folder in (weights_folder(chosen), hub_folder())]
    return next((path for path in paths if is_file(path)), None)
