"""Printable pages of stickers."""

from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.stickers.placed import Cut
from nnviz.media.files import replacing
from nnviz.media.stickers.cutting import with_alpha
from nnviz.media.stickers.placed import open_cut
from nnviz.render.printing import Print, sticker_page


def print_sticker(sticker: Cut, out: Path, order: Print) -> Path:
    """Write a sticker as a PDF page, at its size in millimeters.

    Args:
        sticker: the sticker to print.
        out: the file to write, .pdf.
        order: how it is printed.

    Returns:
        ``out``.

    Raises:
        UsageError: the path has another suffix, the paper is unknown, or the page is
            too small.
        InputError: the sticker cannot be opened, or the file cannot be written.
    """
    if out.suffix.lower() != ".pdf":
        raise UsageError(out.name, "is not the name of a page", "end it in .pdf")
    picture = open_cut(sticker)
    page = sticker_page(with_alpha(picture), order, picture.name)
    with replacing(out) as file:
        file.write(page)
    return out
