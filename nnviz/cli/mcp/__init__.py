"""``nnviz mcp``: a Model Context Protocol server for coding agents, on stdio."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.shipped.distribution import install_command
from nnviz.cli.arguments import Parser


def execute(words: Sequence[str]) -> int:
    """Serve until the client closes the connection.

    Raises:
        UsageError: the package mcp is not installed.
    """
    parser = Parser(
        "mcp",
        "Serve networks, methods and results to a coding agent over the Model Context "
        "Protocol, on standard input and output. Nothing is written to disk and no "
        "code of a network is run, unless --save names a folder.",
    )
    parser.add_argument(
        "--save", metavar="FOLDER", type=Path, help="let the agent save results there"
    )
    options = parser.read(words)
    if find_spec("mcp") is None:
        raise UsageError("mcp", "needs the package mcp", install_command("mcp"))
    from nnviz.cli.mcp.server import make_server  # noqa: PLC0415  an optional package

    make_server(options.save).run("stdio")
    return 0
