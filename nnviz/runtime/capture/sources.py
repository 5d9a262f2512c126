"""Parsing of sources of frames: "0", "video.mp4", "rtsp://...", "screen"."""

import os
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.host.reading import is_folder
from nnviz.base.notation.numerals import is_whole
from nnviz.base.video import SourceKind, SourceRequest, without_password
from nnviz.media.files import check_file

_DEVICES = "/dev/video"
_SCREEN, _SCRIPT = "screen", "script"
_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtp", "udp", "tcp", "srt", "http", "https")
_REGION = "screen:left,top,width,height"
_EXAMPLES = (
    "name a camera (0), a video, a folder of images, an address (rtsp://..., "
    "http://...), screen or script:FILE"
)
_SIDES = 4


def source_of(text: str) -> SourceRequest:
    """Parse a source of frames from the user's text.

    Args:
        text: "0" or "/dev/video0" is a camera; a path is a video or a folder of
            images; "rtsp://..." or "http://..." a stream; "screen" or
            "screen:left,top,width,height" a part of the screen, px; "script:FILE" a
            scripted camera, see ``nnviz.runtime.capture.script``.

    Raises:
        InputError: the text is none of these, or the file does not exist.
    """
    text = text.strip()
    if not text:
        raise InputError("source", "is missing", _EXAMPLES)
    if "\0" in text:
        raise InputError("source", "holds a character that no name has", _EXAMPLES)
    if is_whole(text):
        return SourceRequest(kind=SourceKind.CAMERA, address=str(int(text)))
    if text.startswith(_DEVICES):
        return SourceRequest(kind=SourceKind.CAMERA, address=text)
    scheme, colon, rest = text.partition(":")
    if colon and rest.startswith("//"):
        return _stream(text, scheme.lower(), rest)
    if scheme.lower() == _SCREEN:
        return SourceRequest(kind=SourceKind.SCREEN, address=_region(rest, colon))
    if scheme.lower() == _SCRIPT and colon:
        check_file(Path(rest))
        return SourceRequest(kind=SourceKind.SCRIPT, address=rest)
    return _file(text)


def title_of(request: SourceRequest) -> str:
    """Return a source's title for display, until the open source provides one."""
    address = request.address
    match request.kind:
        case SourceKind.CAMERA:
            return f"camera {address}"
        case SourceKind.SCREEN:
            return "screen"
        case SourceKind.STREAM:
            return without_password(address)
        case SourceKind.FILE | SourceKind.FOLDER | SourceKind.SCRIPT:
            return Path(address).name


def _stream(text: str, scheme: str, rest: str) -> SourceRequest:
    if scheme not in _SCHEMES:
        known = ", ".join(_SCHEMES)
        raise InputError(text, f"{scheme}: is not a known scheme", f"known: {known}")
    if not rest.strip("/"):
        raise InputError(text, "names no server", "as in rtsp://192.168.1.5/stream")
    return SourceRequest(kind=SourceKind.STREAM, address=text)


def _region(text: str, colon: str) -> str:
    if not colon:
        return ""
    try:
        sides = [int(part) for part in text.split(",")]
    except ValueError:
        sides = []
    if len(sides) != _SIDES or min(sides[2:]) < 1:
        raise InputError(
            f"screen:{text}", "is not a part of the screen", f"as {_REGION}"
        )
    return ",".join(map(str, sides))


def _file(text: str) -> SourceRequest:
    # ``Path.expanduser`` raises RuntimeError for an unknown user.
    path = Path(os.path.expanduser(text))  # noqa: PTH111
    try:
        if is_folder(path):
            return SourceRequest(kind=SourceKind.FOLDER, address=str(path))
    except OSError:
        raise InputError(text, "is not a source", _EXAMPLES) from None
    check_file(path)
    return SourceRequest(kind=SourceKind.FILE, address=str(path))
