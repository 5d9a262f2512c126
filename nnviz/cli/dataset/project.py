"""``nnviz project``: the images of an index as points of a plane."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.dataset.projections import PlacedImage, Projection
from nnviz.base.errors import unknown
from nnviz.cli import console, opening
from nnviz.cli.arguments import Parser, add_out, number, whole_number
from nnviz.cli.dataset.opening import index_parser, open_index

_METHODS = ("pca", "lda", "tsne", "autoencoder", "umap")


def execute(words: Sequence[str]) -> int:
    """Project, and write plot, table and arrays."""
    options = _parser().read(words)
    if options.method not in _METHODS:
        raise unknown("projection", options.method, _METHODS)
    index = open_index(options)
    opening.check_out(Path(options.out))
    from nnviz.storage.projections import save_projection  # noqa: PLC0415  numpy

    with console.ProgressLine() as progress:
        found = index.project(
            options.method,
            layer=options.layer,
            limit=options.limit,
            perplexity=options.perplexity,
            neighbors=options.neighbors,
            steps=options.steps,
            seed=options.seed,
            progress=progress,
        )
    placed = [
        index.place(
            image,
            options.method,
            layer=options.layer,
            limit=options.limit,
            perplexity=options.perplexity,
            neighbors=options.neighbors,
            steps=options.steps,
            seed=options.seed,
        )
        for image in options.place
    ]
    color = "predicted" if options.color == "prediction" else "label"
    written = save_projection(found, index.images, Path(options.out), color, placed)
    files = [str(path) for path in written]
    if options.json:
        console.answer({**_plain(found, placed), "files": files})
    else:
        _tell(found, placed, files)
    return 0


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


def _parser() -> Parser:
    parser = index_parser(
        "project",
        "Lay the images of an index out as points of a plane, by the features of a"
        " layer or\nby pixels; writes a plot, a table of coordinates and the arrays.",
        "INDEX --method pca|lda|tsne|autoencoder|umap --out DIR [options]",
    )
    parser.add_argument(
        "--method",
        metavar="M",
        default="pca",
        help=f"{', '.join(_METHODS)} (default %(default)s)",
    )
    parser.add_argument(
        "--layer",
        metavar="L",
        default="",
        help="one of the index, or pixels (default: the deepest)",
    )
    for name, default, text in (
        ("--limit", 0, "use at most N images, taken evenly (default all)"),
        ("--neighbors", 15, "of UMAP (default 15)"),
        ("--steps", 0, "of t-SNE or epochs of the autoencoder (default 500 and 40)"),
        ("--seed", 0, "of random numbers (default 0)"),
    ):
        parser.add_argument(
            name, metavar="N", type=whole_number(name), default=default, help=text
        )
    parser.add_argument(
        "--perplexity",
        metavar="P",
        type=number("--perplexity"),
        default=0.0,
        help="of t-SNE: about how many neighbors count (default 30)",
    )
    parser.add_argument(
        "--place",
        metavar="IMAGE",
        action="append",
        default=[],
        help="also lay a new image on the finished plane; may be given several times",
    )
    parser.add_argument(
        "--color",
        choices=("class", "prediction"),
        default="class",
        help="what colors the points of the plot (default %(default)s)",
    )
    add_out(parser, "projection")
    return parser
