"""The real window with a network and an image, for programs that use it like a hand."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import MainWindow
from nnviz.gui.state.settings import Settings
from nnviz.media.encode import write_png
from tests.benchmarks.engine import photo

PATIENCE = 600.0


def wait(seconds: float) -> float:
    """Let the window run; return how long it did, s."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    began = time.perf_counter()
    loop.exec()
    return time.perf_counter() - began


def until(happened: Callable[[], object], what: str) -> None:
    """Let the window run until something has happened; end the program without it."""
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what}")
        wait(0.005)


@contextmanager
def opened_window(model: str) -> Iterator[MainWindow]:
    """Show the window on a network and an image, as large as on a small screen."""
    app.make_application()
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "image.png")
        write_png(image, photo())
        window = app.make_window(Settings(Path(folder) / "settings.json"))
        window.resize(1440, 900)
        window.show()
        app.start_engine(window.app)
        chosen = window.app.selection
        window.app.open_model(model)
        window.app.open_files([str(image)])
        until(
            lambda: chosen.image is not None and chosen.model is not None, "a network"
        )
        yield window
        window.close()
