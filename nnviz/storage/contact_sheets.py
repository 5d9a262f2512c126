"""Files of contact sheets."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.recipes import Run
from nnviz.media.encode import write_png


def save_contact_sheet(runs: Sequence[Run], path: Path) -> Path:
    """Write results side by side as one PNG file; return its path.

    Raises:
        UsageError: there is no result, or the path does not end in .png.
        InputError: the file cannot be written.
    """
    if not runs:
        raise UsageError("contact sheet", "holds no result", "run a method first")
    check_name(path)
    # Imported here: opening files needs no painter.
    from nnviz.render.contact_sheet import paint  # noqa: PLC0415

    write_png(path, paint(runs))
    return path


def check_name(path: Path) -> None:
    """Raise unless the file name ends in .png.

    Raises:
        UsageError: it does not end in .png.
    """
    if path.suffix.lower() != ".png":
        reason = "a contact sheet is written as PNG"
        raise UsageError(path.name, reason, "name a .png file")
