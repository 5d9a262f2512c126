"""Files that are opened start no process, import no module and run no code.

Truth: Python's audit events (PEP 578), which fire below whatever a library does in
Python, and programs and modules laid in the way that leave a mark when they are run.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnviz.base.host.child_processes import child_environment, module_command

PROGRAMS = ("gs", "gswin64c", "convert", "ffmpeg", "sh", "bash", "touch", "dvips")
"""Laid first in the path: what image libraries would start."""


@pytest.mark.skipif(sys.platform == "win32", reason="lays scripts in the path")
def test_no_reader_starts_imports_or_runs_anything(tmp_path: Path) -> None:
    files, programs = tmp_path / "files", tmp_path / "programs"
    files.mkdir()
    programs.mkdir()
    mark = files / "mark"
    for name in PROGRAMS:
        (programs / name).write_text(f"#!/bin/sh\n: > {mark}\n")
        (programs / name).chmod(0o755)
    (tmp_path / "trap_module.py").write_text(f"open({str(mark)!r}, 'w')\n")
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.fuzz.hostile", str(files), "2"],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{root}{os.pathsep}{tmp_path}",
            "QT_QPA_PLATFORM": "offscreen",
        },
    )
    assert (told.returncode, told.stdout) == (0, ""), told.stderr[-3000:]
    assert not mark.exists()


TRAPS = ("nnviz", "numpy", "onnxruntime", "json", "torch", "sitecustomize")
"""Names that a process of the program imports."""


def test_processes_of_the_program_import_nothing_from_the_current_folder(
    tmp_path: Path,
) -> None:
    """Truth: modules laid where ``python -m`` looks first, a folder of downloads."""
    mark = tmp_path / "mark"
    for name in TRAPS:
        (tmp_path / f"{name}.py").write_text(f"open({str(mark)!r}, 'w')\n")
    told = subprocess.run(
        module_command("nnviz.engine.models.onnx.runtime_process"),
        cwd=tmp_path,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "words[0]" in told.stderr  # it has imported all, and misses its words
    assert not mark.exists()


def test_only_one_module_says_how_processes_of_the_program_are_started() -> None:
    """Truth: the interpreter's own path, which no other module may name."""
    package = Path(__file__).parents[2] / "nnviz"
    naming = [
        path.name
        for path in package.rglob("*.py")
        if "sys.executable" in path.read_text("utf-8")
    ]
    assert naming == ["child_processes.py"]
    starting = [
        path.name
        for path in package.rglob("*.py")
        if "subprocess.Popen" in (text := path.read_text("utf-8"))
        and "env=child_environment()" not in text
    ]
    assert starting == []
