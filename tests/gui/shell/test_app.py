"""The whole window with the real engine: files in, predictions out."""

import subprocess
import sys

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from safetensors.numpy import save_file

from nnviz.gui.shell import app

NETWORK = "bundled:objects"
WAIT = 60_000


def predicted(window):
    return window.stage.prediction.bars.lines()


def start(window, qtbot, file):
    app.open_first(window.app, [str(file)], NETWORK)
    qtbot.waitUntil(lambda: bool(predicted(window)), timeout=WAIT)
    qtbot.waitUntil(lambda: window.stage.center.run is not None, timeout=WAIT)


def test_nothing_heavy_is_imported_before_the_first_paint():
    """Truth: design.md section 8, import times measured outside this program."""
    heavy = (
        "torch, torchvision, cv2, pyqtgraph, matplotlib, sklearn, skimage, "
        "nnviz.gui.views.results.registry, nnviz.gui.panels.compare, "
        "nnviz.gui.shell.kiosk"
    )
    code = f"""
import sys
from pathlib import Path
from nnviz.gui.shell import app
from nnviz.gui.state.settings import Settings
application = app.make_application()
window = app.make_window(Settings(Path(sys.argv[1])))
window.show()
application.processEvents()
hidden = [dock for dock in window.stage.docks.values() if dock.isHidden()]
assert hidden
# A style sheet is what Qt polishes a hidden panel for.
found = [dock.objectName() for dock in hidden if dock.styleSheet()]
found += [name for name in {heavy.split(", ")!r} if name in sys.modules]
print(*found)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "/nonexistent/settings.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_a_dropped_photograph_is_predicted_and_looked_into(live, qtbot, cat, coffee):
    """Truth: five probabilities, falling; the names of the files."""
    start(live, qtbot, cat)
    first = predicted(live)
    assert len(first) == 5
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(coffee))])
    live.operations.take(data)
    qtbot.waitUntil(
        lambda: live.stage.center.run.recipe.image == "coffee.jpg", timeout=WAIT
    )
    qtbot.waitUntil(lambda: predicted(live) != first, timeout=WAIT)
    assert live.stage.images.list.count() == 2


def test_walking_the_layers_shows_each_at_once(live, qtbot, cat):
    """Truth: the order of the module tree, by hand."""
    start(live, qtbot, cat)
    names = live.stage.layers.names()
    live.app.selection.set_layer(names[0])
    for name in names[1:4]:
        live.commands["go.next_layer"].trigger()
        assert live.app.selection.layer == name
        qtbot.waitUntil(
            lambda name=name: live.stage.center.run.recipe.values["layer"] == name,
            timeout=WAIT,
        )


def test_a_broken_file_says_why_and_all_else_lives(live, qtbot, cat, tmp_path):
    """Truth: a text file is no picture."""
    start(live, qtbot, cat)
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    live.app.open_files([str(broken)])
    qtbot.waitUntil(lambda: bool(live.stage.center.banners.shown()), timeout=WAIT)
    assert "broken.png" in live.stage.center.banners.shown()[0].text
    assert len(predicted(live)) == 5


def test_closing_while_the_network_is_loading_is_quick(live):
    """Truth: the fixture that finds threads left over."""
    app.open_first(live.app, [], NETWORK)
    live.close()
    assert live.isHidden()


def test_a_sixteen_bit_gray_picture_opens(live, qtbot, tmp_path):
    """Truth: a file written by Pillow."""
    path = tmp_path / "deep.png"
    Image.fromarray(
        np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype("uint16")
    ).save(path)
    start(live, qtbot, path)
    assert live.app.selection.image.channels == 1


def test_weights_that_fit_nothing_are_refused_in_words(live, qtbot, cat, tmp_path):
    """Truth: a file written by safetensors that belongs to no network."""
    start(live, qtbot, cat)
    path = tmp_path / "odd.safetensors"
    save_file({"what.weight": np.zeros((3, 3), np.float32)}, path)
    live.app.open_files([str(path)])
    qtbot.waitUntil(lambda: bool(live.stage.center.banners.shown()), timeout=WAIT)
    assert live.app.selection.model.reference == NETWORK
