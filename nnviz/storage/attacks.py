"""Files of attacks: attacked photos read back, robustness curves written."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.images import Image
from nnviz.base.measures.evaluation import Robustness
from nnviz.base.recipes import Recipe
from nnviz.media.decode import open_image
from nnviz.media.encode import read_marked, write_png, write_text
from nnviz.storage.results import ATTACKED

CURVE_KEY = "nnviz.curve"
"""Keyword of the PNG text chunk that holds the figures of a curve."""
_WIDTH = 1200
_TITLE = "Accuracy against epsilon"


def attacked_image(file: Path, recipe: Recipe) -> Image:
    """Read the attacked photo of a saved attack.

    Args:
        file: the photo itself, or the page or recipe beside it.
        recipe: recipe in the file.

    Raises:
        InputError: the recipe is of no attack, or its image is missing.
    """
    if not recipe.adversarial:
        raise InputError(
            file.name, f"holds a result of {recipe.method}, not of an attack",
            "pick one of nnviz run pgd",
        )  # fmt: skip
    if file.suffix.lower() != ".json" and read_marked(file):
        return open_image(file)
    beside = file.with_suffix("").with_name(file.with_suffix("").name + ATTACKED)
    if not beside.is_file():
        raise InputError(
            beside.name, "the attacked image is not beside the recipe", "name it"
        )
    return open_image(beside)


def save_curve(found: Robustness, folder: Path) -> tuple[Path, ...]:
    """Write ATTACK.NORM.csv, .png and .svg of accuracy against epsilon.

    The PNG and the first line of the CSV, a comment, hold all that was measured.

    Args:
        found: the measurement.
        folder: created if it does not exist.

    Returns:
        The three paths.

    Raises:
        InputError: the files cannot be written.
    """
    # Imported here: opening files needs no painter.
    from nnviz.render.charts import curves_svg  # noqa: PLC0415
    from nnviz.render.report import paint_report  # noqa: PLC0415

    name = f"{found.attack.partition(',')[0]}.{found.norm}"
    paths = tuple(folder / f"curve.{name}{end}" for end in (".csv", ".png", ".svg"))
    facts = json.dumps(asdict(found) | {"data": Path(found.data).name}, sort_keys=True)
    table = found.table()
    text = io.StringIO()
    text.write(f"# {facts}\n")
    csv.writer(text, lineterminator="\n").writerows([table.columns, *table.rows])
    page = paint_report(found.report(), None, _WIDTH, _TITLE)
    write_text(paths[0], text.getvalue())
    write_png(paths[1], page, {CURVE_KEY: facts})
    write_text(paths[2], curves_svg(found.curves(), _WIDTH))
    return paths
