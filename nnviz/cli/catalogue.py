"""``nnviz catalogue``: write resources/catalogue.json from the live registry."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.shipped.resources import resource
from nnviz.cli import console
from nnviz.cli.arguments import Parser
from nnviz.media.files import write_text


def execute(words: Sequence[str]) -> int:
    """Run the command: write the catalogue, which a test keeps up to date."""
    parser = Parser(
        "catalogue", "Write the list of methods and models.", usage="[FILE]"
    )
    parser.add_argument("file", metavar="FILE", nargs="?")
    options = parser.read(words)
    from nnviz.engine.jobs import full_catalogue  # noqa: PLC0415  imports torch

    file = Path(options.file) if options.file else resource() / "catalogue.json"
    write_text(file, full_catalogue().to_json())
    console.line(str(file))
    return 0
