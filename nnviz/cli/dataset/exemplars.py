"""``nnviz exemplars``: the images of an index that activate each channel most."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.notation.channels import parse_indices
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Parser,
    add_cluster_options,
    add_out,
    flag_option,
    text_option,
)
from nnviz.cli.dataset.opening import index_parser, open_index

_SHOWN = 12


def execute(words: Sequence[str]) -> int:
    """Run the command: find exemplars; write sheets, arrays and a table."""
    options = _parser().read(words)
    index = open_index(options)
    channels = parse_indices(options.channels, "--channels")
    opening.check_out(Path(options.out))
    from nnviz.storage.exemplars import (  # noqa: PLC0415  imports numpy
        plain_exemplars,
        save_exemplars,
    )

    with console.ProgressLine() as progress:
        found = index.exemplars(
            options.layer,
            count=options.count,
            channels=channels,
            patches=not options.no_patches,
            cluster=options.cluster,
            workers=options.workers,
            progress=progress,
        )
    files = [str(path) for path in save_exemplars(found, Path(options.out))]
    answer = {**plain_exemplars(found), "files": files}
    return console.conclude(answer, lambda: _tell(found, files), json=options.json)


def _tell(found: Exemplars, files: Sequence[str]) -> None:
    console.heading(f"{found.layer} of {found.model} over {found.images} images")
    console.line(f"  {'never active':<16}{len(found.dead):5}")
    console.line(f"  {'always active':<16}{len(found.always):5}")
    console.table(
        ("channel", "active on", "maximum", "most similar", "strongest image"),
        [_channel(found, row) for row in range(len(found.channels[:_SHOWN]))],
        right=(0, 1, 2),
    )
    if len(found.channels) > _SHOWN:
        console.line(f"  and {len(found.channels) - _SHOWN} more in the files")
    for note in found.notes:
        console.line(f"  {note}")
    for file in files:
        console.line(file)


def _channel(found: Exemplars, row: int) -> tuple[str, ...]:
    """Return a channel's row of the table."""
    alike = "-"
    if found.alike.size:
        alike = f"{found.alike[row, 0]} ({found.correlations[row, 0]:+.2f})"
    return (
        str(found.channels[row]),
        f"{100 * found.answering[row]:.0f} %",
        f"{found.values[row, 0]:.3g}",
        alike,
        found.paths[int(found.records[row, 0])],
    )


_OPTIONS = (
    text_option("--layer", "L", "layer of the index (default: the last)"),
    text_option("--channels", "N,N-N", "channels of the layer (default: all)"),
    flag_option("--no-patches", "open no images and write no sheets, only numbers"),
)


def _parser() -> Parser:
    parser = index_parser(
        "exemplars",
        "Find the images of an index that activate each channel of a layer most, "
        "crop them to\nthe channel's receptive field (bright where it is active), "
        "and report on how many\nimages it is active and which channels are similar.",
        "INDEX [--layer L] [--channels N,N-N] --out DIR [options]",
        count=9,
        what="images per channel",
    )
    parser.add(_OPTIONS)
    add_cluster_options(parser)
    add_out(parser, "exemplars")
    return parser
