"""``nnviz ablate``: accuracy over a set with channels of a layer ablated."""

import dataclasses
from collections.abc import Sequence

from nnviz.base.dataset.concepts import Ablation
from nnviz.base.errors import UsageError
from nnviz.base.notation.channels import parse_indices
from nnviz.cli import console
from nnviz.cli.arguments import Parser, text_option, whole_option
from nnviz.cli.dataset.opening import index_parser, open_index, plain

_SHOWN = 10


def execute(words: Sequence[str]) -> int:
    """Run the command: ablate channels, and report the changed answers."""
    options = _parser().read(words)
    index = open_index(options)
    channels = parse_indices(options.channels, "--channels")
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
    return console.conclude(
        plain(dataclasses.asdict(found)), lambda: _tell(found), json=options.json
    )


def _tell(found: Ablation) -> None:
    numbers = ", ".join(map(str, found.channels[:_SHOWN]))
    console.heading(f"{found.layer} without {numbers} ({found.replacement})")
    if found.labeled:
        console.line(f"  {'top-1 before':<20}{100 * found.before:6.1f} %")
        console.line(f"  {'top-1 after':<20}{100 * found.after:6.1f} %")
    console.line(f"  {'changed':<20}{100 * found.changed:6.1f} %")
    if found.classes:
        console.table(
            ("class", "images", "before", "after"),
            [
                (name, str(count), f"{100 * before:.1f} %", f"{100 * after:.1f} %")
                for name, count, before, after in found.classes[:_SHOWN]
            ],
            right=(1, 2, 3),
        )


_OPTIONS = (
    text_option("--channels", "N,N-N", "channels to change"),
    text_option(
        "--layer", "L", "layer of the network (default: the deepest of the index)"
    ),
    text_option(
        "--replace",
        "HOW",
        "new value: zero, or mean over the index (default %(default)s)",
        default="zero",
    ),
    text_option(
        "--patch",
        "IMAGE",
        "give the channels their values in this image (activation patching)",
    ),
    whole_option(
        "--limit",
        1000,
        "use at most N images, evenly sampled; 0 for all (default %(default)s)",
    ),
)


def _parser() -> Parser:
    parser = index_parser(
        "ablate",
        "Switch channels of a layer off, or give them their values in another "
        "image, and\nrecompute the predictions of an index: how accuracy and "
        "predictions change.",
        "INDEX --channels N,N-N [--layer L] [options]",
    )
    parser.add(_OPTIONS)
    return parser
