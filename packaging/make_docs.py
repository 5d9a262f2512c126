"""Writes the pages of the documentation that come from the program itself.

Usage: .venv/bin/python packaging/make_docs.py [--without-pictures]

Into build/docs go the pages of packaging/docs/pages, one page a method from its
declaration with its picture, one a bundled network from its card, the help of every
command, and the names of the Python API. Sphinx makes the site (packaging/docs.sh).
"""

import contextlib
import html
import inspect
import io
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import nnviz
from nnviz import cli
from nnviz.base.info import MethodInfo, Need
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.base.shipped.samples import sample_photos
from nnviz.cli import known
from nnviz.cli.arguments import default_of

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "packaging" / "docs" / "pages"
DOCS = ROOT / "build" / "docs"
PICTURES = ROOT / "build" / "docs-pictures"
WITHOUT_PICTURES = "--without-pictures"
UNTRAINED = "zoo:vit_b_32@random"
"""Network for methods of transformers, of which none is bundled."""
MEMBERS = "PYTHON_MEMBERS\n"
"""Stands in the page of the Python API for the names that are public."""


def main(words: list[str]) -> int:
    """Write all pages."""
    shutil.rmtree(DOCS, ignore_errors=True)
    shutil.copytree(PAGES, DOCS)
    screenshots = ROOT / "resources" / "screenshots"
    shutil.copytree(screenshots, DOCS / "screenshots")
    if WITHOUT_PICTURES not in words:
        shutil.rmtree(PICTURES, ignore_errors=True)
        with contextlib.redirect_stdout(sys.stderr):
            cli.main(["demo", "--seconds", "0", "--out", str(PICTURES)])
        draw_what_is_left(nnviz.methods().values())
    write_methods(known.catalogue().methods)
    write_networks()
    write_commands()
    write_members()
    for name, page in (("CHANGELOG.md", "changes.md"), ("CONTRIBUTING.md",) * 2):
        text = (ROOT / name).read_text("utf-8")
        (DOCS / page.lower()).write_text(text, "utf-8")
    return 0


def draw_what_is_left(methods: Iterable[MethodInfo]) -> None:
    """Run what ``nnviz demo`` leaves out: lessons, and methods of transformers."""
    photo = nnviz.open_image(sample_photos()[0])
    for method in methods:
        if drawn(method.name) is None:
            result = nnviz.run(
                method.name,
                network_of(method) if method.needs_model else None,
                photo if method.needs_image else None,
            )
            result.save(PICTURES)


def network_of(method: MethodInfo) -> str:
    """Return the network of a picture that ``nnviz demo`` does not make."""
    return DEFAULT_MODEL if method.capabilities.section else UNTRAINED


def drawn(name: str) -> Path | None:
    """Return the picture of a method, if it has been made."""
    return next(iter(sorted(PICTURES.glob(f"*.{name}.png"))), None)


def write_methods(methods: Iterable[MethodInfo]) -> None:
    """Write a page a method, one a workspace with its methods, and their index."""
    folder = DOCS / "methods"
    folder.mkdir()
    groups = []
    for group, members in groupby(sorted(methods, key=_place), attrgetter("group")):
        chosen = list(members)
        rows = [f"| [{each.title}]({each.name}.md) | {each.shows} |" for each in chosen]
        page = [f"# {group}\n", "| method | shows |\n|---|---|", *rows, ""]
        page.append(tree(each.name for each in chosen))
        groups.append(f"group-{group.lower()}")
        (folder / f"{groups[-1]}.md").write_text("\n".join(page), "utf-8")
        for method in chosen:
            lines = "\n".join(method_page(method, image_of(method.name)))
            (folder / f"{method.name}.md").write_text(lines, "utf-8")
    index = f"# Methods\n\n{tree(groups, hidden=False)}"
    (folder / "index.md").write_text(index, "utf-8")


def tree(names: Iterable[str], *, hidden: bool = True) -> str:
    """Return a table of contents in MyST's words."""
    options = ":hidden:\n" if hidden else ":maxdepth: 2\n"
    return f"```{{toctree}}\n{options}\n{chr(10).join(names)}\n```\n"


def _place(method: MethodInfo) -> tuple[str, str]:
    return method.group, method.title


def image_of(name: str) -> str:
    """Copy the method's picture beside the pages; return its path there, or ""."""
    found = drawn(name)
    if found is None:
        return ""
    folder = DOCS / "methods" / "pictures"
    folder.mkdir(exist_ok=True)
    shutil.copy(found, folder / f"{name}.png")
    return f"pictures/{name}.png"


def method_page(method: MethodInfo, picture: str) -> Iterator[str]:
    """Yield a method's page, line by line."""
    yield f"# {method.title}\n\n{method.shows}\n"
    if picture:
        yield f"![{method.title}]({picture})\n"
        if Need.ATTENTION in method.needs:
            yield f"On `{UNTRAINED}`, whose weights are random: none is bundled.\n"
    yield f"**How to read it.** {method.reading}\n"
    yield f"**Where it misleads.** {method.misleads}\n"
    if method.reference:
        said = (method.reference.authors, method.reference.locator)
        yield f"**Reference.** {', '.join(filter(None, said))}\n"
    image = " cat.jpg" if method.needs_image else ""
    argument = ', "cat.jpg"' if method.needs_image else ""
    yield f"```sh\nnnviz run {method.name}{image} --out results\n```\n"
    yield (
        f'```python\nnnviz.run("{method.name}", "bundled:imagenet"{argument})\n```\n'
    )
    if method.parameters:
        yield "| parameter | allowed | default | what it does |\n|---|---|---|---|"
        for each in sorted(method.parameters, key=lambda each: not each.essential):
            cells = (f"`{each.name}`", each.expected(), default_of(each), each.help)
            yield f"| {' | '.join(map(_cell, cells))} |"
    if method.presets:
        yield f"\nPresets: {', '.join(method.presets)}."


def _cell(text: object) -> str:
    return html.escape(str(text), quote=False).replace("|", "\\|").replace("\n", " ")


def write_networks() -> None:
    """Copy the cards of the bundled networks, and write their index."""
    folder = DOCS / "networks"
    folder.mkdir()
    cards = sorted((ROOT / "resources" / "models").glob("*.md"))
    index = ["# Networks\n"]
    for card in cards:
        shutil.copy(card, folder)
        title, _, rest = card.read_text("utf-8").partition("\n")
        words = " ".join(rest.strip().split("\n\n")[0].split())
        index.append(f"- [{title.removeprefix('# ')}]({card.name}): {words}")
    index.append(f"\n{tree(card.stem for card in cards)}")
    (folder / "index.md").write_text("\n".join(index), "utf-8")


def write_commands() -> None:
    """Write what ``--help`` says of every command."""
    lines = ["# Commands\n"]
    for command, words in cli.COMMANDS.items():
        if words:
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                cli.main([command, "--help"])
            lines.append(f"## nnviz {command}\n\n```text\n{said.getvalue()}```\n")
    (DOCS / "reference" / "commands.md").write_text("\n".join(lines), "utf-8")


def write_members() -> None:
    """Document the public names of the Python API on their page."""
    lines = []
    for name in nnviz.__all__:
        member = getattr(nnviz, name)
        if inspect.isclass(member):
            lines.append(f".. autoclass:: nnviz.{name}\n   :members:\n")
        elif callable(member):
            lines.append(f".. autofunction:: nnviz.{name}\n")
    page = DOCS / "reference" / "python.md"
    text = page.read_text("utf-8").replace(MEMBERS, "\n".join(lines))
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
