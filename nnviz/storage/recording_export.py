"""Recordings as videos: MP4, GIF, or a folder of numbered images."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nnviz.base.documents.recordings import VideoExport
from nnviz.base.errors import InputError, UsageError
from nnviz.base.events import Progress
from nnviz.base.file_formats import WRITTEN_VIDEOS
from nnviz.base.images import Colors, rgb8
from nnviz.media.encode import write_png
from nnviz.media.recordings import RECIPE_FILE, Recording, open_recording
from nnviz.render.fitting import blended
from nnviz.storage.recordings import painted_frame

_END_SECONDS = 1.0
"""Duration of the last frame, s."""
_NOTHING_LEFT = "holds no frames yet"
_MOST_RATE = 240.0


def export_recording(
    request: VideoExport,
    tell: Callable[[Progress], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> tuple[Path, ...]:
    """Write the kept frames of a recording as a video, equally spaced in time.

    Writes all files or none.

    Args:
        request: the recording and the export's settings.
        tell: called with the progress after each frame.
        check: called before each frame; raises ``CancelledError`` to stop.

    Returns:
        The video; or the folder.

    Raises:
        UsageError: a rate or share is out of range.
        InputError: no recording, no frames, or the files cannot be written.
    """
    _require_sensible(request)
    recording = open_recording(Path(request.folder))
    if not recording.frames:
        raise InputError(recording.folder.name, _NOTHING_LEFT, "let it run for a while")
    out = Path(request.out)
    frames = _told(_frames(recording, request.blend), len(recording.frames), tell)
    with _stage_beside(out) as stage:
        if out.suffix.lower() in WRITTEN_VIDEOS:
            made = stage / out.name
            _write_film(made, frames, _last_size(recording), request.rate, check)
            made.replace(out)
        else:
            _write_pictures(stage, frames, check)
            shutil.copyfile(recording.folder / RECIPE_FILE, stage / RECIPE_FILE)
            _move_all(stage, out)
    return (out,)


def _require_sensible(request: VideoExport) -> None:
    if not 0 < request.rate <= _MOST_RATE:
        raise UsageError(
            "--rate", f"{request.rate:g} is out of range", f"0 to {_MOST_RATE:g}"
        )
    if not 0 <= request.blend <= 1:
        raise UsageError("--blend", f"{request.blend:g} is out of range", "0 to 1")


def _frames(recording: Recording, blend: float) -> Iterator[Colors]:
    source = recording.source if blend else None
    for step in recording.frames:
        colors = painted_frame(recording, step)
        yield colors if source is None else blended(colors, rgb8(source), blend)


def _told(
    frames: Iterator[Colors], total: int, tell: Callable[[Progress], None]
) -> Iterator[Colors]:
    for done, frame in enumerate(frames, 1):
        yield frame
        tell(Progress(done, total, f"frame {done} of {total}"))


def _last_size(recording: Recording) -> tuple[int, int]:
    """Return height and width of the last frame, the largest where octaves grow."""
    height, width = painted_frame(recording, recording.frames[-1]).shape[:2]
    return height, width


def _write_film(
    path: Path,
    frames: Iterator[Colors],
    size: tuple[int, int],
    rate: float,
    check: Callable[[], None],
) -> None:
    # Imported here: it loads PyAV, which few starts need.
    from nnviz.media.video.writer import VideoWriter  # noqa: PLC0415

    with VideoWriter(path, size, rate) as film:
        seconds, last = 0.0, None
        for last in frames:
            check()
            film.append(last, seconds)
            seconds += 1 / rate
        if last is not None:
            film.append(last, seconds + _END_SECONDS)


def _write_pictures(
    folder: Path, frames: Iterator[Colors], check: Callable[[], None]
) -> None:
    for number, frame in enumerate(frames, 1):
        check()
        write_png(folder / f"{number:06}.png", frame)


@contextmanager
def _stage_beside(out: Path) -> Iterator[Path]:
    """Create a temporary folder beside the output, deleted at the end of the block."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".nnviz-", dir=out.parent) as stage:
            yield Path(stage)
    except OSError as error:
        raise InputError(
            str(out),
            f"cannot be written ({error.strerror})",
            "choose another folder, or free some space",
        ) from None


def _move_all(stage: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    for path in sorted(stage.iterdir()):
        path.replace(out / path.name)
