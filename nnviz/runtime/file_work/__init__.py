"""File operations of the window, as work for the file threads."""

from nnviz.runtime.file_work.boxes import BoxWork
from nnviz.runtime.file_work.images import ImageWork
from nnviz.runtime.file_work.recordings import RecordingWork
from nnviz.runtime.file_work.results import ResultWork
from nnviz.runtime.file_work.stickers import StickerWork
from nnviz.runtime.file_work.unit_images import UnitImageWork


class Files:
    """The available file operations, grouped by subject.

    Attributes:
        boxes: export annotated boxes.
        images: open, shrink and cache images, classify dropped files.
        recordings: read, list, delete recordings, export them as videos.
        results: save results, alone or side by side.
        stickers: open, keep learned and print stickers.
        unit_images: read and write cached images of units.
    """

    def __init__(self) -> None:
        self.boxes = BoxWork()
        self.images = ImageWork()
        self.recordings = RecordingWork()
        self.results = ResultWork()
        self.stickers = StickerWork()
        self.unit_images = UnitImageWork()
