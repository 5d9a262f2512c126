"""Texts of the window that can be translated, found in its source.

Usage: python -m tests.support.translations; brings the catalogs to the texts that are
there: new ones are added, without a translation, and those that are gone are left out.
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from nnviz.base.catalogue import Catalogue
from nnviz.base.explanations.scores import FIGURES
from nnviz.base.live import CONTENTS
from nnviz.base.shipped.resources import resource
from nnviz.gui.forms.choice import choice_text
from nnviz.gui.shell.commands import MENUS
from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.state.language import ENGLISH, LANGUAGES, read_catalog
from nnviz.gui.theme.manager import THEMES

SOURCE = Path(__file__).parents[2] / "nnviz" / "gui"
_WORD = re.compile(r"(^|\s)[A-Za-z]{4,}(?=\s|,|$)(?![^<]*>)")
"""A word that stands alone, outside of a tag."""
_CALLS = {"tr": 0, "_tr": 0, "translate": 1}
"""Functions that translate, and which of their arguments is the text."""


@cache
def translatable() -> list[str]:
    """Return every text: of tables, by file and line, of parameters and methods."""
    named = [*MENUS, *(each.title for each in (*WORKSPACES, *CONTENTS))]
    named += [theme.title for theme in THEMES.values()]
    catalogue = Catalogue.from_json(resource("catalogue.json").read_text("utf-8"))
    parameters = [each for info in catalogue.methods for each in info.parameters]
    told = sorted({text for one in parameters for text in (one.title, one.help)})
    help_ = [
        text
        for info in catalogue.methods
        for text in (info.title, info.shows, info.reading, info.misleads)
    ]
    help_ += [figure.help for figure in FIGURES]
    choices = {choice_text(each) for one in parameters for each in one.choices}
    choices |= {each.lowest for each in parameters if each.lowest}
    written = (text for file in sorted(SOURCE.rglob("*.py")) for text in texts_in(file))
    return list(
        dict.fromkeys([*named, *written, *told, *sorted(choices), *filter(None, help_)])
    )


def texts_in(file: Path) -> Iterator[str]:
    """Yield the literal texts that a file translates."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        place = _CALLS.get(called)
        if place is None or len(node.args) <= place:
            continue
        text = node.args[place]
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.value


def words_put_together(file: Path) -> Iterator[str]:
    """Yield the English words in a file's f-strings, which no catalog can translate.

    Markup and the words of targets ("box:1") are none.
    """
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        for part in node.values if isinstance(node, ast.JoinedStr) else ():
            if isinstance(part, ast.Constant) and _WORD.search(str(part.value)):
                yield str(part.value)


def main() -> None:
    """Write the catalogs anew."""
    texts = translatable()
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        there = read_catalog(language)
        catalog = {text: there.get(text, "") for text in texts}
        path = resource("translations", f"{language}.json")
        words = json.dumps(catalog, ensure_ascii=False, indent=1)
        path.write_text(words + "\n", "utf-8")


if __name__ == "__main__":
    main()
