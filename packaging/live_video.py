"""Makes the video of the README: the Live workspace filming itself.

Usage: .venv/bin/python packaging/live_video.py [FILE]

The real window plays the sample video: classes and feature maps of the cat, then
detected objects, each for a third of 20 seconds.  The window is grabbed eight times a
second.  FILE is resources/screenshots/live.webp where none is named.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtWidgets import QApplication

from nnviz.base.live import CONTENTS, Content
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.base.shipped.samples import sample_video
from nnviz.gui.shell.app import make_application, make_window, start_engine
from nnviz.gui.shell.main_window import MainWindow
from nnviz.gui.state.settings import Settings
from nnviz.gui.views.canvas.layers import array_of
from nnviz.gui.workspaces.live.workspace import LIVE

SHIPPED = Path(__file__).parents[1] / "resources" / "screenshots" / "live.webp"
SIZE = QSize(1200, 760)
WIDTH = 800
SECONDS, RATE = 20.0, 8
LONGEST = 0.5
"""Seconds that a picture may stay: opening a network is left out."""
PATIENCE = 120.0
Shot = tuple[float, Image.Image]
"""When it was taken, s, and what the window showed."""
SHOWN = {"classify": 5.2, "features": 5.2, "detect": 10.2}
"""Contents, and where in the sample video each begins, s: twice the cat, the coffee."""


def main(words: list[str]) -> int:
    """Film the window and write the animation."""
    path = Path(words[0]) if words else SHIPPED
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = make_application()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        window = make_window(Settings(folder / "settings.json"))
        window.resize(SIZE)
        window.show()
        start_engine(window.app)
        window.app.live.request = sample_video()
        window.app.open_model(DEFAULT_MODEL)
        window.enter(LIVE)
        frames = [frame for content in contents() for frame in film(window, content)]
        window.close()
    application.processEvents()
    write(frames, path)
    return 0


def contents() -> list[Content]:
    """Return what is shown, in order."""
    return [each for each in CONTENTS if each.name in SHOWN]


def film(window: MainWindow, content: Content) -> list[Shot]:
    """Look at something for its share of the time and return the pictures."""
    live = window.app.live
    window.app.look_live(content)
    wait(lambda: answered_by(window, content.method))
    live.again()
    wait(lambda: answered_by(window, content.method))
    live.seek(SHOWN[content.name])
    wait(partial(has_come, time.monotonic() + LONGEST))
    frames: list[Shot] = []
    until = time.monotonic() + SECONDS / len(SHOWN)
    while time.monotonic() < until:
        due = time.monotonic() + 1 / RATE
        wait(partial(has_come, due))
        frames.append((time.monotonic(), image_of(window)))
    return frames


def has_come(due: float) -> bool:
    """Tell whether it is time."""
    return time.monotonic() >= due


def answered_by(window: MainWindow, method: str) -> bool:
    """Tell whether the frame that is shown was looked at by a method."""
    last = window.app.live.last
    return (
        last is not None and last.run is not None and (last.run.recipe.method == method)
    )


def image_of(window: MainWindow) -> Image.Image:
    """Return what the window shows, at the width of the film."""
    shown = Image.fromarray(array_of(window.grab().toImage()))
    height = round(shown.height * WIDTH / shown.width)
    return shown.resize((WIDTH, height), Image.Resampling.BOX)


def wait(condition: Callable[[], bool]) -> None:
    """Run Qt's event loop until a condition holds.

    Raises:
        TimeoutError: it never did.
    """
    until = time.monotonic() + PATIENCE
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
        time.sleep(0.002)
        if time.monotonic() > until:
            raise TimeoutError("the window does not answer")


def write(frames: list[Shot], path: Path) -> None:
    """Write an animated WebP; each picture stays as long as it did."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = [time for time, _ in frames]
    gaps = [after - before for before, after in pairwise(times)]
    shown = [round(1000 * min(gap, LONGEST)) for gap in [*gaps, 1 / RATE]]
    first, *rest = [picture for _, picture in frames]
    first.save(
        path, save_all=True, append_images=rest, duration=shown, loop=0, quality=55,
        method=4,
    )  # fmt: skip
    sys.stdout.write(f"{path}: {len(frames)} frames, {path.stat().st_size >> 10} KiB\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
