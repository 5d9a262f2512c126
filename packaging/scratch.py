"""Folders of their own for scripts that drive the window: the user's stay untouched."""

import os
from pathlib import Path


def use_scratch_folders(folder: Path) -> None:
    """Let recordings, sessions, stickers, networks and settings go below a folder.

    To be called before a window is made.  Weights that were downloaded are still found
    where they are.
    """
    for kind in ("DATA", "STATE", "CONFIG"):
        os.environ[f"XDG_{kind}_HOME"] = str(folder / kind.lower())
