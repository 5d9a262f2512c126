"""``nnviz project``: a two-dimensional projection of the images of an index."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.dataset.projections import PlacedImage, Projection
from nnviz.base.errors import unknown
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Parser,
    add_out,
    choice_option,
    number_option,
    repeated_option,
    text_option,
    whole_option,
)
from nnviz.cli.dataset.opening import index_parser, open_index

_METHODS = ("pca", "lda", "tsne", "autoencoder", "umap")
_SETTINGS = ("layer", "limit", "perplexity", "neighbors", "steps", "seed")
"""Options that determine the projection."""


def execute(words: Sequence[str]) -> int:
    """Run the command: project, and write plot, table and arrays."""
    options = _parser().read(words)
    if options.method not in _METHODS:
        raise unknown("projection", options.method, _METHODS)
    index = open_index(options)
    opening.check_out(Path(options.out))
    from nnviz.storage.projections import save_projection  # noqa: PLC0415  numpy

    settings = {name: getattr(options, name) for name in _SETTINGS}
    with console.ProgressLine() as progress:
        found = index.project(options.method, progress=progress, **settings)
    placed = [index.place(image, options.method, **settings) for image in options.place]
    color = "predicted" if options.color == "prediction" else "label"
    written = save_projection(found, index.images, Path(options.out), color, placed)
    files = [str(path) for path in written]
    answer = {**_plain(found, placed), "files": files}
    return console.conclude(
        answer, lambda: _tell(found, placed, files), json=options.json
    )


def _plain(found: Projection, placed: Sequence[PlacedImage]) -> dict[str, object]:
    return {
        "method": found.method,
        "layer": found.layer,
        "images": len(found.records),
        "figures": found.figures,
        "scree": found.scree.tolist(),
        "warning": found.warning,
        "placed": [
            {
                "image": each.name,
                "point": each.point.tolist(),
                "neighbors": each.neighbors.records.tolist(),
            }
            for each in placed
        ],
    }


def _tell(
    found: Projection, placed: Sequence[PlacedImage], files: Sequence[str]
) -> None:
    console.heading(f"{found.method} of {len(found.records)} images by {found.layer}")
    for name, value in found.figures.items():
        console.line(f"  {name:<24}{value:8.3g}")
    for each in placed:
        x, y = each.point.tolist()
        near = ", ".join(filter(None, dict.fromkeys(each.neighbors.labels))) or "-"
        console.line(f"  {each.name} at {x:.4g}, {y:.4g}; neighbors: {near}")
    for line in (f"  {found.warning}", *files):
        console.line(line)


_OPTIONS = (
    text_option(
        "--method", "M", f"{', '.join(_METHODS)} (default %(default)s)", default="pca"
    ),
    text_option("--layer", "L", "layer of the index, or pixels (default: the deepest)"),
    whole_option("--limit", 0, "use at most N images, evenly sampled (default: all)"),
    whole_option("--neighbors", 15, "neighbors in UMAP (default 15)"),
    whole_option(
        "--steps",
        0,
        "iterations of t-SNE, or epochs of the autoencoder (default 500 and 40)",
    ),
    whole_option("--seed", 0, "of random numbers (default 0)"),
    number_option(
        "--perplexity",
        0.0,
        "perplexity of t-SNE: approximate number of neighbors (default 30)",
        metavar="P",
    ),
    repeated_option(
        "--place",
        "IMAGE",
        "also place a new image on the finished map; may be given several times",
    ),
    choice_option(
        "--color",
        ("class", "prediction"),
        "column that colors the points of the plot (default %(default)s)",
        default="class",
    ),
)


def _parser() -> Parser:
    parser = index_parser(
        "project",
        "Map the images of an index to points of a plane, by the features of a "
        "layer or by\npixels; writes a plot, a table of coordinates and the arrays.",
        "INDEX --method pca|lda|tsne|autoencoder|umap --out DIR [options]",
    )
    parser.add(_OPTIONS)
    add_out(parser, "projection")
    return parser
