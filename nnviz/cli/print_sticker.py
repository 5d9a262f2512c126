"""``nnviz print-sticker``: a sticker on paper, at a size in millimetres."""

import argparse
from collections.abc import Sequence

from nnviz import api
from nnviz.cli import console
from nnviz.cli.arguments import Parser, add_json_option, number, whole_number
from nnviz.render.printing import PAPERS


def execute(words: Sequence[str]) -> int:
    """Write the page and name it."""
    options = _parser().read(words)
    out = api.print_sticker(
        options.sticker,
        options.out,
        width_mm=options.width_mm,
        paper=options.paper,
        copies=options.copies,
        marks=not options.no_marks,
    )
    if options.json:
        console.answer({"files": [str(out)]})
    else:
        console.line(str(out))
    return 0


def _parser() -> Parser:
    parser = Parser(
        "print-sticker",
        "Write a sticker as a PDF page on which it has its size: print it at 100 %,\n"
        "not fitted to the page.  STICKER is an image file, round:FILE for its\n"
        "largest disc, or round:#ff0000, square:#ff0000 for one color.",
        usage="STICKER --width-mm W --out OUT.pdf [options]",
    )
    parser.add_argument("sticker", metavar="STICKER", help=argparse.SUPPRESS)
    parser.add_argument(
        "--width-mm", metavar="W", type=number("--width-mm"), default=80.0,
        help="width of the sticker on paper, mm (default %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--paper", metavar="|".join(PAPERS), default="a4",
        help="the sheet (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--copies", metavar="N", type=whole_number("--copies"), default=1,
        help="how many on the page; 0 for as many as it holds (default %(default)d)",
    )  # fmt: skip
    parser.add_argument(
        "--no-marks", action="store_true", help="draw no marks to cut along"
    )
    parser.add_argument(
        "--out", metavar="OUT.pdf", default="sticker.pdf",
        help="the page to write (default %(default)s)",
    )  # fmt: skip
    add_json_option(parser)
    return parser
