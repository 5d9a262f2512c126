"""The glossary of CONTRIBUTING, kept by names and by first lines of docstrings.

Truth: the glossary itself, of which each row names what is not to be used.  A lesson's
neuron is the lecture's.
"""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from support import figures

TREES = figures.modules()
CONTRIBUTING = figures.PACKAGE.parent / "CONTRIBUTING.md"
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

OPENERS = re.compile(r"(What|How|Which|Where)\b")
PACKAGES = sorted({path.parts[0] for path in TREES if len(path.parts) > 1})


def glossary() -> dict[str, tuple[str, ...]]:
    """Return what each word of the glossary stands for, the words not to be used."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    section = text.partition("### The glossary")[2].partition("\n## ")[0]
    rows = re.findall(
        r"^\| \*\*(\w[\w ]*)\*\* \|[^|]*\| ([^|]*) \|$", section, re.MULTILINE
    )
    return {
        word: tuple(each.strip() for each in never.split(",") if each.strip())
        for word, never in rows
    }


def unwanted() -> re.Pattern[str]:
    words = sorted({each for never in glossary().values() for each in never})
    return re.compile("|".join(rf"{each}s?" for each in words), re.IGNORECASE)


def taught(path: Path, word: str) -> bool:
    """Tell whether a word is the lecture's own, in a lesson."""
    return "lessons" in path.parts and word.lower() in {"neuron", "neurons"}


def documented(package: str) -> list[tuple[Path, Documented, str]]:
    found = []
    for path, tree in TREES.items():
        if path.parts[0] != package:
            continue
        nodes = (node for node in ast.walk(tree) if isinstance(node, Documented))
        found += [
            (path, node, text.splitlines()[0])
            for node in nodes
            if (text := ast.get_docstring(node))
        ]
    return found


def parts_of(name: str) -> list[str]:
    """Return the words of an identifier, snake_case or CamelCase."""
    return [each.lower() for each in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def test_the_glossary_is_read():
    found = glossary()
    assert "photograph" in found["image"]
    assert "film" in found["video"]
    assert len(found) >= 10


@pytest.mark.parametrize("package", PACKAGES)
def test_first_lines_open_with_what_a_thing_is(package):
    left = [line for _, _, line in documented(package) if OPENERS.match(line)]
    assert left == []


@pytest.mark.parametrize("package", PACKAGES)
def test_first_lines_speak_the_glossary(package):
    word = re.compile(rf"\b({unwanted().pattern})\b", re.IGNORECASE)
    left = [
        line
        for path, _, line in documented(package)
        for said in word.findall(line)
        if not taught(path, said[0] if isinstance(said, tuple) else said)
    ]
    assert left == []


@pytest.mark.parametrize("package", PACKAGES)
def test_names_speak_the_glossary(package):
    names = [
        (path, node.name)
        for path, node, _ in documented(package)
        if not isinstance(node, ast.Module)
    ]
    names += [(path, path.stem) for path in TREES if path.parts[0] == package]
    left = [
        name
        for path, name in names
        for part in parts_of(name)
        if unwanted().fullmatch(part) and not taught(path, part)
    ]
    assert left == []


def test_a_word_of_before_is_seen():
    """By hand: one name and one first line that the glossary refuses."""
    assert parts_of("PictureShelf") == ["picture", "shelf"]
    assert unwanted().fullmatch("pictures")
    assert OPENERS.match("Where the input lies.")
    assert not OPENERS.match("Whatever: a word of its own.")


def test_techniques_are_found_by_name():
    """A reader who searches for a technique lands in the file that holds it."""
    first = Counter[str]()
    for path in TREES:
        text = (figures.PACKAGE / path).read_text(encoding="utf-8").lower()
        for term, file in TECHNIQUES.items():
            first[term] += path.as_posix() == file and term in text
    assert {term: first[term] for term in TECHNIQUES} == dict.fromkeys(TECHNIQUES, 1)


TECHNIQUES = {
    "forward hook": "engine/nn/hooks.py",
    "expectation over transformation": "engine/attacks/patch/eot.py",
    "non-maximum suppression": "engine/nn/nms.py",
    "batch norm fusion": "engine/nn/fuse.py",
    "receptive field": "engine/nn/shapes/receptive_field.py",
    "total variation": "engine/imaging/total_variation.py",
    "gram matri": "engine/style/gram.py",
}
