"""Work with recordings: reading, listing, deleting, export as a video."""

from pathlib import Path

from nnviz.base.documents.recordings import (
    OpenedRecording,
    RecordedFrame,
    RecordingEntry,
    RecordingState,
    VideoExport,
)
from nnviz.base.host.file_work import FileWork, Reporter, Urgency, file_work
from nnviz.base.images import Image
from nnviz.storage import recent, recordings
from nnviz.storage.recording_export import export_recording


class RecordingWork:
    """Reads recordings, and moves them out of the list and back."""

    def read(self, folder: str) -> FileWork[RecordingState]:
        """Read what a recording holds now."""
        return file_work(lambda: recordings.read_recording(Path(folder)), Urgency.LATER)

    def open(self, folder: str) -> FileWork[OpenedRecording]:
        """Find what is needed to go on with a recording."""
        return file_work(lambda: recordings.reopen_recording(Path(folder)))

    def frame(self, folder: str, step: int, blend: float) -> FileWork[RecordedFrame]:
        """Read a step's frame with a share of the image in it."""
        return file_work(lambda: recordings.read_frame(Path(folder), step, blend))

    def remember(self, image: Image) -> FileWork[None]:
        """Note where the image of a recording lies, to find it again."""
        return file_work(lambda: recent.remember(image), Urgency.SAVE)

    def list(self, root: str, side: int) -> FileWork[tuple[RecordingEntry, ...]]:
        """List all recordings of a folder with thumbnails of so many px."""
        return file_work(
            lambda: recordings.list_recordings(Path(root), side), Urgency.LATER
        )

    def put_away(self, folder: str) -> FileWork[Path]:
        """Take a recording out of the list."""
        return file_work(lambda: recordings.put_away(Path(folder)), Urgency.SAVE)

    def bring_back(self, folder: str) -> FileWork[Path]:
        """Put a recording that was put away where it was."""
        return file_work(lambda: recordings.bring_back(Path(folder)), Urgency.SAVE)

    def tidy(self, root: str) -> FileWork[None]:
        """Delete what was put away in an earlier session, and what is too much."""
        return file_work(lambda: recordings.tidy(Path(root)), Urgency.LATER)

    def export(self, request: VideoExport) -> FileWork[str]:
        """Make a video, of which nothing stays if it is stopped; its path."""

        def act(reporter: Reporter) -> str:
            paths = export_recording(request, reporter.tell, reporter.check)
            return str(paths[0])

        return FileWork(act, Urgency.LATER)
