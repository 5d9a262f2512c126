"""Recordings as the window lists, opens, hides and deletes them."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from nnviz.base.catalogue import network_title
from nnviz.base.documents.recordings import (
    OpenedRecording,
    RecordedFrame,
    RecordingEntry,
    RecordingState,
)
from nnviz.base.errors import InputError, NnvizError
from nnviz.base.images import Colors, rgb8
from nnviz.base.kinds.packing import unpack
from nnviz.base.recipes import Recipe
from nnviz.media.recordings import (
    NUMBERS_FILE,
    RECIPE_FILE,
    SOURCE_FILE,
    Recording,
    open_recording,
)
from nnviz.render.fitting import blended, fitted, show
from nnviz.storage.files import restore

_AWAY = ".deleted"
"""Suffix of the name of a hidden recording."""
_LIMIT, _NEWEST = 8 << 30, 10


def read_recording(folder: Path) -> RecordingState:
    """Read the current state of a recording.

    Raises:
        InputError: no recording, or a damaged one.
    """
    recording = open_recording(folder)
    facts = recording.facts
    return RecordingState(
        folder=str(folder),
        recipe=recording.recipe,
        numbers=recording.numbers,
        frames=recording.frames,
        total=facts.total,
        finished=facts.finished,
        blends=(folder / SOURCE_FILE).exists(),
    )


def reopen_recording(folder: Path) -> OpenedRecording:
    """Read a recording with its image and the request for its network.

    Raises:
        InputError: no recording, or a damaged one.
    """
    recording = read_recording(folder)
    saved = restore(folder / RECIPE_FILE)
    values = recording.values_at(recording.steps)
    return OpenedRecording(
        recording, replace(saved, recipe=replace(saved.recipe, values=values))
    )


def read_frame(folder: Path, step: int, blend: float) -> RecordedFrame:
    """Read a step's frame, blended with a share of the image.

    Raises:
        InputError: no such frame.
    """
    recording = open_recording(folder)
    frame = recording.frame(step)
    if isinstance(frame, Mapping):
        return RecordedFrame(str(folder), step, None, unpack(frame))
    pixels = rgb8(frame)
    source = recording.source if blend else None
    if source is not None:
        pixels = blended(pixels, rgb8(source), blend)
    return RecordedFrame(str(folder), step, pixels)


def list_recordings(root: Path, side: int) -> tuple[RecordingEntry, ...]:
    """List all recordings in a folder, the newest first.

    Args:
        root: the folder; need not exist.
        side: of the thumbnails, px.
    """
    found = [_entry(folder, side) for folder in _folders(root)]
    return tuple(sorted(found, key=lambda entry: -entry.changed))


def put_away(folder: Path) -> Path:
    """Hide a recording from the list; ``bring_back`` undoes it.

    Raises:
        InputError: the folder cannot be renamed.
    """
    return _renamed(folder, folder.with_name(f".{folder.name}{_AWAY}"))


def bring_back(folder: Path) -> Path:
    """Unhide a recording; return its folder.

    Raises:
        InputError: it no longer exists.
    """
    return _renamed(folder, folder.with_name(folder.name[1 : -len(_AWAY)]))


def tidy(root: Path, limit: int = _LIMIT, newest: int = _NEWEST) -> None:
    """Delete hidden recordings, and the oldest ones beyond a size limit.

    Args:
        root: folder of all.
        limit: bytes of all together.
        newest: number of recordings that are kept, however large.
    """
    for folder in root.glob(f".*{_AWAY}"):
        shutil.rmtree(folder, ignore_errors=True)
    room = limit
    ages = {
        folder: (folder / NUMBERS_FILE).stat().st_mtime for folder in _folders(root)
    }
    for index, folder in enumerate(sorted(ages, key=lambda each: -ages[each])):
        room -= sum(path.stat().st_size for path in folder.iterdir())
        if room < 0 and index >= newest:
            shutil.rmtree(folder, ignore_errors=True)


def _folders(root: Path) -> Iterator[Path]:
    with suppress(OSError):
        for folder in root.iterdir():
            if not folder.name.startswith(".") and (folder / NUMBERS_FILE).exists():
                yield folder


def _entry(folder: Path, side: int) -> RecordingEntry:
    """Return a recording's entry in the list; for a damaged one, with the error."""
    entry = RecordingEntry(str(folder), folder.name)
    try:
        changed = (folder / NUMBERS_FILE).stat().st_mtime
        entry = replace(entry, changed=changed)
        recording = open_recording(folder)
        title = _title(recording.recipe)
    except OSError as error:
        return replace(entry, trouble=str(error.strerror))
    except NnvizError as error:
        return replace(entry, trouble=str(error))
    facts = recording.facts
    return replace(
        entry,
        title=title,
        method=recording.recipe.method,
        values=recording.recipe.values,
        steps=len(recording),
        total=facts.total,
        finished=facts.finished,
        thumbnail=_thumbnail(recording, side),
    )


def _title(recipe: Recipe) -> str:
    """Return a short title: target, layer, channel and image."""
    values = recipe.values
    channel = values.get("channel", -1)
    if values.get("channels", "") not in {"", "one"}:
        channel = -1  # others, or all of them
    parts = (
        str(values.get("target", "")),
        str(values.get("layer", "")),
        f"channel {channel}" if isinstance(channel, int) and channel >= 0 else "",
        recipe.image,
    )
    return " · ".join(part for part in parts if part) or network_title(recipe.model)


def _thumbnail(recording: Recording, side: int) -> Colors | None:
    for step in reversed(recording.frames):
        with suppress(NnvizError):
            pixels = _small_frame(recording, step)
            size = pixels.shape[0], pixels.shape[1]
            return show(pixels, fitted(size, (side, side)))
    return None


def _small_frame(recording: Recording, step: int) -> Colors:
    """Return a step as a small image; of a report, its main result's miniature."""
    frame = recording.frame(step)
    if not isinstance(frame, Mapping):
        return rgb8(frame)
    from nnviz.render.miniature import miniature  # noqa: PLC0415  as below

    return miniature(unpack(frame).main, None)


def painted_frame(recording: Recording, step: int) -> Colors:
    """Return a step as an image; a report is painted as a page.

    Raises:
        InputError: no such frame, or a damaged one.
    """
    frame = recording.frame(step)
    if not isinstance(frame, Mapping):
        return rgb8(frame)
    # Imported here: it loads fonts, which few starts need.
    from nnviz.render.report import paint_report  # noqa: PLC0415

    return even(paint_report(unpack(frame)))


def even(pixels: Colors) -> Colors:
    """Crop an image to even sides, which video codecs need."""
    height, width = (side - side % 2 for side in pixels.shape[:2])
    return pixels[:height, :width]


def _renamed(folder: Path, name: Path) -> Path:
    try:
        return folder.rename(name)
    except OSError as error:
        raise InputError(
            str(folder), f"cannot be moved ({error.strerror})", "look into the folder"
        ) from None
