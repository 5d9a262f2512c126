"""Files of results: an image, the arrays and the recipe."""

import os
import re
import shutil
import threading
import uuid
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnviz.base.attacks import attacked_photo, warning_of
from nnviz.base.errors import InputError
from nnviz.base.recipes import Run
from nnviz.base.stickers.placed import sticker_of
from nnviz.media.decode import open_image
from nnviz.media.encode import write_marked, write_npz, write_png, write_text
from nnviz.media.files import PART_SUFFIX, part_prefix, sweep_parts
from nnviz.media.stickers.cutting import from_image, with_alpha

if TYPE_CHECKING:  # opening files needs no painter
    from nnviz.render.maps.heatmaps import Looks

RECIPE_KEY = "nnviz.recipe"
"""Keyword of the PNG text chunk that holds the recipe."""
_SUFFIXES = (".png", ".npz", ".json")
LAST_SUFFIX = _SUFFIXES[0]
"""Suffix of the file that is moved into place last: if it exists, all do."""
ATTACKED = ".adversarial.png"
"""Suffix of the photo that an attack made."""
STICKER = ".sticker.png"
"""Suffix of a learned sticker, with transparency."""
_LEVELS = 255
_CHANNELS = (1, 3)
"""Numbers of channels of a PNG, gray and color; other numbers mean something else."""
_LONGEST_NAME = 255
"""Bytes of the longest file name that every system accepts."""
_WIDTH = 1600
"""Width of the saved image, px."""
_naming = threading.Lock()
"""Keeps two results that are saved at the same time from choosing the same free name.
"""
_FOLDERS = re.compile(r"[/\\]")
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')


def save_run(
    run: Run,
    folder: Path,
    stem: str | None = None,
    *,
    overwrite: bool = True,
    looks: "Looks | None" = None,
) -> tuple[Path, ...]:
    """Write ``STEM.METHOD.png`` (recipe embedded), ``.npz`` (all arrays) and ``.json``.

    An attack also gets ``.adversarial.png``, the attacked photo itself, verified to
    decode to the tested pixels; a learned sticker ``.sticker.png``, with transparency.
    All files are written or none: they are staged in a hidden folder.

    Args:
        run: the run to save.
        folder: created if it does not exist.
        stem: first part of the names; None for the image's name, or the
            network's where there is no image.
        looks: appearance of maps by the result's name; maps left out have the default.
        overwrite: replace files of the same name, else number the new ones.

    Returns:
        The paths.

    Raises:
        InputError: the files cannot be written.
    """
    # Imported here: opening files needs no painter.
    from nnviz.render.report import paint_report  # noqa: PLC0415

    text = run.recipe.to_json()
    base = f"{_stem(run, stem)}.{run.recipe.method}"
    stage = folder / f"{part_prefix()}{uuid.uuid4().hex}{PART_SUFFIX}"
    sweep_parts(folder)
    try:
        # Each writer creates missing folders.
        title = run.recipe.title
        picture = paint_report(run.report, run.image, _WIDTH, title, looks or {})
        write_png(stage / ".png", picture, {RECIPE_KEY: text})
        write_npz(stage / ".npz", run.report.arrays())
        write_text(stage / ".json", text)
        _write_attacked(stage / ATTACKED, run, text)
        _write_sticker(stage / STICKER, run, text)
        return _publish(stage, folder / base, overwrite=overwrite)
    except InputError as error:
        # The staging folder means nothing to the user.
        raise InputError(str(folder), error.reason, error.remedy) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _write_attacked(path: Path, run: Run, recipe: str) -> None:
    """Write an attacked photo losslessly and verify it; do nothing for other runs.

    Raises:
        InputError: the file does not hold the written pixels.
    """
    found = attacked_photo(run.report) if run.recipe.adversarial else None
    if found is None or found.pixels.shape[2] not in _CHANNELS:
        return
    pixels = (found.pixels * _LEVELS).round().astype(np.uint8)
    write_marked(path, pixels, recipe, warning_of(run.recipe))
    if not np.array_equal(open_image(path).pixels, pixels):
        raise InputError(path.name, "does not hold what was written", "save it again")


def _write_sticker(path: Path, run: Run, recipe: str) -> None:
    """Write the sticker that a run has learned; do nothing for other runs."""
    found = sticker_of(run.report)
    if found is not None:
        sticker = with_alpha(from_image(found))
        write_marked(path, sticker, recipe, warning_of(run.recipe))


def _publish(stage: Path, base: Path, *, overwrite: bool) -> tuple[Path, ...]:
    """Move the staged files into place.

    Raises:
        InputError: a folder has one of the names.
    """
    with _naming:
        suffixes = tuple(
            each for each in (*_SUFFIXES, ATTACKED, STICKER) if (stage / each).exists()
        )
        paths = _names(base, suffixes) if overwrite else _free_names(base, suffixes)
        for path in paths:
            if path.is_dir():
                raise InputError(
                    path.name, f"{path.name} is a folder", "choose another folder"
                )
        for suffix, path in reversed(list(zip(suffixes, paths, strict=True))):
            (stage / suffix).replace(path)
    return paths


def _names(base: Path, suffixes: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(base.with_name(base.name + suffix) for suffix in suffixes)


def _free_names(base: Path, suffixes: tuple[str, ...]) -> tuple[Path, ...]:
    """Return file names not yet taken: ``cat.filters``, ``cat.filters-2``, ..."""
    numbered = (base.with_name(f"{base.name}-{number}") for number in count(2))
    candidates = (_names(each, suffixes) for each in chain([base], numbered))
    return next(
        paths for paths in candidates if not any(path.exists() for path in paths)
    )


def _stem(run: Run, stem: str | None) -> str:
    """Return a file stem that is legal on every system."""
    if stem is None:
        stem = Path(run.recipe.image).stem or _model_name(run.recipe.model)
    whole = _UNSAFE.sub("_", _FOLDERS.split(stem)[-1]).strip(" .") or "result"
    room = _LONGEST_NAME - len(f".{run.recipe.method}{ATTACKED}-99")
    while len(os.fsencode(whole)) > room:
        whole = whole[:-1]
    return whole


def _model_name(reference: str) -> str:
    """Return the name of a network's file, or the part after ``zoo:``."""
    *folders, name = _FOLDERS.split(reference)
    return Path(name).stem if folders else reference.partition(":")[2] or reference
