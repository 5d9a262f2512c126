"""``nnviz doctor``: checks of this machine, with remedies."""

import dataclasses
import errno
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.metadata import (
    PackageNotFoundError,
    packages_distributions,
    version,
)
from importlib.util import find_spec
from pathlib import Path

from nnviz.base.shipped.defaults import DEFAULT_MODEL, default_model
from nnviz.base.shipped.distribution import DISTRIBUTION, install_command
from nnviz.base.shipped.resources import resource
from nnviz.cli import console
from nnviz.cli.arguments import Parser, add_json_option
from nnviz.engine.models.weights.places import weights_folder

_OLDEST_PYTHON = (3, 11)
_LEAST_MEMORY = 2e9
_LEAST_DISK = 1e9
_QT_LIBRARIES = {
    "GL": "libgl1",
    "EGL": "libegl1",
    "xkbcommon": "libxkbcommon0",
    "fontconfig": "libfontconfig1",
    "dbus-1": "libdbus-1-3",
}
"""System libraries that PySide6's wheel needs, with Debian's package of each."""
_XCB_LIBRARIES = {
    "xkbcommon-x11": "libxkbcommon-x11-0",
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-image": "libxcb-image0",
    "xcb-shape": "libxcb-shape0",
    "xcb-xkb": "libxcb-xkb1",
    "xcb-render-util": "libxcb-render-util0",
}
"""Further libraries that a window under X needs."""
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_LIBRARIES = ("torchvision", "PySide6-Essentials", "opencv-python-headless", "numpy")


_EXTRAS = {
    "timm": ("timm", "weights of timm's architectures"),
    "transformers": ("huggingface", "folders of Hugging Face"),
    "onnxruntime": ("onnx", "ONNX files with operators that nnviz lacks"),
    "tensorboardX": ("training", "curves for TensorBoard"),
    "umap-learn": ("umap", "maps of data sets by UMAP"),
    "faiss-cpu": ("neighbors", "approximate nearest neighbors in large data sets"),
    "distributed": ("cluster", "work distributed over machines"),
    "ipywidgets": ("notebook", "controls in notebooks"),
    "mcp": ("mcp", "a server for coding agents"),
}
"""Packages of extras: the extra that installs each, and what it is for."""


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: subject of the check.
        found: what was found.
        problem: whether something does not work because of that.
        remedy: what would help; empty without a problem.
    """

    name: str
    found: str
    problem: bool = False
    remedy: str = ""


def execute(words: Sequence[str]) -> int:
    """Run the command: check the machine; exit status 1 where there is a problem."""
    parser = Parser(
        "doctor", "Check this machine: what is there, what is missing, and the remedy."
    )
    add_json_option(parser)
    options = parser.read(words)
    checks = list(examine())
    problems = [check for check in checks if check.problem]
    if options.json:
        console.answer([dataclasses.asdict(check) for check in checks])
        return 1 if problems else 0
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = "problem" if check.problem else "ok"
        remedy = f"; {check.remedy}" if check.remedy else ""
        console.line(f"{mark:<8} {check.name:<{width}}  {check.found}{remedy}")
    return 1 if problems else 0


def examine() -> Iterator[Check]:
    """Yield the outcome of each check, without importing Qt."""
    yield _python()
    yield from _torch()
    yield from map(_library, _LIBRARIES)
    yield from map(_optional, _EXTRAS)
    yield from namesakes(packages_distributions())
    yield _memory()
    yield from _folders()
    yield from _window()
    yield _resources()
    yield _default_network()


def _python() -> Check:
    found = f"{platform.python_version()}, {platform.platform()}"
    old = sys.version_info < _OLDEST_PYTHON
    return Check("python", found, old, "install Python 3.11 or newer" if old else "")


def _torch() -> Iterator[Check]:
    if find_spec("torch") is None:
        yield Check("torch", "not installed", problem=True, remedy="pip install torch")
        return
    from nnviz.engine.jobs.machine import machine  # noqa: PLC0415  imports torch

    yield Check("torch", version("torch"))
    for name, found in machine():
        yield Check(name, found)


def _library(name: str) -> Check:
    try:
        return Check(name, version(name))
    except PackageNotFoundError:
        return Check(name, "not installed", problem=True, remedy=f"pip install {name}")


def _optional(name: str) -> Check:
    """Check for an optional package."""
    extra, purpose = _EXTRAS[name]
    try:
        return Check(name, version(name))
    except PackageNotFoundError:
        return Check(name, f"not installed: {purpose}", remedy=install_command(extra))


def namesakes(installed: Mapping[str, Sequence[str]]) -> Iterator[Check]:
    """Yield a check for each other distribution that provides a package nnviz.

    Args:
        installed: distributions by the packages that they provide.
    """
    for name in sorted({*installed.get("nnviz", ())} - {DISTRIBUTION}):
        yield Check(
            "namesake",
            f"{name} brings a package nnviz too: either may have overwritten the other",
            problem=True,
            remedy=f"pip uninstall {name}, then "
            f"{install_command()} --force-reinstall --no-deps",
        )


def _memory() -> Check:
    import psutil  # noqa: PLC0415  only this command needs it

    memory = psutil.virtual_memory()
    found = (
        f"{console.file_size(memory.available)} free of "
        f"{console.file_size(memory.total)}"
    )
    short = memory.available < _LEAST_MEMORY
    return Check("memory", found, short, "close other programs" if short else "")


def _folders() -> Iterator[Check]:
    from platformdirs import user_log_path, user_state_path  # noqa: PLC0415

    for name, folder in (
        ("weights", weights_folder()),
        ("notes", user_state_path("nnviz")),
        ("log", user_log_path("nnviz", appauthor=False)),
        ("temporary", Path(tempfile.gettempdir())),
    ):
        yield folder_check(name, folder)


def folder_check(name: str, folder: Path) -> Check:
    """Check that a folder, or its nearest existing parent, is writable."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        found = f"{folder}: cannot be written to"
        return Check(name, found, problem=True, remedy=f"make {there} writable")
    free = shutil.disk_usage(there).free
    short = free < _LEAST_DISK
    remedy = "free some space: weights take up to 1.5 GB each" if short else ""
    return Check(name, f"{folder}, {console.file_size(free)} free", short, remedy)


def _window() -> Iterator[Check]:
    if sys.platform != "linux":
        return
    display = next(filter(None, map(os.environ.get, _DISPLAYS)), None)
    yield Check(
        "display",
        display or "none",
        display is None,
        "" if display else "no window without one; nnviz demo --out DIR needs none",
    )
    yield libraries("Qt's libraries", _QT_LIBRARIES)
    if os.environ.get("DISPLAY"):
        yield libraries("X libraries", _XCB_LIBRARIES)


def libraries(
    name: str,
    wanted: dict[str, str],
    find: Callable[[str], str | None] = find_library,
) -> Check:
    """Check for shared libraries.

    Args:
        name: name of the check.
        wanted: library -> the Debian package that holds it.
        find: returns a library's file, or None.
    """
    missing = [package for library, package in wanted.items() if not find(library)]
    if missing:
        found = f"{len(missing)} of {len(wanted)} missing"
        remedy = f"apt-get install {' '.join(missing)}"
        return Check(name, found, problem=True, remedy=remedy)
    return Check(name, f"all {len(wanted)} found")


def _resources() -> Check:
    try:
        fonts = sorted(resource("fonts").glob("*.[ot]tf"))
        size = resource("models", "objects.safetensors").stat().st_size
    except FileNotFoundError as error:
        found = f"{error} is missing ({os.strerror(errno.ENOENT).lower()})"
        return Check("resources", found, problem=True, remedy="reinstall nnviz")
    names = ", ".join(font.stem for font in fonts)
    return Check("resources", f"bundled:objects {console.file_size(size)}, {names}")


def _default_network() -> Check:
    if default_model() != DEFAULT_MODEL:
        found = f"the package with the weights of {DEFAULT_MODEL} is not installed"
        return Check("network", found, problem=True, remedy="reinstall nnviz")
    return Check("network", f"{DEFAULT_MODEL} has its weights")
