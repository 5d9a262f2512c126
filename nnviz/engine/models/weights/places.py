"""Places of files of weights; free of torch, for listing what is here."""

import os
from pathlib import Path

import platformdirs

from nnviz.base.host.reading import is_file

_FOLDER_VARIABLE = "NNVIZ_WEIGHTS"


def weights_folder(chosen: Path | None = None) -> Path:
    """Return where downloaded weights are kept.

    The chosen folder, else the one that ``NNVIZ_WEIGHTS`` names, else the user's cache.
    """
    if chosen is not None:
        return chosen
    named = os.environ.get(_FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    return platformdirs.user_cache_path("nnviz", appauthor=False) / "weights"


def hub_folder() -> Path:
    """Return torch.hub's folder of weights, as its documentation gives it."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", f"{cache}/torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def find_weights(name: str, chosen: Path | None = None) -> Path | None:
    """Return a file of weights that is on this machine; torch.hub's count too."""
    paths = [folder / name for folder in (weights_folder(chosen), hub_folder())]
    return next((path for path in paths if is_file(path)), None)
