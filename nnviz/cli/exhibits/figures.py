"""A saved result as a figure of a page: views, files, and commands to reproduce it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from nnviz import api
from nnviz.base.documents.snippets import command_line, python_code
from nnviz.base.info import MethodInfo
from nnviz.base.results import ColorImage, Heatmap, Ranking, Table
from nnviz.cli.exhibits.gallery import Figure, View
from nnviz.media.encode import write_png
from nnviz.render.report import paint

_VIEWS = "views"
_WIDTH = 640
"""Width of an image on the page, px, at which its text is as large as the page's small
print.
"""
_PICTORIAL = (Heatmap, ColorImage, Table)


def figure_of(
    method: MethodInfo, result: api.Result, files: Sequence[Path], usual: str
) -> Figure:
    """Build the figure of a saved result.

    Args:
        method: the method.
        result: its report.
        files: the saved files, the report's image first.
        usual: reference of the page's default network.
    """
    recipe = result.recipe
    by = () if recipe.model == usual else (recipe.model,)
    return Figure(
        views=tuple(_views(result, files[0])),
        files=tuple(file.name for file in files),
        subject=recipe.image or recipe.model,
        notes=(*by, *result.report.notes),
        command=command_line(recipe, method.parameters),
        python=python_code(recipe, method.parameters),
        answer=_answer(result),
    )


def _views(result: api.Result, picture: Path) -> Iterator[View]:
    """Write the main result and each image result; yield them as views."""
    for name, each in result.report.items():
        if each is not result.main and not isinstance(each, _PICTORIAL):
            continue
        pixels = paint(each, result.image, _WIDTH)
        place = Path(_VIEWS) / f"{picture.stem}.{name}.png"
        write_png(picture.parent / place, pixels)
        yield View(place.as_posix(), name, (pixels.shape[1], pixels.shape[0]))


def _answer(result: api.Result) -> str:
    """Return the first line of a ranking, for the image's caption."""
    main = result.main
    if not isinstance(main, Ranking) or main.unit != "probability":
        return ""
    return f"{main.labels[0]}, {100 * main.values[0]:.0f} %"
