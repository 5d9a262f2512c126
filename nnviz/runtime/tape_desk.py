"""Where the window asks for recordings: read, listed, put away, made into films."""

from functools import partial
from pathlib import Path

from nnviz.base.events import Progress
from nnviz.base.images import Image
from nnviz.base.tapes import (
    FILM,
    TAPE_FRAME,
    TAPE_MOVED,
    TAPE_OPENED,
    TAPE_READ,
    TAPES_LISTED,
    FilmRequest,
)
from nnviz.runtime.cancel import CancelToken
from nnviz.runtime.io import IoPool
from nnviz.runtime.mailbox import Mailbox, Posted
from nnviz.storage import recent
from nnviz.storage import recordings as tapes
from nnviz.storage.recording_export import export_recording


class TapeDesk:
    """Does on the io threads what is asked of recordings.

    Answers come under the places of ``nnviz.base.tapes``: Done with what they name, or
    Failed.

    Args:
        io: the threads.
        mailbox: is told how far a film is.
    """

    def __init__(self, io: IoPool, mailbox: Mailbox) -> None:
        self._io = io
        self._mailbox = mailbox
        self._film = CancelToken()

    def read(self, folder: str) -> None:
        """Look at what a recording holds now."""
        self._io.do(TAPE_READ, lambda: tapes.read_tape(Path(folder)))

    def open(self, folder: str) -> None:
        """Find what is needed to go on with a recording."""
        self._io.do(TAPE_OPENED, lambda: tapes.open_tape(Path(folder)), soon=True)

    def frame(self, folder: str, step: int, blend: float) -> None:
        """Read a step's frame with a share of the photograph in it."""
        self._io.do(
            TAPE_FRAME,
            lambda: tapes.read_frame(Path(folder), step, blend),
            soon=True,
        )

    def remember(self, image: Image) -> None:
        """Note where the photograph of a recording lies, to find it again."""
        self._io.do(TAPE_MOVED, lambda: recent.remember(image))

    def list(self, root: str, side: int) -> None:
        """List all recordings of a folder with thumbnails of so many px."""
        self._io.do(TAPES_LISTED, lambda: tapes.list_tapes(Path(root), side))

    def put_away(self, folder: str) -> None:
        """Take a recording out of the list."""
        self._io.do(TAPE_MOVED, lambda: str(tapes.put_away(Path(folder))))

    def bring_back(self, folder: str) -> None:
        """Put a recording that was put away where it was."""
        self._io.do(TAPE_MOVED, lambda: str(tapes.bring_back(Path(folder))))

    def tidy(self, root: str) -> None:
        """Delete what was put away in an earlier session, and what is too much."""
        self._io.do(TAPE_MOVED, lambda: tapes.tidy(Path(root)))

    def export(self, request: FilmRequest) -> None:
        """Make a film; ends with its path."""
        self._film = token = CancelToken()
        tell = partial(self._tell, token)
        self._io.do(FILM, lambda: str(export_recording(request, tell, token.check)[0]))

    def stop_export(self) -> None:
        """Stop making a film; nothing of it stays."""
        self._film.cancel()

    def _tell(self, token: CancelToken, progress: Progress) -> None:
        if not token.cancelled:
            self._mailbox.put(Posted(FILM, 0, progress), keep=False)
