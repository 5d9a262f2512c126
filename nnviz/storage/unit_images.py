"""Cache of feature visualizations of units: one PNG file each, with its recipe."""

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from nnviz.base.documents.unit_images import FoundUnitImage, UnitKey
from nnviz.base.errors import InputError, NnvizError
from nnviz.base.images import Colors, rgb8
from nnviz.base.recipes import Run
from nnviz.base.results import ColorImage
from nnviz.media.decode import open_image
from nnviz.media.encode import write_png
from nnviz.storage.results import RECIPE_KEY

_UNSAFE = re.compile(r"[^\w.-]+")


def place_of(unit_key: UnitKey, root: Path | None = None) -> Path:
    """Return the cache path of a unit's image.

    Args:
        unit_key: the unit.
        root: folder of all; None for the user's cache.
    """
    root = root or user_cache_path("nnviz", appauthor=False) / "portraits"
    layer = _UNSAFE.sub("_", unit_key.layer) or "output"
    return root / unit_key.network / layer / unit_key.name


def find_unit_image(unit_key: UnitKey, root: Path | None = None) -> FoundUnitImage:
    """Read a unit's image from the cache; without pixels where missing or damaged."""
    path = place_of(unit_key, root)
    if path.is_file():
        with suppress(NnvizError):
            return FoundUnitImage(unit_key, rgb8(open_image(path).pixels))
    return FoundUnitImage(unit_key, None)


def keep_unit_image(unit_key: UnitKey, run: Run, root: Path | None = None) -> None:
    """Write a unit's image to the cache, ignoring failures to write."""
    main = run.report.main
    if isinstance(main, ColorImage):
        with suppress(NnvizError):
            text = {RECIPE_KEY: run.recipe.to_json()}
            write_png(place_of(unit_key, root), rgb8(main.pixels), text)


def save_unit_images(
    unit_keys: Iterable[UnitKey], sheet: Colors, base: Path, root: Path | None = None
) -> tuple[Path, ...]:
    """Write a sheet of unit images, and each cached image as UNIT.png.

    Args:
        unit_keys: units on the sheet.
        sheet: uint8 (H, W, 3).
        base: path of the sheet without suffix, and of the folder of the others.
        root: as in ``place_of``.

    Raises:
        InputError: the files cannot be written.
    """
    written = [base.with_name(base.name + ".png")]
    write_png(written[0], sheet)
    for unit_key in unit_keys:
        kept = place_of(unit_key, root)
        if not kept.is_file():
            continue
        written.append(base / f"{unit_key.unit:04d}.png")
        try:
            base.mkdir(exist_ok=True)
            shutil.copyfile(kept, written[-1])
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(str(base), reason, "choose another folder") from error
    return tuple(written)
