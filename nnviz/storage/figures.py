"""Files of figures for slides and papers."""

from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.base.images import Image
from nnviz.base.results import Result
from nnviz.media.files import replacing

if TYPE_CHECKING:  # opening files needs no painter
    from nnviz.render.figures import FigureLook


def save_figure(
    result: Result, image: Image | None, path: Path, look: "FigureLook | None" = None
) -> Path:
    """Write a result as a figure without title or background; the ending is the format.

    Args:
        result: any kind.
        image: image below the result, for kinds that lie over one.
        path: ends with .svg, .pdf or .png.
        look: appearance; None for the default.

    Returns:
        The path.

    Raises:
        UsageError: the path has another suffix.
        InputError: it cannot be written.
    """
    from nnviz.render import figures  # noqa: PLC0415  who only opens needs no painter

    kind = path.suffix.lower().removeprefix(".")
    data = figures.write(result, image, kind, look)
    with replacing(path) as file:
        file.write(data)
    return path
