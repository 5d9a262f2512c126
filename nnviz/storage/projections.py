"""Files of projections: a plot, a table of coordinates, arrays."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnviz.base.dataset.projections import PlacedImage, Projection
from nnviz.media.encode import write_npz, write_png
from nnviz.media.files import write_text
from nnviz.media.index import ImageIndex


def save_projection(
    found: Projection,
    index: ImageIndex,
    folder: Path,
    color: str = "label",
    placed: Sequence[PlacedImage] = (),
) -> tuple[Path, ...]:
    """Write METHOD.png, METHOD.csv (path, class, prediction, x, y) and METHOD.npz.

    Args:
        found: the projection.
        index: index that was projected.
        folder: folder to write to.
        color: column whose classes color the points, "label" or "predicted".
        placed: new images, which are marked and come last in the table.

    Raises:
        InputError: the folder cannot be written to.
    """
    from nnviz.render.dataset.projection_plot import plot  # noqa: PLC0415  matplotlib

    paths = tuple(folder / f"{found.method}.{kind}" for kind in ("png", "csv", "npz"))
    column = index.columns.get(color, index.columns["label"])
    labels = np.asarray(column, np.int64)[found.records]
    write_png(paths[0], plot(found, labels, index.class_names, placed))
    write_text(paths[1], table_of(found, index, placed))
    names = ("records", "points", "scree", "loads", "center")
    write_npz(paths[2], {name: getattr(found, name) for name in names})
    return paths


def table_of(
    found: Projection, index: ImageIndex, placed: Sequence[PlacedImage] = ()
) -> str:
    """Return coordinates as CSV, one row for each image."""
    names = [*index.class_names, ""]
    label = index.columns["label"]
    predicted = index.columns.get("predicted", label)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("path", "class", "predicted", "x", "y"))
    for record, (x, y) in zip(found.records.tolist(), found.points, strict=True):
        writer.writerow(
            (
                index.paths[record],
                names[label[record]],
                names[predicted[record]],
                f"{x:.6g}",
                f"{y:.6g}",
            )
        )
    for each in placed:
        x, y = each.point.tolist()
        writer.writerow((each.name, "", "", f"{x:.6g}", f"{y:.6g}"))
    return text.getvalue()
