"""File operations of the window, as work for the file threads."""

from nnviz.runtime.file_work.images import ImageWork
from nnviz.runtime.file_work.recordings import RecordingWork
from nnviz.runtime.file_work.results import ResultWork
from nnviz.runtime.file_work.stickers import StickerWork
from nnviz.runtime.file_work.unit_images import UnitImageWork


class Files:
    """The available file operations, grouped by subject.

    Attributes:
        images: opened, made small, written to the cache; what dropped files are.
        recordings: read, listed, deleted, made into videos.
        results: saved, alone or side by side.
        stickers: opened, kept when trained, printed.
        unit_images: synthetic images of units in the cache.
    """

    def __init__(self) -> None:
        self.images = ImageWork()
        self.recordings = RecordingWork()
        self.results = ResultWork()
        self.stickers = StickerWork()
        self.unit_images = UnitImageWork()
