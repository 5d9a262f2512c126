"""What importing a part of the program pulls in.

Truth: the table of packages in CONTRIBUTING.md.  import-linter checks the written
imports; these probes run in processes of their own, because imports by name and by
plug-ins escape a linter.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CODE = Path(__file__).parents[2] / "nnviz"
PROBE = """
import importlib, json, sys, time
start = time.perf_counter()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps([time.perf_counter() - start, sorted(sys.modules)]))
"""
QT = {"PySide6", "shiboken6"}
TORCH = {"torch", "torchvision"}


def probe(*modules: str) -> tuple[float, set[str]]:
    """Import in a fresh process; return the seconds and all modules there then."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *modules],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seconds, found = json.loads(done.stdout)
    return seconds, set(found)


def modules_of(package: str) -> list[str]:
    """Return the names of all files of a package, ``__main__`` left out."""
    root = CODE / package
    files = [root.with_suffix(".py")] if not root.is_dir() else root.rglob("*.py")
    return sorted(
        ".".join(("nnviz", *file.relative_to(CODE).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
        for file in files
        if file.name != "__main__.py"
    )


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("base", QT | TORCH),
        ("media", QT | TORCH),
        ("render", QT | TORCH),
        ("storage", QT | TORCH),
        ("runtime", QT | TORCH),
        ("api", QT | TORCH),
        ("cli", QT | TORCH),
        ("engine", QT),
    ],
)
def test_a_part_pulls_in_no_more_than_it_may(package, forbidden):
    _, found = probe(*modules_of(package))
    assert found & forbidden == set()


def test_the_window_never_imports_torch():
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    _, found = probe(*modules_of("gui"))
    assert "PySide6" in found
    assert not found & TORCH


def test_the_bundled_network_needs_no_torchvision():
    _, found = probe("nnviz.engine.jobs", "nnviz.engine.models.bundled")
    assert "torch" in found
    assert "torchvision" not in found


def test_the_list_of_methods_needs_no_torchvision():
    """It costs 2 s of processor time and 130 MB before the first prediction.

    With it come torch's compiler and, for that, sympy.
    """
    named = modules_of("engine/methods"), modules_of("engine/lessons")
    _, found = probe("nnviz.engine.jobs", *named[0], *named[1])
    assert "torch" in found
    assert not found & {"torchvision", "sympy"}


def test_the_public_package_is_cheap_to_import():
    fastest, found = min((probe("nnviz") for _ in range(3)), key=lambda each: each[0])
    assert fastest < 0.3
    assert not found & (TORCH | QT)


def test_the_entry_point_loads_neither_torch_nor_qt():
    _, found = probe("nnviz.__main__")
    assert not found & (TORCH | QT)
