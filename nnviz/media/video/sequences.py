"""A folder of images as a video."""

import bisect
import time
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.images import Pixels, rgb8
from nnviz.base.video import Grab
from nnviz.media.decode import open_image
from nnviz.media.folders import list_images

DEFAULT_RATE = 25.0
"""Images a second; ``VideoPlayer`` plays them at the requested rate."""


class SequenceReader:
    """The images of a folder in natural order; see ``nnviz.base.video.Reader``.

    An image is opened when it is shown; if that fails, InputError is raised then.

    Args:
        files: at least one.
        title: for people.
    """

    live = False
    remark: InputError | None = None

    def __init__(self, files: tuple[Path, ...], title: str) -> None:
        self.title = title
        self.rate = DEFAULT_RATE
        self.duration = len(files) / self.rate
        self._files = files
        self._times = [index / self.rate for index in range(len(files))]
        self._next = 0

    def read(self) -> Grab | None:
        """Return the next image of the folder, not yet decoded."""
        if self._next == len(self._files):
            return None
        index = self._next
        self._next += 1
        path = self._files[index]
        return Grab(time.monotonic(), self._times[index], lambda: _opened(path))

    def seek(self, seconds: float) -> None:
        """Seek to the image at a time; past the end, to the last."""
        self._next = max(0, bisect.bisect_right(self._times, seconds) - 1)

    def close(self) -> None:
        """Do nothing: no file is open."""


def open_sequence(folder: Path) -> SequenceReader:
    """Open a folder of images as a video.

    Raises:
        InputError: the folder does not exist, or holds no images.
    """
    return SequenceReader(list_images(folder), folder.name)


def _opened(path: Path) -> Pixels:
    return rgb8(open_image(path).pixels)
