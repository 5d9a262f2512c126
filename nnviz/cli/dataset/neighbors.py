"""``nnviz neighbors``: images of an index that are most like another."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.dataset.neighbors import METRICS, PIXELS, Neighbors
from nnviz.base.errors import UsageError
from nnviz.cli import console
from nnviz.cli.arguments import Parser
from nnviz.cli.dataset.opening import index_parser, open_index

_CORNERS = 4


def execute(words: Sequence[str]) -> int:
    """Search, and write the neighbors as a table."""
    options = _parser().read(words)
    index = open_index(options)
    if not options.image:
        raise UsageError("IMAGE", "missing", "name a file, or the number of a record")
    record = options.image.isdecimal() and not Path(options.image).exists()
    with console.ProgressLine() as progress:
        found = index.neighbors(
            int(options.image) if record else options.image,
            count=options.count,
            layer=options.layer,
            metric=options.metric,
            box=_box(options.box),
            exact=options.exact,
            progress=progress,
        )
    if options.json:
        console.answer(_plain(found))
    else:
        _tell(found)
    return 0


def _tell(found: Neighbors) -> None:
    console.heading(f"Nearest to {found.query} by {found.layer} ({found.metric})")
    console.table(
        ("record", "distance", "class", "image"),
        [
            (str(record), f"{distance:.4f}", label or "-", path)
            for record, distance, label, path in zip(
                found.records, found.distances, found.labels, found.paths, strict=True
            )
        ],
        right=(0, 1),
    )
    if found.how:
        console.line(f"  {found.how}; --exact compares every image")


def _box(text: str) -> tuple[float, float, float, float] | tuple[()]:
    """Read "left,top,right,bottom".

    Raises:
        UsageError: these are not four numbers.
    """
    if not text:
        return ()
    parts = text.split(",")
    try:
        left, top, right, bottom = map(float, parts)
    except ValueError:
        raise UsageError(
            "--box", f"{text!r} is no box", "write left,top,right,bottom in px"
        ) from None
    return left, top, right, bottom


def _plain(found: Neighbors) -> dict[str, object]:
    return {
        "query": found.query,
        "layer": found.layer,
        "metric": found.metric,
        "exact": found.exact,
        "recall": found.recall,
        "neighbors": [
            {"record": int(record), "path": path, "class": label, "distance": float(d)}
            for record, path, label, d in zip(
                found.records, found.paths, found.labels, found.distances, strict=True
            )
        ],
    }


def _parser() -> Parser:
    parser = index_parser(
        "neighbors",
        "Find the images of an index that a network finds most like another, or that\n"
        "are most like it pixel by pixel.  Of more than 200,000 images those of the"
        " nearest\ngroups are compared, if faiss is installed, and the recall is said.",
        "INDEX IMAGE|RECORD [options]",
        count=10,
        what="how many",
    )
    parser.add_argument(
        "image",
        metavar="IMAGE|RECORD",
        nargs="?",
        default="",
        help="file of an image, in the index or not, or the number of a record",
    )
    parser.add_argument(
        "--layer",
        metavar="L",
        default="",
        help=f"whose features are compared, or {PIXELS} (default: the deepest indexed)",
    )
    parser.add_argument(
        "--metric", choices=METRICS, default=METRICS[0], help="(default %(default)s)"
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="compare every image, however many there are",
    )
    parser.add_argument(
        "--box",
        metavar="L,T,R,B",
        default="",
        help="only this part of the image, px",
    )
    return parser
