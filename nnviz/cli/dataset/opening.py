"""Options that the commands on indexes share."""

import argparse

from nnviz import api
from nnviz.base.errors import UsageError
from nnviz.cli.arguments import Parser, add_json_option, whole_number


def open_index(options: argparse.Namespace) -> api.Index:
    """Open the index that a command names.

    Raises:
        UsageError: none is named.
        InputError: it is none.
    """
    if not options.index:
        raise UsageError("INDEX", "no index named", "nnviz index makes one")
    return api.open_index(options.index)


def index_parser(
    command: str, description: str, usage: str, count: int = 0, what: str = ""
) -> Parser:
    """Return a parser with the index, ``--json`` and, where wanted, ``--count``."""
    parser = Parser(command, description, usage=usage)
    parser.add_argument(
        "index", metavar="INDEX", nargs="?", default="", help="folder of the index"
    )
    if count:
        parser.add_argument(
            "--count",
            metavar="N",
            type=whole_number("--count"),
            default=count,
            help=f"{what} (default %(default)s)",
        )
    add_json_option(parser)
    return parser
