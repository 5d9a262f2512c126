"""``nnviz methods``: list the methods, or describe one."""

import argparse
import dataclasses
import textwrap
from collections.abc import Sequence

from nnviz.base.info import MethodInfo
from nnviz.cli import console, known
from nnviz.cli.arguments import Parser, add_json_option, default_of

_WIDTH = 80


def execute(words: Sequence[str]) -> int:
    """Run the command: list the methods, or describe the named one."""
    options = _parser().read(words)
    if options.method:
        chosen = known.method(options.method)
        return console.conclude(chosen, lambda: explain(chosen), json=options.json)
    methods = known.catalogue().methods
    answer = [dataclasses.asdict(method) for method in methods]
    return console.conclude(answer, lambda: _list(methods), json=options.json)


def _list(methods: Sequence[MethodInfo]) -> None:
    console.table(
        ("method", "workspace", "what it shows"),
        [(method.name, method.group, _first(method.shows)) for method in methods],
    )


def explain(method: MethodInfo) -> None:
    """Write the description of a method and its options."""
    console.heading(f"{method.title} ({method.name}), {method.group}")
    for text in description(method):
        console.line(text)
    console.line()
    console.table(
        ("option", "allowed", "default", "what it does"),
        [
            (each.option, each.expected(), default_of(each), each.help)
            for each in sorted(method.parameters, key=lambda each: not each.essential)
        ],
    )
    if method.presets:
        console.line(f"\npresets: {', '.join(method.presets)}")


def description(method: MethodInfo) -> list[str]:
    """Return the description of a method as wrapped paragraphs."""
    parts = [
        method.shows,
        f"How to read it: {method.reading}",
        f"Where it misleads: {method.misleads}",
    ]
    if method.reference:
        named = (method.reference.authors, method.reference.locator)
        parts.append("Reference: " + ", ".join(part for part in named if part))
    return [textwrap.fill(" ".join(part.split()), _WIDTH) for part in parts]


def _first(text: str) -> str:
    """Return the first sentence."""
    return " ".join(text.split()).split(". ")[0].rstrip(".")


def _parser() -> Parser:
    parser = Parser(
        "methods", "List the methods, or describe one.", usage="[METHOD] [options]"
    )
    parser.add_argument("method", nargs="?", help=argparse.SUPPRESS)
    add_json_option(parser)
    return parser
