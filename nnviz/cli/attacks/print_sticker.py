"""``nnviz print-sticker``: a PDF page of a sticker, at a size in millimeters."""

import argparse
from collections.abc import Sequence

from nnviz import api
from nnviz.cli import console
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_json_option,
    flag_option,
    number_option,
    text_option,
    whole_option,
)
from nnviz.render.printing import PAPERS


def execute(words: Sequence[str]) -> int:
    """Run the command: write the page and print its path."""
    options = _parser().read(words)
    out = api.print_sticker(
        options.sticker,
        options.out,
        width_mm=options.width_mm,
        paper=options.paper,
        copies=options.copies,
        marks=not options.no_marks,
    )
    return console.conclude(
        {"files": [str(out)]}, lambda: console.line(str(out)), json=options.json
    )


_OPTIONS = (
    Option("sticker", metavar="STICKER", help=argparse.SUPPRESS),
    number_option(
        "--width-mm",
        80.0,
        "width of the sticker on paper, mm (default %(default)g)",
        metavar="W",
    ),
    text_option(
        "--paper", "|".join(PAPERS), "paper size (default %(default)s)", default="a4"
    ),
    whole_option(
        "--copies",
        1,
        "copies on the page; 0 for as many as fit (default %(default)d)",
    ),
    flag_option("--no-marks", "draw no crop marks"),
    text_option(
        "--out",
        "OUT.pdf",
        "PDF file to write (default %(default)s)",
        default="sticker.pdf",
    ),
)


def _parser() -> Parser:
    parser = Parser(
        "print-sticker",
        "Write a sticker as a PDF page in its true size: print it at 100 %, not "
        "fitted to\nthe page.  STICKER is an image file, round:FILE for its largest "
        "disc, or\nround:#ff0000 or square:#ff0000 for a solid color.",
        usage="STICKER --width-mm W --out OUT.pdf [options]",
    )
    parser.add(_OPTIONS)
    add_json_option(parser)
    return parser
