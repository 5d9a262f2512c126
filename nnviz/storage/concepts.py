"""Parts of a layer as files: a sheet of images on which each lies, the arrays."""

from pathlib import Path

from nnviz.base.dataset.concepts import ConceptParts
from nnviz.media.encode import write_npz, write_png
from nnviz.media.index import ImageIndex


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
