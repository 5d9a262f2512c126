"""Images painted or pasted in the window, kept in the user's cache."""

import hashlib
from pathlib import Path

from platformdirs import user_cache_path

from nnviz.base.images import Colors
from nnviz.media.encode import write_png

_KEPT = 100


def keep_image(pixels: Colors, purpose: str, folder: Path | None = None) -> str:
    """Write an image, named by its hash, and return its path.

    Only a limited number is kept; the oldest are deleted.

    Args:
        pixels: uint8 (H, W, 1 or 3).
        purpose: purpose, with which its name begins.
        folder: in place of the user's cache, for tests.

    Raises:
        InputError: the file cannot be written.
    """
    folder = folder or user_cache_path("nnviz") / "pictures"
    digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes())
    path = folder / f"{purpose}-{digest.hexdigest()[:16]}.png"
    write_png(path, pixels)
    newest = sorted(folder.glob("*.png"), key=lambda each: -each.stat().st_mtime)
    for old in newest[_KEPT:]:
        old.unlink(missing_ok=True)
    return str(path)
