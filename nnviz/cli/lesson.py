"""``nnviz lesson``: check a guided lesson, and open the window on it."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.catalogue import Catalogue
from nnviz.base.documents.guides import Guide, check_guide, read_guide, shipped_guides
from nnviz.base.errors import InputError
from nnviz.base.host.reading import is_file
from nnviz.base.shipped.resources import resource
from nnviz.cli import console
from nnviz.cli.arguments import Parser, add_json_option
from nnviz.render.text.words import plural


def execute(words: Sequence[str]) -> int:
    """Run the command: check a guided lesson, or list those that ship."""
    options = _parser().read(words)
    guides = [checked(options.file)] if options.file else list(shipped_guides())
    if options.json:
        console.answer([_record(guide) for guide in guides])
        return 0
    for guide in guides:
        steps = plural(len(guide.steps), "step")
        console.line(f"{guide.name:<24} {guide.title} ({steps})")
    return 0


def wants_window(words: Sequence[str]) -> bool:
    """Return whether the arguments ask for the window."""
    asked = {"-h", "--help", "--check", "--json", "--debug"}
    return bool(words) and asked.isdisjoint(words)


def file_to_open(words: Sequence[str]) -> str:
    """Return the guided lesson with which the window is to open.

    Raises:
        InputError: the file does not exist, or is no guided lesson; names the line.
    """
    options = _parser().read(words)
    checked(options.file)
    return str(options.file)


def checked(file: str) -> Guide:
    """Read and check a guided lesson.

    Raises:
        InputError: the file does not exist, or is no guided lesson; names the line.
    """
    path = Path(file)
    if not is_file(path):
        raise InputError(
            file, "there is no such file", "nnviz lesson lists the known ones"
        )
    guide = read_guide(path)
    shipped = Catalogue.from_json(resource("catalogue.json").read_text("utf-8"))
    check_guide(guide, shipped.methods)
    return guide


def _record(guide: Guide) -> dict[str, object]:
    return {"name": guide.name, "title": guide.title, "steps": len(guide.steps)}


def _parser() -> Parser:
    parser = Parser(
        "lesson",
        "Open the window with a guided lesson: a Markdown file with steps, like "
        "those in resources/lessons.  Mistakes in it are reported with their line.  "
        "Without a file, the lessons that ship with the program are listed.",
        usage="[FILE.md] [options]",
    )
    parser.add_argument(
        "file", metavar="FILE", nargs="?", default="", help="lesson to open"
    )
    parser.add_argument(
        "--check", action="store_true", help="only check the file; open no window"
    )
    add_json_option(parser)
    return parser
