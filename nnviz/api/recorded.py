"""Recorded optimizations and videos, from Python."""

from os import PathLike
from pathlib import Path

from nnviz.api.core import Model, OnProgress, Pictured, Result, load, perform, photo_of
from nnviz.base.documents.recordings import VideoExport
from nnviz.base.parameters import Value
from nnviz.base.requests import ChangeVideo, RecordingStep, RunMethod
from nnviz.media import recordings
from nnviz.media.recordings import Recording
from nnviz.storage import replay as stored


def open_recording(folder: str | PathLike[str]) -> Recording:
    """Open a recording that ``run(..., record=folder)`` wrote.

    Raises:
        InputError: the folder holds no recording, or it is damaged.
    """
    return recordings.open_recording(Path(folder))


def resume(
    folder: str | PathLike[str],
    step: int = -1,
    image: Pictured | None = None,
    *,
    record: str | PathLike[str] = "",
    progress: OnProgress | None = None,
    **params: Value,
) -> Result:
    """Resume a recorded optimization, from its newest or an earlier step.

    The steps are identical, bit for bit, to those of an uninterrupted run.

    Args:
        folder: of the recording.
        step: its number; -1 for the newest.
        image: the image; by default it is found by its hash.
        record: another folder, for a fork; by default the recording itself is
            continued, and all later steps are dropped.
        progress: called with each ``Progress`` of the method.
        **params: steerable parameters to change from that step on.

    Raises:
        NnvizError: no recording; no such step; the network or image has changed.
    """
    recipe = open_recording(folder).recipe
    beside = Path(folder) / recordings.RECIPE_FILE
    photo = (
        stored.find_image(recipe, beside) if image is None else photo_of(recipe, image)
    )
    files = stored.with_images(recipe, beside).values
    request = RunMethod(
        method=recipe.method,
        model=stored.model_request(recipe, beside),
        image=photo,
        values={name: files[name] for name in recipe.pictures} | params,
        recording=str(record or folder),
        begin=RecordingStep(str(folder), step),
    )
    return Result(perform(request, progress))


def export_recording(
    folder: str | PathLike[str],
    out: str | PathLike[str],
    *,
    rate: float = 15.0,
    blend: float = 0.0,
    progress: OnProgress | None = None,
) -> Path:
    """Write a recording as a video.

    Args:
        folder: of the recording.
        out: a file's name, .mp4 or .gif; else a folder for numbered PNG files.
        rate: frames a second.
        blend: share of the image in each frame, 0 to 1.
        progress: called with each ``Progress``.

    Returns:
        ``out``.

    Raises:
        NnvizError: no recording, or the file cannot be written.
    """
    # Imported here: it loads painters.
    from nnviz.storage import recording_export as films  # noqa: PLC0415

    request = VideoExport(folder=str(folder), out=str(out), rate=rate, blend=blend)
    return films.export_recording(request, progress or (lambda _: None))[0]


def video(
    method: str,
    model: Model | str | PathLike[str],
    source: str | PathLike[str],
    out: str | PathLike[str],
    *,
    kept: float | None = None,
    seconds: float = float("inf"),
    seed: int = 0,
    progress: OnProgress | None = None,
    **params: Value,
) -> tuple[str, ...]:
    """Run a method such as "deep_dream" on every frame of a video.

    Args:
        method: one whose main result is an image.
        model: what ``load`` returns or accepts.
        source: the video's path.
        out: the new video's, .mp4 or .gif; an MP4 keeps the original's sound.
        kept: fraction of the previous result in the next image, in [0, 1); by default
            0.15, or 0 for methods that run live, which stabilize videos themselves.
        seconds: duration to process, s.
        seed: of the random numbers, the same for each image.
        progress: called after each frame.
        **params: the method's parameters; those left out keep their defaults.

    Returns:
        Remarks on the new video.

    Raises:
        NnvizError: no such video, the method returns no images, or the file cannot be
            written.
    """
    opened = model if isinstance(model, Model) else load(model)
    request = ChangeVideo(
        method=method,
        model=opened.request,
        film=str(source),
        out=str(out),
        values=params,
        seed=seed,
        kept=kept,
        seconds=seconds,
    )
    return perform(request, progress)
