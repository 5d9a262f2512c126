"""Files of architecture comparisons."""

from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.kinds.diagram_alignment import DiagramComparison
from nnviz.media.encode import write_png, write_text

_WIDTH = 1600
"""Of the image, px."""


def save_comparison(
    found: DiagramComparison, names: tuple[str, str], path: Path
) -> Path:
    """Write two graphs side by side, differences framed; return the path.

    Args:
        found: the graphs and their pairs.
        names: of the networks.
        path: ends with .svg or .png.

    Raises:
        UsageError: the path has another suffix.
        InputError: it cannot be written.
    """
    # Imported here: opening files needs no painter.
    from nnviz.render.drawings.diagram_pairs import paint_pair, svg_pair  # noqa: PLC0415

    match path.suffix.lower():
        case ".svg":
            write_text(path, svg_pair(found, names))
        case ".png":
            write_png(path, paint_pair(found, names, _WIDTH))
        case _:
            reason = "a comparison is written as SVG or PNG"
            raise UsageError(path.name, reason, "name a .svg or .png file")
    return path
