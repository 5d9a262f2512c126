"""Takes the pictures of the window that the README and the designers look at.

Usage: .venv/bin/python packaging/screenshots.py [FOLDER]

Drives the real window, engine and all, on three photographs at two sizes, waits until
nothing is at work any more, and saves what it shows as PNG files. Without a display it
draws off screen. FOLDER is resources/screenshots where none is named. A board of eight
methods on two networks, as ``nnviz board`` writes it, is saved beside them; with
``--board`` it is all that is made.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtWidgets import QApplication
from scratch import use_scratch_folders

import nnviz
from nnviz.base.parameters import Value
from nnviz.base.shipped.samples import sample_photos
from nnviz.base.stickers.placement import Placement
from nnviz.gui.shell.app import make_application, make_window, start_engine
from nnviz.gui.shell.main_window import MainWindow
from nnviz.gui.state.modes import ERRORS, WALL
from nnviz.gui.state.settings import Settings
from nnviz.gui.state.workspace import Workspace
from nnviz.gui.workspaces.attack.workspace import ATTACK
from nnviz.gui.workspaces.explain.workspace import EXPLAIN
from nnviz.gui.workspaces.inspect.workspace import INSPECT
from nnviz.gui.workspaces.learn.workspace import LEARN
from nnviz.gui.workspaces.style.workspace import STYLE
from nnviz.gui.workspaces.train.workspace import TRAIN

SHIPPED = Path(__file__).parents[1] / "resources" / "screenshots"
SIZES = (QSize(1440, 900), QSize(1920, 1080))
NETWORKS = ("bundled:imagenet", "bundled:objects")
BOARD_ALONE = "--board"
INDEXED = 400
"""Generated scenes in the screenshot of a data set."""
SECONDS = 300
QUIET = 0.7
"""Seconds in which nothing may start any more before the picture is taken."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a screenshot shows.

    Attributes:
        photo: name of the photograph.
        method: that is run.
        values: its parameters, where they are not the method's own.
        theme: of the window.
        workspace: likewise.
        stickers: laid on the photograph in the sticker studio, where there are any: a
            color or the name of a photograph, and its place.
    """

    photo: str
    method: str
    values: Mapping[str, Value] = field(default_factory=dict)
    theme: str = "dark"
    workspace: Workspace = INSPECT
    stickers: Mapping[str, Placement] = field(default_factory=dict)


SCENES = (
    Scene("cat", "activations"),
    Scene("coffee", "filters"),
    Scene("face", "activations", {"channel": 5}),
    Scene("cat", "predictions", theme="light"),
    Scene("cat", "grad_cam", workspace=EXPLAIN),
    Scene("face", "occlusion", theme="light", workspace=EXPLAIN),
    Scene("cat", "pgd", {"steps": 10}, workspace=ATTACK),
    Scene(
        "cat",
        "placed_stickers",
        workspace=ATTACK,
        stickers={
            "round:#e53935": Placement(0.36, 0.3, 0.2, 0),
            "round:coffee": Placement(0.6, 0.66, 0.4, 20),
        },
    ),
    Scene(
        "cat",
        "style_transfer",
        {"style": "strokes", "steps": 60, "size": 384},
        workspace=STYLE,
    ),
    Scene("cat", "convolution", workspace=LEARN),
    Scene("cat", "optimizer_race", workspace=LEARN),
    Scene("cat", "train_network", {"epochs": 8}, workspace=TRAIN),
)


def main(words: list[str]) -> int:
    """Take all screenshots, or make the board alone."""
    named = [word for word in words if word != BOARD_ALONE]
    folder = Path(named[0]) if named else SHIPPED
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        use_scratch_folders(Path(temporary))
        if BOARD_ALONE not in words:
            take_all(folder)
        write_board(write_photos(Path(temporary))["cat"], folder / "board.webp")
    return 0


def take_all(folder: Path) -> None:
    """Take the screenshots of all scenes."""
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = make_application()
    with tempfile.TemporaryDirectory() as temporary:
        photos = write_photos(Path(temporary))
        for scene in SCENES:
            settings = Settings(Path(temporary, f"{scene.photo}-{scene.method}.json"))
            settings.theme = scene.theme
            window = make_window(settings)
            try:
                take(window, scene, photos, folder)
            finally:
                window.app.shutdown()
            window.close()
            window.deleteLater()
            application.processEvents()
        take_data(Path(temporary), folder)


def take_data(temporary: Path, folder: Path) -> None:
    """Take the screenshots of a data set: its wall, and its mistakes."""
    index = temporary / "scenes"
    nnviz.index("scenes", "bundled:scenes", out=index, limit=INDEXED)
    window = make_window(Settings(temporary / "data.json"))
    window.resize(SIZES[0])
    window.show()
    start_engine(window.app)
    window.app.open_dataset(str(index))
    wait(lambda: window.app.datasets.dataset is not None)
    for mode in (WALL, ERRORS):
        window.stage.center.set_mode(mode)
        wait(lambda: True)
        name = f"data-{mode}-{SIZES[0].width()}x{SIZES[0].height()}.png"
        window.grab().save(str(folder / name))
        sys.stdout.write(f"{folder / name}\n")
    window.app.shutdown()
    window.close()


def write_board(photo: Path, path: Path) -> None:
    """Compare what two networks look at in a photograph, as a picture for the page."""
    picture = nnviz.board(photo, models=NETWORKS).painted()
    Image.fromarray(picture).save(path, quality=88, method=6)
    sys.stdout.write(f"{path}\n")


def write_photos(folder: Path) -> dict[str, Path]:
    """Write the photographs, all public domain, and return their paths by name."""
    samples = sample_photos()[0].parent
    pictures = {
        "cat": Image.open(samples / "chelsea.png"),
        "coffee": Image.open(samples / "coffee.png"),
        "face": Image.open(samples / "astronaut.png").crop((70, 0, 370, 300)),
    }
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.png")
    return {name: folder / f"{name}.png" for name in pictures}


def take(
    window: MainWindow, scene: Scene, photos: Mapping[str, Path], folder: Path
) -> None:
    """Bring the window to a scene and save it at every size."""
    bench = window.app
    window.resize(SIZES[0])
    window.show()
    start_engine(bench)
    bench.open_model(NETWORKS[0])
    others = [str(path) for name, path in photos.items() if name != scene.photo]
    bench.open_files([str(photos[scene.photo]), *others])
    wait(lambda: bench.selection.image is not None and is_idle(window))
    window.enter(scene.workspace)
    if scene.stickers:
        lay(window, scene, photos)
    else:
        run(window, scene)
    for size in SIZES:
        window.resize(size)
        wait(lambda: is_idle(window))
        name = f"{scene.photo}-{scene.method}-{size.width()}x{size.height()}.png"
        window.grab().save(str(folder / name))
        sys.stdout.write(f"{folder / name}\n")


def run(window: MainWindow, scene: Scene) -> None:
    """Run the scene's method, unless that is done already."""
    runs, choice = window.app.runs, window.app.choice
    if scene.values or choice.method is None or choice.method.name != scene.method:
        choice.choose(scene.method, scene.values)
    if not runs.automatic:
        runs.run()


def lay(window: MainWindow, scene: Scene, photos: Mapping[str, Path]) -> None:
    """Lay the scene's stickers in the studio."""
    answers: list[object] = []
    window.app.stickers.answered.connect(answers.append)
    window.commands["view.stickers"].trigger()
    for look, placement in scene.stickers.items():
        outline, _, name = look.partition(":")
        window.app.stickers.add(f"{outline}:{photos.get(name, name)}", placement)
    # None is told while the stickers are being read.
    wait(lambda: bool(answers) and answers[-1] is not None)


def is_idle(window: MainWindow) -> bool:
    """Return whether a network is open and neither it nor a method is at work."""
    bench = window.app
    if bench.bridge is None or bench.selection.model is None:
        return False
    return not (bench.runs.running or bench.predictions.running)


def wait(condition: Callable[[], bool]) -> None:
    """Run Qt's event loop until a condition has held for a while.

    Raises:
        TimeoutError: it never did.
    """
    deadline = time.monotonic() + SECONDS
    since = time.monotonic()
    while time.monotonic() - since < QUIET:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.01)
        now = time.monotonic()
        if not condition():
            since = now
        if now > deadline:
            raise TimeoutError(f"the window was not ready after {SECONDS} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
