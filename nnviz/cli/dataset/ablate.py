"""``nnviz ablate``: a set asked again with channels of a layer switched off."""

import dataclasses
from collections.abc import Sequence

from nnviz.base.dataset.concepts import Ablation
from nnviz.base.errors import UsageError
from nnviz.cli import console
from nnviz.cli.arguments import Parser, whole_number
from nnviz.cli.dataset.exemplars import read_channels
from nnviz.cli.dataset.opening import index_parser, open_index, plain

_SHOWN = 10


def execute(words: Sequence[str]) -> int:
    """Ablate, and write how the answers change."""
    options = _parser().read(words)
    index = open_index(options)
    channels = read_channels(options.channels)
    if not channels:
        raise UsageError("--channels", "missing", "write 3,7,20-25")
    with console.ProgressLine() as progress:
        found = index.ablate(
            channels,
            layer=options.layer,
            replacement=options.patch or options.replace,
            limit=options.limit,
            progress=progress,
        )
    if options.json:
        console.answer(plain(dataclasses.asdict(found)))
    else:
        _tell(found)
    return 0


def _tell(found: Ablation) -> None:
    numbers = ", ".join(map(str, found.channels[:_SHOWN]))
    console.heading(f"{found.layer} without {numbers} ({found.replacement})")
    if found.labeled:
        console.line(f"  {'top-1 before':<20}{100 * found.before:6.1f} %")
        console.line(f"  {'top-1 after':<20}{100 * found.after:6.1f} %")
    console.line(f"  {'other answer':<20}{100 * found.changed:6.1f} %")
    if found.classes:
        console.table(
            ("class", "images", "before", "after"),
            [
                (name, str(count), f"{100 * before:.1f} %", f"{100 * after:.1f} %")
                for name, count, before, after in found.classes[:_SHOWN]
            ],
            right=(1, 2, 3),
        )


def _parser() -> Parser:
    parser = index_parser(
        "ablate",
        "Switch channels of a layer off, or give them what they are in another image,"
        " and ask\nthe images of an index again: how accuracy and answers change.",
        "INDEX --channels N,N-N [--layer L] [options]",
    )
    parser.add_argument("--channels", metavar="N,N-N", default="", help="which ones")
    parser.add_argument(
        "--layer",
        metavar="L",
        default="",
        help="any of the network (default: the deepest of the index)",
    )
    parser.add_argument(
        "--replace",
        metavar="HOW",
        default="zero",
        help="zero, or mean over the index (default %(default)s)",
    )
    parser.add_argument(
        "--patch",
        metavar="IMAGE",
        default="",
        help="give the channels what they are in this image (activation patching)",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=whole_number("--limit"),
        default=1000,
        help="at most so many images, evenly from all; 0 for all (default %(default)s)",
    )
    return parser
