"""Portraits of units, kept on disk: one PNG file each, with its recipe inside."""

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from nnviz.base.errors import InputError, NnvizError
from nnviz.base.images import Colours, rgb8
from nnviz.base.portraits import FoundPortrait, Sitter
from nnviz.base.recipes import Run
from nnviz.base.results import Picture
from nnviz.media.decode import open_image
from nnviz.media.encode import write_png
from nnviz.storage.results import RECIPE_KEY

_UNSAFE = re.compile(r"[^\w.-]+")


def place_of(sitter: Sitter, root: Path | None = None) -> Path:
    """Return where a portrait is kept.

    Args:
        sitter: whose.
        root: folder of all; None for the user's cache.
    """
    root = root or user_cache_path("nnviz", appauthor=False) / "portraits"
    layer = _UNSAFE.sub("_", sitter.layer) or "output"
    return root / sitter.network / layer / sitter.name


def find_portrait(sitter: Sitter, root: Path | None = None) -> FoundPortrait:
    """Return a portrait if it is there and whole."""
    path = place_of(sitter, root)
    if path.is_file():
        with suppress(NnvizError):
            return FoundPortrait(sitter, rgb8(open_image(path).pixels))
    return FoundPortrait(sitter, None)


def keep_portrait(sitter: Sitter, run: Run, root: Path | None = None) -> None:
    """Keep a portrait; a disk that refuses is no error: it is made again."""
    main = run.report.main
    if isinstance(main, Picture):
        with suppress(NnvizError):
            text = {RECIPE_KEY: run.recipe.to_json()}
            write_png(place_of(sitter, root), rgb8(main.pixels), text)


def save_portraits(
    sitters: Iterable[Sitter], sheet: Colours, base: Path, root: Path | None = None
) -> tuple[Path, ...]:
    """Write a sheet of portraits, and beside it each that is kept, as UNIT.png.

    Args:
        sitters: who is on the sheet.
        sheet: uint8 (H, W, 3).
        base: path of the sheet without suffix, and of the folder of the others.
        root: as in ``place_of``.

    Raises:
        InputError: the folder or the disk does not allow it.
    """
    written = [base.with_name(base.name + ".png")]
    write_png(written[0], sheet)
    for sitter in sitters:
        kept = place_of(sitter, root)
        if not kept.is_file():
            continue
        written.append(base / f"{sitter.unit:04d}.png")
        try:
            base.mkdir(exist_ok=True)
            shutil.copyfile(kept, written[-1])
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(str(base), reason, "choose another folder") from error
    return tuple(written)
