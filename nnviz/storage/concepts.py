"""Files of concepts: directions, NMF parts, sheets of the parts' images."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.concepts import ConceptParts, ConceptTest
from nnviz.media.encode import write_npz, write_png
from nnviz.media.index import ImageIndex


def save_direction(found: ConceptTest, folder: Path) -> Path:
    """Write a concept's direction, for use as the target ``direction:FILE``.

    Raises:
        InputError: the folder cannot be written to.
    """
    return save_vector(found.concept, found.layer, found.direction, folder)


def save_vector(
    name: str, layer: str, vector: NDArray[np.float32], folder: Path
) -> Path:
    """Write a direction in a layer's channel space; return its path.

    Args:
        name: of the file.
        layer: name.
        vector: (C,).
        folder: folder, created if it does not exist.

    Raises:
        InputError: the folder cannot be written to.
    """
    stem = "".join(each if each.isalnum() else "-" for each in name)
    path = folder / f"{stem}.direction.npz"
    write_npz(path, {"layer": np.array(layer), "direction": vector})
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
