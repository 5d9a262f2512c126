"""Tries an installed nnviz: what it ships with, its command, its window, no Qt.

Usage: python smoke_test.py installed ENVIRONMENT | command | window | server
"""

import importlib
import json
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path

SECONDS = 120
CAT = "Egyptian cat"
QT = ("PySide6", "shiboken6", "pyqtgraph", "superqt")


def try_installed(environment: str) -> None:
    """What runs is the wheel's, not a checkout's, and has its resources inside."""
    package = Path(importlib.import_module("nnviz").__file__ or "").parent
    expect(package.is_relative_to(environment), f"{package} is no wheel's")
    resource = importlib.import_module("nnviz.base.shipped.resources").resource
    for name in ("catalogue.json", "fonts/LICENSE.txt", "icons/LICENSE.txt"):
        expect(resource(name).is_relative_to(package), f"{name} is not inside")


def try_command() -> None:
    """The command finds the machine sound and names the cat."""
    command = str(Path(sysconfig.get_path("scripts"), "nnviz"))
    checks = json.loads(answer([command, "doctor", "--json"]))
    problems = {each["name"]: each["found"] for each in checks if each["problem"]}
    expect(not problems.keys() - {"display", "memory"}, f"doctor: {problems}")
    with tempfile.TemporaryDirectory() as folder:
        run = [command, "run", "predictions", sample(), "--out", folder]
        expect(CAT in answer(run), "the cat is not named")


def try_window() -> None:
    """The window opens the sample image and shows the prediction."""
    app = importlib.import_module("nnviz.gui.shell.app")
    settings = importlib.import_module("nnviz.gui.state.settings").Settings
    application = app.make_application()
    with tempfile.TemporaryDirectory() as folder:
        window = app.make_window(settings(Path(folder, "settings.json")))
        window.show()
        app.start_engine(window.app)
        app.open_first(window.app, (), "bundled:imagenet")
        try:
            wait(lambda: window.app.predictions.report is not None, application)
        finally:
            window.app.shutdown()
            window.close()


def try_server() -> None:
    """Command line and Python API work where there is no Qt."""
    sys.meta_path.insert(0, WithoutQt())
    nnviz = importlib.import_module("nnviz")
    found = nnviz.run("predictions", "bundled:imagenet", nnviz.open_image(sample()))
    expect(CAT in found.main.labels[:5], "the cat is not named")
    cli = importlib.import_module("nnviz.cli")
    expect(cli.main(["methods", "grad_cam"]) == 0, "methods cannot be listed")
    expect(not set(QT) & set(sys.modules), "Qt was imported")


class WithoutQt(MetaPathFinder):
    """Finds no Qt, as on a server without it."""

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse Qt's packages.

        Raises:
            ModuleNotFoundError: the name is one of theirs.
        """
        if name.partition(".")[0] in QT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def expect(condition: object, otherwise: str) -> None:
    """End with one line where something does not hold."""
    if not condition:
        sys.exit(f"smoke test: {otherwise}")


def sample() -> str:
    """Return the path of the sample image."""
    samples = importlib.import_module("nnviz.base.shipped.samples")
    return str(samples.sample_photos()[0])


def answer(command: list[str]) -> str:
    """Return what a command writes."""
    done = subprocess.run(  # noqa: S603  our own command
        command, capture_output=True, text=True, check=False
    )
    return done.stdout


def wait(condition: Callable[[], bool], application: object) -> None:
    """Run Qt's event loop until a condition holds.

    Raises:
        TimeoutError: it never did.
    """
    deadline = time.monotonic() + SECONDS
    while not condition():
        application.processEvents()  # type: ignore[attr-defined]
        time.sleep(0.01)
        if time.monotonic() > deadline:
            raise TimeoutError(f"not ready after {SECONDS} s")


TRIED: dict[str, Callable[..., None]] = {
    "installed": try_installed,
    "command": try_command,
    "window": try_window,
    "server": try_server,
}

if __name__ == "__main__":
    TRIED[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(f"{sys.argv[1]}: works\n")
