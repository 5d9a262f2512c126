"""Options that all commands on indexes share."""

import argparse
import math
from typing import TYPE_CHECKING, Any

from nnviz.base.errors import UsageError
from nnviz.cli.arguments import Parser, add_json_option, whole_number

if TYPE_CHECKING:
    from nnviz import api


def open_index(options: argparse.Namespace) -> "api.Index":
    """Open the index that the options name.

    Raises:
        UsageError: no index is named.
        InputError: the folder is no index.
    """
    if not options.index:
        raise UsageError("INDEX", "no index named", "nnviz index makes one")
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    return api.open_index(options.index)


def plain(value: Any) -> Any:
    """Convert arrays and tuples to lists for JSON; NaN becomes null."""
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def index_parser(
    command: str, description: str, usage: str, count: int = 0, what: str = ""
) -> Parser:
    """Build a parser with the index, ``--json`` and, if wanted, ``--count``."""
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
