"""``nnviz neighbors``: the images of an index most similar to a given one."""

import argparse
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from nnviz.base.dataset.neighbors import METRICS, PIXELS, Neighbors
from nnviz.base.errors import UsageError
from nnviz.base.host.reading import exists
from nnviz.base.notation.numerals import is_whole
from nnviz.cli import console
from nnviz.cli.arguments import (
    Option,
    Parser,
    choice_option,
    flag_option,
    repeated_option,
    text_option,
)
from nnviz.cli.dataset.opening import index_parser, open_index

if TYPE_CHECKING:
    from nnviz import api


def execute(words: Sequence[str]) -> int:
    """Run the command: search, and write the neighbors as a table."""
    options = _parser().read(words)
    index = open_index(options)
    if not options.image:
        raise UsageError("IMAGE", "missing", "name a file, or the number of a record")
    record = is_whole(options.image) and not exists(options.image)
    if options.beside:
        return _compare(index, int(options.image) if record else options.image, options)
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
    return console.conclude(_plain(found), lambda: _tell(found), json=options.json)


def _compare(index: "api.Index", image: int | str, options: argparse.Namespace) -> int:
    """Write the neighbors by several networks side by side."""
    with console.ProgressLine() as progress:
        found = index.neighbors_beside(
            image,
            options.beside,
            count=options.count,
            metric=options.metric,
            progress=progress,
        )
    names = [index.images.facts.model, *options.beside]
    pairs = list(zip(names, found, strict=True))
    return console.conclude(
        [{"by": name, **_plain(each)} for name, each in pairs],
        lambda: _tell_all(pairs),
        json=options.json,
    )


def _tell_all(found: Sequence[tuple[str, Neighbors]]) -> None:
    first = found[0][1]
    console.heading(f"Nearest to {first.query} ({first.metric})")
    ways = [f"{name} {each.layer}" for name, each in found]
    rows = zip_longest(*(each.paths for _, each in found), fillvalue="")
    console.table(("", *ways), [(str(n), *row) for n, row in enumerate(rows, 1)])
    mine = set(first.records.tolist())
    for way, (_, each) in zip(ways[1:], found[1:], strict=True):
        shared = len(mine & set(each.records.tolist()))
        console.line(f"  {way}: {shared} of {len(mine)} are the first's too")


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
    """Parse "left,top,right,bottom".

    Raises:
        UsageError: the text is not four numbers.
    """
    if not text:
        return ()
    parts = text.split(",")
    try:
        left, top, right, bottom = map(float, parts)
    except ValueError:
        raise UsageError(
            "--box", f"{text!r} is not a box", "write left,top,right,bottom in px"
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


_OPTIONS = (
    Option(
        "image",
        metavar="IMAGE|RECORD",
        nargs="?",
        default="",
        help="file of an image, in the index or not, or the number of a record",
    ),
    text_option(
        "--layer",
        "L",
        f"layer to compare by, or {PIXELS} (default: the deepest indexed)",
    ),
    choice_option(
        "--metric", METRICS, "metric (default %(default)s)", default=METRICS[0]
    ),
    repeated_option(
        "--beside",
        "INDEX",
        "also search in another network's index of the same images, or by pixels; "
        "may be given several times",
    ),
    flag_option("--exact", "compare with every image, however many there are"),
    text_option("--box", "L,T,R,B", "search for this part of the image only, px"),
)


def _parser() -> Parser:
    parser = index_parser(
        "neighbors",
        "Find the images of an index that are most similar to another, by a "
        "network's features\nor pixel by pixel.  Of more than 200,000 images only "
        "those of the nearest groups are\ncompared, if faiss is installed, and the "
        "recall is reported.",
        "INDEX IMAGE|RECORD [options]",
        count=10,
        what="number of neighbors",
    )
    parser.add(_OPTIONS)
    return parser
