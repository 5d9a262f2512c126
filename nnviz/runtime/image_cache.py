"""Cache of decoded images."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from nnviz.base.images import Image

_Key = tuple[str, int, int]
"""Path, modification time in ns, size in bytes: a changed file has another key."""


class ImageCache:
    """Opens images, and caches the most recently used ones up to a number of bytes.

    Safe to use from several threads.

    Args:
        limit: bytes of pixels; a larger image is not cached.
        decode: opens a file.
    """

    def __init__(self, limit: int, decode: Callable[[Path], Image]) -> None:
        self._limit = limit
        self._decode = decode
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, Image] = OrderedDict()
        self._bytes = 0

    def open(self, path: Path) -> Image:
        """Return an image, decoded again only if its file has changed.

        Raises:
            InputError: as the decoder.
        """
        key = _key(path)
        with self._lock:
            if key is not None and key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        image = self._decode(path)
        if key is not None:
            with self._lock:
                self._keep(key, image)
        return image

    @property
    def size(self) -> int:
        """Size of all cached images, B."""
        return self._bytes

    def _keep(self, key: _Key, image: Image) -> None:
        # Two threads may have opened the file at the same time.
        if key in self._kept or _bytes(image) > self._limit:
            return
        self._kept[key] = image
        self._bytes += _bytes(image)
        while self._bytes > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _bytes(oldest)


def _key(path: Path) -> _Key | None:
    try:
        facts = path.stat()
    except OSError:
        # The decoder will report why the file cannot be read.
        return None
    return str(path), facts.st_mtime_ns, facts.st_size


def _bytes(image: Image) -> int:
    return image.pixels.nbytes + (0 if image.alpha is None else image.alpha.nbytes)
