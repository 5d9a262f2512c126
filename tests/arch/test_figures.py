"""Figures of the code that are held: classes of a size that can be read.

Truth: house.md: no class with more than 25 public methods.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

CODE = Path(__file__).parents[2] / "nnviz"
MOST = 25


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for file in sorted(CODE.rglob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                yield f"{file.relative_to(CODE)}: {node.name}", node


def is_property(function: ast.FunctionDef) -> bool:
    names = {ast.unparse(each) for each in function.decorator_list}
    return any(
        name in {"property", "cached_property"} or "setter" in name for name in names
    )


def test_no_class_has_too_many_public_methods():
    large = {}
    for name, node in classes():
        functions = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        public = [
            each.name
            for each in functions
            if not each.name.startswith("_") and not is_property(each)
        ]
        if len(public) > MOST:
            large[name] = len(public)
    assert large == {}
