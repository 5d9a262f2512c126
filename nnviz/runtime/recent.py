"""Pictures that were worked on, by hash, so that a recipe finds its picture again.

A recipe never says in which folder its picture lay; this list on the user's own
machine does.
"""

import json
from pathlib import Path

from platformdirs import user_state_path

from nnviz.base.images import Image

_KEPT = 200
_FILE = "recent-pictures.json"


def remember(image: Image, folder: Path | None = None) -> None:
    """Note where a picture lies; a machine that refuses to keep notes is no error.

    Args:
        image: one that came from a file; others are passed over.
        folder: where the list is, for tests.
    """
    if not image.path:
        return
    folder = folder or user_state_path("nnviz")
    known = _read(folder)
    known.pop(image.sha256, None)
    known[image.sha256] = str(Path(image.path).absolute())
    kept = dict(list(known.items())[-_KEPT:])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / (_FILE + ".new")
        fresh.write_text(json.dumps(kept, indent=1), "utf-8")
        fresh.replace(folder / _FILE)
    except OSError:
        return


def find(sha256: str, folder: Path | None = None) -> Path | None:
    """Return where a picture of this hash was seen last, if it is still there."""
    path = _read(folder or user_state_path("nnviz")).get(sha256)
    return Path(path) if path and Path(path).is_file() else None


def _read(folder: Path) -> dict[str, str]:
    try:
        known = json.loads((folder / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
