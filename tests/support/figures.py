"""Figures of the code: sizes of functions, classes and folders, read from its syntax.

``python -m tests.support.figures`` prints them.
"""

import ast
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "nnviz"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(folder: Path = PACKAGE) -> dict[Path, ast.Module]:
    """Return the syntax of each file below a folder, by its path in the package."""
    return {
        path.relative_to(PACKAGE): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.py"))
    }


def function_lines(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each function's name and its lines of code, docstring left out."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node.name, _end(node) - node.lineno + 1 - _docstring_lines(node)


def public_methods(node: ast.ClassDef) -> list[str]:
    """Return the names of a class's methods that are for others, properties aside."""
    return [
        each.name
        for each in _public(node)
        if not any("property" in name or "setter" in name for name in _decorators(each))
    ]


def public_members(node: ast.ClassDef) -> list[str]:
    """Return the methods, properties and fields of a class that are for others."""
    fields = [
        each.target.id
        for each in node.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
    return [
        *(name for name in fields if not name.startswith("_")),
        *(each.name for each in _public(node)),
    ]


def classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """Yield the classes of a module."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def imports(tree: ast.Module) -> int:
    """Count a module's import statements."""
    return sum(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)


def folder_sizes() -> Counter[str]:
    """Count the files of each folder, ``__init__`` left out."""
    return Counter(
        path.parent.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    )


def floors(trees: dict[Path, ast.Module], package: str) -> list[str]:
    """Return the longest chain of a package's modules each of which imports the next.

    What is imported for types alone, or inside a function, does not count.
    """
    known = {_dotted(path): tree for path, tree in trees.items()}
    below = {
        name: [each for each in _imported(tree, known) if each != name]
        for name, tree in known.items()
        if name.startswith(f"nnviz.{package}")
    }
    chains: dict[str, list[str]] = {}

    def chain(name: str) -> list[str]:
        if name not in chains:
            deeper = [chain(each) for each in below[name] if each in below]
            chains[name] = [name, *max(deeper, key=len, default=[])]
        return chains[name]

    return max((chain(name) for name in below), key=len)


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(("nnviz", *(each for each in parts if each != "__init__")))


def _imported(tree: ast.Module, known: dict[str, ast.Module]) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if module in known else node.module


def percentile(values: list[int], share: float) -> int:
    """Return the value that a share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def composed_passes(tree: ast.Module) -> list[int]:
    """Return the lines where a network is called on what its normalizer just gave."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and _name(node.func) in {"net", "model", "network"}
        and any(
            isinstance(arg, ast.Call)
            and _name(arg.func).startswith(("normalis", "normaliz"))
            for arg in node.args
        )
    ]


def _public(node: ast.ClassDef) -> list[Function]:
    return [
        each
        for each in node.body
        if isinstance(each, Function) and not each.name.startswith("_")
    ]


_SENTENCES = {"notes", "title", "text", "remedy", "reason", "verdict", "message"}
_SPOKEN = {"error", "report", "info", "method", "run", "record", "failure"}
_CUTS = {
    *("partition", "rpartition", "split", "rsplit", "removeprefix", "removesuffix"),
    *("startswith", "endswith"),
}


def parsed_sentences(tree: ast.Module) -> list[int]:
    """Return the lines that take a note, a title or an error's words apart."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _CUTS
        and any(
            isinstance(part, ast.Attribute)
            and part.attr in _SENTENCES
            and (part.attr == "notes" or _name(part.value) in _SPOKEN)
            for part in ast.walk(node.func.value)
        )
    ]


def _decorators(function: Function) -> list[str]:
    return [ast.unparse(each) for each in function.decorator_list]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _end(node: ast.AST) -> int:
    return getattr(node, "end_lineno", None) or 0


def _docstring_lines(node: Function) -> int:
    if ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    return _end(first) - first.lineno + 1


def _print() -> None:
    trees = modules()
    lines = [n for tree in trees.values() for _, n in function_lines(tree)]
    out = sys.stdout.write
    out(f"functions: {len(lines)}, p50 {percentile(lines, 0.5)}, ")
    out(f"p90 {percentile(lines, 0.9)}, max {max(lines)}\n")
    sizes = sorted(
        ((len(public_methods(node)), path.as_posix(), node.name)
         for path, tree in trees.items() for node in classes(tree)), reverse=True,
    )  # fmt: skip
    out(f"floors of gui: {len(floors(trees, 'gui'))}\n")
    out("classes by public methods:\n")
    for count, path, name in sizes[:12]:
        out(f"  {count:3} {name} ({path})\n")
    out("folders by files:\n")
    for folder, count in folder_sizes().most_common(12):
        out(f"  {count:3} {folder}\n")


if __name__ == "__main__":
    _print()
