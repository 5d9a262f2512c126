"""Changes on disk since images were indexed: modified and missing files."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.engine.dataset.sources import ImageSet
from nnviz.media.files import read_bytes
from nnviz.media.index import ImageIndex
from nnviz.media.remote import is_remote


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths of an index's images that were modified or are missing."""

    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def find_changes(index: ImageIndex, images: ImageSet | None = None) -> Changes:
    """Compare an index with the files on disk.

    A file of the same size and time counts as the same; others are compared by hash.

    Args:
        index: the index.
        images: the set; generated images do not change, and images at URLs are not
            checked.
    """
    if (images is not None and images.scenes) or is_remote(index.facts.root):
        return Changes()
    changed, missing = [], []
    root = Path(index.facts.root)
    if not len(index):
        return Changes()
    sizes, times = (index.columns[name][:] for name in ("bytes", "mtime_ns"))
    for record, path in enumerate(index.paths):
        if is_remote(path):
            continue
        try:
            about = (root / path).stat()
        except OSError:
            missing.append(path)
            continue
        if (about.st_size, about.st_mtime_ns) == (sizes[record], times[record]):
            continue
        if _hash(root / path) != bytes(index.sha256[record]):
            changed.append(path)
    return Changes(tuple(changed), tuple(missing))


def _hash(path: Path) -> bytes:
    try:
        return hashlib.sha256(read_bytes(path)).digest()
    except InputError:
        return b""
