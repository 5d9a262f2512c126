"""File work with images: opening, thumbnails, training examples, cameras."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnviz.base.documents.dropped import Dropped
from nnviz.base.host.file_work import FileWork, Urgency, file_work
from nnviz.base.images import Image, eight_bits, image_from_array
from nnviz.base.measures.training import FoundExamples
from nnviz.base.recipes import Run
from nnviz.base.video import Camera
from nnviz.media.decode import open_image
from nnviz.media.thumbnails import thumbnail
from nnviz.runtime.image_cache import ImageCache
from nnviz.runtime.live import still
from nnviz.storage.examples import list_examples, write_example
from nnviz.storage.files import look_at
from nnviz.storage.images import keep_image

_CACHE_BYTES = 256 << 20


class ImageWork:
    """File operations on images.

    Args:
        cache_bytes: size of the cache of decoded images.
    """

    def __init__(self, cache_bytes: int = _CACHE_BYTES) -> None:
        self._cache = ImageCache(cache_bytes, open_image)

    def look_at(self, files: Sequence[str]) -> FileWork[Dropped]:
        """Identify dropped files, listing folders."""
        return file_work(lambda: look_at(files))

    def open(self, path: str) -> FileWork[Image]:
        """Open an image; from the cache if the file is unchanged."""
        return file_work(lambda: self._cache.open(Path(path)), Urgency.OPEN)

    def of_array(self, pixels: NDArray[Any], name: str) -> FileWork[Image]:
        """Make an image from pixels, (H, W) or (H, W, C), converted to 8 bits."""
        return file_work(
            lambda: image_from_array(eight_bits(pixels), name), Urgency.OPEN
        )

    def thumbnail(self, path: str, size: int) -> FileWork[NDArray[Any]]:
        """Make a thumbnail of a file, uint8 (h, w, 3), its longer side ``size``."""
        return file_work(lambda: thumbnail(path, size), Urgency.LATER)

    def keep(self, pixels: NDArray[Any], purpose: str) -> FileWork[str]:
        """Write an image, uint8 (H, W, 1 or 3), to the cache; return its path.

        Args:
            pixels: the image.
            purpose: purpose, with which the file's name begins.
        """
        return file_work(lambda: keep_image(pixels, purpose))

    def write_example(self, pixels: NDArray[Any], folder: str) -> FileWork[str]:
        """Write a training example (H, W, C) to a folder, created if missing."""
        return file_work(lambda: write_example(pixels, Path(folder)), Urgency.SAVE)

    def list_examples(self, paths: tuple[str, ...]) -> FileWork[FoundExamples]:
        """Find the examples among files, folders and tables.

        A folder of folders gives a named class for each; else the class has no name.
        """
        return file_work(lambda: list_examples(paths))

    def keep_still(self, run: Run) -> FileWork[Run]:
        """Make a still image of the frame that a result belongs to."""
        return file_work(lambda: still(run), Urgency.SAVE)

    def find_cameras(self) -> FileWork[tuple[Camera, ...]]:
        """List the cameras of this machine."""
        return file_work(_cameras, Urgency.LATER)


def _cameras() -> tuple[Camera, ...]:
    # Imported here: it loads OpenCV and PyAV, and most starts need no camera.
    from nnviz.runtime.capture import list_cameras  # noqa: PLC0415

    return list_cameras()
