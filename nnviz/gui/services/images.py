"""The images of the tray, and the open image."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy
from nnviz.base.host.file_work import FileWork
from nnviz.base.images import Image
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.state.selection import Selection

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

THUMBNAIL = 160
"""Longer side of a thumbnail, px."""
_KEPT_BYTES = 96 << 20
_MOST_REMOVALS = 20
"""Maximum number of removals that can be undone."""
_OPENING = Lane("image", Policy.QUEUE)
_SMALL = Lane("thumbnail", Policy.QUEUE)


class Images(QObject):
    """The list of images; opens them off the GUI thread and caches the newest."""

    added = Signal(list)
    """Paths that were added to the tray."""
    removed = Signal(str)
    """A path that was removed from the tray."""
    inserted = Signal(int, str)
    """Index in the tray and path of a restored image."""
    removals_changed = Signal()
    """The list of restorable images has changed."""
    thumbnail = Signal(str, object)
    """Path and uint8 (h, w, 3)."""
    opening = Signal(str)
    """Path of the image that is being opened."""
    failed = Signal(str, object)
    """Path and ErrorRecord."""
    opened = Signal(object)
    """The opened Image, which the selection already has."""
    current_changed = Signal(str)
    """Path of the open image."""

    def __init__(
        self, jobs: Jobs, selection: Selection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs, self._selection = jobs, selection
        self._bridge: Bridge | None = None
        self._paths: list[str] = []
        self._wanted = ""
        self.newest_count = 0
        """Number of images in the last addition to the tray."""
        self._kept: OrderedDict[str, Image] = OrderedDict()
        self._removals: list[list[tuple[int, str, Image | None]]] = []

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, which is ready."""
        self._bridge = bridge

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the images in the tray."""
        return tuple(self._paths)

    def without_file(self) -> tuple[Image, ...]:
        """Return the images of the tray without a file: pasted ones."""
        return tuple(image for image in self._kept.values() if not image.path)

    @property
    def current(self) -> str:
        """Path of the image that is open or being opened."""
        return self._wanted

    def add(self, paths: Sequence[str]) -> None:
        """Add images to the tray and open the first."""
        paths = [str(Path(path).absolute()) for path in paths]
        new = [path for path in dict.fromkeys(paths) if path not in self._paths]
        self._paths[:0] = new
        self.newest_count = len(new)
        if new:
            self.added.emit(new)
        for path in dict.fromkeys(paths):
            # Reopen: the file may have changed.
            self._kept.pop(path, None)
            self._ask_thumbnail(path)
        if paths:
            self.show(paths[0])

    def add_array(self, pixels: NDArray[Any], name: str) -> None:
        """Open pixels without a file, from the clipboard."""
        if self._bridge is not None:
            self._wanted = name
            self.opening.emit(name)
            self._open(name, self._bridge.files.images.of_array(pixels, name))

    def add_opened(self, image: Image) -> None:
        """Add an opened image to the tray, and show it."""
        self._wanted = image.path
        self.opening.emit(image.path)
        self._opened(image.path, image)

    def remove(self, paths: Sequence[str]) -> None:
        """Remove images from the tray as one undoable step; files stay."""
        taken = [
            (self._paths.index(path), path, self._kept.get(path))
            for path in paths
            if path in self._paths
        ]
        if not taken:
            return
        self._removals.append(sorted(taken, key=lambda each: each[0]))
        del self._removals[:-_MOST_REMOVALS]
        for _, path, _ in taken:
            self._paths.remove(path)
            self._kept.pop(path, None)
            self.removed.emit(path)
        if not self._paths:
            self._wanted = ""
            self._selection.set_image(None)
        self.removals_changed.emit()

    @property
    def restorable(self) -> int:
        """The number of images that ``restore`` would bring back."""
        return len(self._removals[-1]) if self._removals else 0

    def restore(self) -> None:
        """Restore the images removed last to their former places."""
        if not self._removals:
            return
        for place, path, image in self._removals.pop():
            if path in self._paths:
                continue
            at = min(place, len(self._paths))
            self._paths.insert(at, path)
            self.inserted.emit(at, path)
            if image is not None:
                self._keep(path, image)
                self.thumbnail.emit(path, shrunk(image))
            else:
                self._ask_thumbnail(path)
        if not self._wanted and self._paths:
            self.show(self._paths[0])
        self.removals_changed.emit()

    def show(self, path: str) -> None:
        """Open an image, immediately if it is cached."""
        self._wanted = path
        self.opening.emit(path)
        if path in self._kept:
            self._opened(path, self._kept[path])
        elif self._bridge is not None:
            self._open(path, self._bridge.files.images.open(path))

    def step(self, steps: int) -> None:
        """Open the image of the tray that is some steps away."""
        if not self._paths:
            return
        here = self._paths.index(self._wanted) if self._wanted in self._paths else 0
        self.show(self._paths[(here + steps) % len(self._paths)])

    def load(self, path: str) -> JobHandle[Image] | None:
        """Open an image outside the tray; None without a worker."""
        if self._bridge is None:
            return None
        return self._jobs.do(self._bridge.files.images.open(path), _OPENING)

    def make_thumbnail(
        self, path: str, show: Callable[[NDArray[Any]], object], size: int = THUMBNAIL
    ) -> None:
        """Request an image's thumbnail; none for a file that does not open.

        Args:
            path: of the file.
            show: called with uint8 (h, w, 3).
            size: its longer side, px.
        """
        if self._bridge is not None:
            work = self._bridge.files.images.thumbnail(path, size)
            self._jobs.do(work, _SMALL).done.connect(show)

    def _ask_thumbnail(self, path: str) -> None:
        self.make_thumbnail(path, lambda pixels: self.thumbnail.emit(path, pixels))

    def _open(self, path: str, work: FileWork[Image]) -> None:
        job = self._jobs.do(work, _OPENING)
        job.done.connect(lambda image: self._opened(path, image))
        job.failed.connect(lambda error: self._fail(path, error))

    def _opened(self, path: str, image: Image) -> None:
        self._keep(path, image)
        if path != self._wanted:  # another image was requested meanwhile
            return
        if path not in self._paths:
            self._paths.insert(0, path)
            self.added.emit([path])
            self.thumbnail.emit(path, shrunk(image))
        self._selection.set_image(image)
        self.current_changed.emit(path)
        self.opened.emit(image)

    def _fail(self, path: str, error: ErrorRecord) -> None:
        if path in self._paths and path == self._wanted:
            self._paths.remove(path)
            self.removed.emit(path)
        self.failed.emit(path, error)

    def _keep(self, path: str, image: Image) -> None:
        self._kept[path] = image
        self._kept.move_to_end(path)
        while len(self._kept) > 1 and self._kept_bytes() > _KEPT_BYTES:
            self._kept.popitem(last=False)

    def _kept_bytes(self) -> int:
        return sum(image.pixels.nbytes for image in self._kept.values())


def shrunk(image: Image, longest: int = THUMBNAIL) -> NDArray[Any]:
    """Subsample an image to a thumbnail, uint8 RGB; for images without files."""
    step = max(1, max(image.size) // longest)
    small = Image(image.pixels[::step, ::step, :3].copy(), image.name, image.sha256)
    pixels = (small.as_float() * 255).round().astype("uint8")
    return pixels if pixels.shape[2] == 3 else pixels[..., :1].repeat(3, axis=2)  # noqa: PLR2004
