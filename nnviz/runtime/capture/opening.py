"""Opening of sources by request, with imports deferred until needed."""

from collections.abc import Callable
from pathlib import Path

from nnviz.base.video import Reader, SourceKind, SourceRequest
from nnviz.runtime.capture.script import ScriptedCamera

Sleep = Callable[[float], None]
"""Waits the given seconds; raises when the capture is closed."""
Open = Callable[[], Reader]
"""Opens a source; may take long, or hang if a driver does.

Raises SourceLostError if the source cannot be reached now, but may be later, and
InputError if it cannot be opened at all.
"""


def opener_of(request: SourceRequest, sleep: Sleep) -> Open:
    """Return the function that opens, and after a loss reopens, a source.

    Args:
        request: the source.
        sleep: called by sources that wait for the clock.
    """
    address = request.address
    match request.kind:
        case SourceKind.CAMERA:
            return lambda: _camera(request)
        case SourceKind.FILE:
            return lambda: _started_at(_film(Path(address)), request.start)
        case SourceKind.STREAM:
            return lambda: _stream(address)
        case SourceKind.FOLDER:
            return lambda: _started_at(_folder(Path(address)), request.start)
        case SourceKind.SCREEN:
            return lambda: _screen(request, sleep)
        case SourceKind.SCRIPT:
            return ScriptedCamera(Path(address), sleep).open


def _started_at(reader: Reader, start: float) -> Reader:
    """Return a reader after seeking to a position, s."""
    if start:
        reader.seek(start)
    return reader


def _camera(request: SourceRequest) -> Reader:
    from nnviz.media.video.cameras import open_camera  # noqa: PLC0415 -- OpenCV

    return open_camera(request.address, request.size, request.rate)


def _film(path: Path) -> Reader:
    from nnviz.media.video.reader import open_video  # noqa: PLC0415 -- PyAV

    return open_video(path)


def _stream(address: str) -> Reader:
    from nnviz.media.video.reader import open_stream  # noqa: PLC0415 -- PyAV

    return open_stream(address)


def _folder(path: Path) -> Reader:
    from nnviz.media.video.sequences import open_sequence  # noqa: PLC0415 -- Pillow

    return open_sequence(path)


def _screen(request: SourceRequest, sleep: Sleep) -> Reader:
    from nnviz.media.video.screen import open_screen  # noqa: PLC0415 -- mss

    return open_screen(request.address, request.rate, sleep)
