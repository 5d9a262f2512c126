"""``nnviz index``: an index of a network's outputs over a set of images."""

import argparse
import sys
from collections.abc import Sequence

from nnviz.base.dataset.indexing import IndexSummary
from nnviz.base.errors import UsageError
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_cluster_options,
    add_json_option,
    add_model_options,
    flag_option,
    text_option,
    whole_option,
)

_NAMED = 5
"""Maximum number of skipped or changed images to name."""
STDIN = "-"


def execute(words: Sequence[str]) -> int:
    """Run the command: build or resume the index, and write its summary."""
    options = _parser().read(words)
    if not options.source:
        raise UsageError("index", "no set of images named", "name a folder")
    if not options.out:
        raise UsageError("--out", "missing", "name a folder for the index")
    found = _made(options)
    return console.conclude(found, lambda: _tell(found), json=options.json)


def _made(options: argparse.Namespace) -> IndexSummary:
    """Open the network and index the images."""
    images = _listed() if options.source == STDIN else ()
    model = opening.open_model(options)
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    with console.ProgressLine() as progress:
        made = api.index(
            images or options.source,
            model,
            out=options.out,
            layers=_layers(options),
            limit=options.limit,
            thumbnail=options.thumbnail,
            precision=options.precision,
            fresh=options.fresh,
            cluster=options.cluster,
            workers=options.workers,
            progress=progress,
        )
    if made.summary is None:
        raise TypeError("indexing returned no summary")
    return made.summary


def _layers(options: argparse.Namespace) -> list[str]:
    return [each.strip() for each in options.layers.split(",") if each.strip()]


def _listed() -> tuple[str, ...]:
    """Read paths from standard input, one per line.

    Raises:
        UsageError: there are no paths.
    """
    found = tuple(line.rstrip("\n") for line in sys.stdin if line.strip())
    if not found:
        raise UsageError(STDIN, "no paths on standard input", "write one per line")
    return found


def _tell(found: IndexSummary) -> None:
    console.heading(f"{found.folder}: {found.count} images, {found.model}")
    console.line(f"  {'added':<16}{found.added:7}")
    console.line(f"  {'layers':<16}{', '.join(found.layers) or 'none'}")
    if found.accuracy is not None:
        console.line(f"  {'top-1':<16}{100 * found.accuracy:7.1f} %")
    console.line(f"  {'time':<16}{found.seconds:7.0f} s")
    if found.added:
        share = found.network_seconds / max(found.seconds, 1e-9)
        console.line(f"  {'in the network':<16}{100 * share:7.0f} %")
    for note in found.notes:
        console.line(f"  {note}")
    _tell_left_out(found)


def _tell_left_out(found: IndexSummary) -> None:
    """List images that were skipped, have changed or are missing."""
    skipped = [f"{path}: {reason}" for path, reason in found.skipped]
    for what, names, remedy in (
        ("skipped", skipped, ""),
        ("changed since they were indexed", found.changed, "--fresh indexes again"),
        ("no longer on disk", found.missing, ""),
    ):
        _list(what, names, remedy)


def _list(what: str, names: Sequence[str], remedy: str) -> None:
    if not names:
        return
    console.heading(f"\n{len(names)} {what}{'; ' if remedy else ''}{remedy}")
    for name in names[:_NAMED]:
        console.line(f"  {name}")
    if len(names) > _NAMED:
        console.line(f"  and {len(names) - _NAMED} more; --json lists all")


_OPTIONS = (
    Option(
        "source",
        metavar="SET",
        nargs="?",
        help=(
            "folder, flat or with a subfolder for each class, below train and test"
            " or not; a CSV file (path, label, split, numbers); COCO's annotations;"
            " another index, for its images;"
            " a URL that fsspec opens (s3://...); scenes, scenes-planted,"
            " scenes-contradicting; or - for paths on standard input, one per line"
        ),
    ),
    text_option(
        "--layers",
        "L",
        "layers whose features are kept, separated by commas, or stages (default: "
        "the deepest with maps)",
    ),
    whole_option("--limit", 0, "use at most N images, evenly sampled (default: all)"),
    whole_option(
        "--thumbnail", 0, "side of the thumbnails, px (default 64, less if smaller)"
    ),
    text_option(
        "--precision",
        "P",
        "precision of the features on disk: float16 or float32 (default %(default)s)",
        default="float16",
    ),
    flag_option("--fresh", "discard what is in --out and start over"),
)


def _parser() -> Parser:
    parser = Parser(
        "index",
        "Run a network over a set of images and save what it computes for each:"
        " predictions,\nlosses, features of layers, highest activations, thumbnails."
        "  Run again on the same\n--out it continues where it stopped, and reports"
        " images that have changed on disk.",
        usage="DIR|FILE.csv|COCO.json|scenes|- --model REF --out INDEX [options]",
    )
    parser.add(_OPTIONS)
    add_cluster_options(parser)
    parser.add_general("--out", metavar="INDEX", default="", help="folder of the index")
    add_model_options(parser)
    add_json_option(parser)
    return parser
