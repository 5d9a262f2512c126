"""File work with recordings: reading, listing, deleting, export as a video."""

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
    """File operations on recordings."""

    def read(self, folder: str) -> FileWork[RecordingState]:
        """Read the current state of a recording."""
        return file_work(lambda: recordings.read_recording(Path(folder)), Urgency.LATER)

    def open(self, folder: str) -> FileWork[OpenedRecording]:
        """Load the data needed to resume a recording."""
        return file_work(lambda: recordings.reopen_recording(Path(folder)))

    def frame(self, folder: str, step: int, blend: float) -> FileWork[RecordedFrame]:
        """Read the frame of a step, blended with the image."""
        return file_work(lambda: recordings.read_frame(Path(folder), step, blend))

    def remember(self, image: Image) -> FileWork[None]:
        """Remember the path of a recording's image, to find it again."""
        return file_work(lambda: recent.remember(image), Urgency.SAVE)

    def list(self, root: str, side: int) -> FileWork[tuple[RecordingEntry, ...]]:
        """List all recordings of a folder, with thumbnails of ``side`` px."""
        return file_work(
            lambda: recordings.list_recordings(Path(root), side), Urgency.LATER
        )

    def put_away(self, folder: str) -> FileWork[Path]:
        """Hide a recording from the list; ``bring_back`` undoes it."""
        return file_work(lambda: recordings.put_away(Path(folder)), Urgency.SAVE)

    def bring_back(self, folder: str) -> FileWork[Path]:
        """Unhide a recording; return its folder."""
        return file_work(lambda: recordings.bring_back(Path(folder)), Urgency.SAVE)

    def tidy(self, root: str) -> FileWork[None]:
        """Delete hidden recordings, and the oldest ones beyond a size limit."""
        return file_work(lambda: recordings.tidy(Path(root)), Urgency.LATER)

    def export(self, request: VideoExport) -> FileWork[str]:
        """Export a video and return its path; a stopped export leaves no file."""

        def act(reporter: Reporter) -> str:
            paths = export_recording(request, reporter.tell, reporter.check)
            return str(paths[0])

        return FileWork(act, Urgency.LATER)
