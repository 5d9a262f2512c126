"""Concepts as files: directions; parts, with a sheet of images on which each lies."""

from pathlib import Path

import numpy as np

from nnviz.base.dataset.concepts import ConceptParts, ConceptTest
from nnviz.media.encode import write_npz, write_png
from nnviz.media.index import ImageIndex


def save_direction(found: ConceptTest, folder: Path) -> Path:
    """Write a concept's direction, to be asked about as ``direction:FILE``.

    Raises:
        InputError: the folder cannot be written to.
    """
    name = "".join(each if each.isalnum() else "-" for each in found.concept)
    path = folder / f"{name}.direction.npz"
    arrays = {"layer": np.array(found.layer), "direction": found.direction}
    write_npz(path, arrays)
    return path


def save_parts(
    found: ConceptParts, index: ImageIndex, folder: Path
) -> tuple[Path, ...]:
    """Write ``LAYER-parts.png`` and ``LAYER-parts.npz``.

    Raises:
        InputError: the folder cannot be written to.
    """
    from nnviz.render.dataset.part_sheet import part_sheet  # noqa: PLC0415  fonts

    stem = found.layer.replace("/", "_")
    paths = (folder / f"{stem}-parts.png", folder / f"{stem}-parts.npz")
    thumbnails = index.thumbnails[found.records[found.top]]
    write_png(paths[0], part_sheet(found, thumbnails))
    names = ("records", "parts", "maps", "shares", "top")
    write_npz(paths[1], {name: getattr(found, name) for name in names})
    return paths
