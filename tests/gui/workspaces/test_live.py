"""The window as people use it, with the real engine: files, keys, downloads."""

import http.server
import threading
import time
from functools import partial

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QSize, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from nnviz.gui.shell import app

NETWORK = "bundled:objects"
WAIT = 60_000
SECONDS_TO_CLOSE = 2.0


def drop(window, *files):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    window.operations.take(data)


def predicted(window):
    return window.stage.prediction.bars.lines()


def notices(window):
    return [notice.text for notice in window.stage.center.banners.shown()]


def wait(qtbot, condition):
    qtbot.waitUntil(condition, timeout=WAIT)


def start(window, qtbot, *files, model=NETWORK):
    app.open_first(window.app, [str(file) for file in files], model)
    wait(qtbot, lambda: bool(predicted(window)))
    wait(qtbot, lambda: window.stage.center.run is not None)
    wait(qtbot, lambda: not window.app.runs.running)


def close_quickly(window):
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < SECONDS_TO_CLOSE


@pytest.fixture
def gray_weights(tmp_path):
    """A ResNet-18 for one channel and three classes, as a state dict."""
    import torch
    from torchvision import models

    net = models.resnet18(num_classes=3)
    net.conv1 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    path = tmp_path / "grey.pth"
    torch.save(net.state_dict(), path)
    return path


def test_a_network_of_one_channel_takes_a_color_photograph(
    live, qtbot, cat, gray_weights
):
    """Truth: three classes and one channel are what torch.save wrote."""
    start(live, qtbot, cat)
    drop(live, gray_weights)
    wait(qtbot, lambda: live.app.selection.model.title != "nnviz objects")
    wait(qtbot, lambda: len(predicted(live)) == 3)
    assert live.app.selection.model.preprocess.channels == 1
    live.app.choice.choose("filters")
    wait(qtbot, lambda: live.stage.center.run.recipe.method == "filters")
    assert notices(live) == []


def test_a_photograph_of_twenty_megapixels(live, qtbot, tmp_path):
    """Truth: its size by hand."""
    path = tmp_path / "large.jpg"
    Image.effect_noise((5472, 3648), 40).convert("RGB").save(path, quality=80)
    start(live, qtbot, path)
    assert live.app.selection.image.size == (3648, 5472)
    assert live.stage.center.run.recipe.image == "large.jpg"


def test_with_the_keyboard_alone(live, qtbot, cat):
    """Truth: ux.md: everything can be reached and nothing traps the focus."""
    start(live, qtbot, cat)
    live.activateWindow()
    live.setFocus()
    seen = []
    for _ in range(80):
        focused = live.focusWidget()
        if focused in seen[1:]:
            break
        seen.append(focused)
        qtbot.keyClick(focused or live, Qt.Key.Key_Tab)
    names = [each.accessibleName() or getattr(each, "text", str)() for each in seen]
    assert {"Layers", "Images"} <= set(names), names
    before = live.app.selection.layer
    qtbot.keyClick(live, Qt.Key.Key_PageUp)
    assert live.app.selection.layer != before
    qtbot.keyClick(live, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert live.palette_box.isVisible()
    qtbot.keyClicks(live.palette_box.field, "next layer")
    qtbot.keyClick(live.palette_box.field, Qt.Key.Key_Return)
    assert live.app.selection.layer == before
    qtbot.keyClick(live, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(live.palette_box.field, Qt.Key.Key_Escape)
    assert live.palette_box.isHidden()
    qtbot.keyClick(live, Qt.Key.Key_BracketRight)
    assert live.app.selection.unit >= 0


def test_every_control_has_a_name_for_screen_readers(live, qtbot, cat):
    """Truth: ux.md.  Qt's own parts of larger controls are passed over."""
    start(live, qtbot, cat)
    nameless = [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in live.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.objectName().startswith("qt_")
        and not widget.accessibleName()
        and not getattr(widget, "text", str)()
        and widget.focusProxy() is None
        and widget.isVisible()
    ]
    assert nameless == []


@pytest.mark.parametrize("doing", ["loading", "computing"])
def test_closing_in_the_middle(live, qtbot, cat, doing):
    """Truth: the clock, and the fixture that finds threads left over."""
    start(live, qtbot, cat)
    live.app.open_model("zoo:vgg16@random")
    if doing == "computing":
        wait(qtbot, lambda: live.app.selection.model.reference.startswith("zoo:vgg16"))
        wait(qtbot, lambda: live.app.runs.running)
    else:
        qtbot.wait(300)
    close_quickly(live)


def test_labels_of_the_wrong_number_are_refused_in_words(live, qtbot, cat, tmp_path):
    """Truth: the bundled network has 101 classes, the file two."""
    start(live, qtbot, cat)
    path = tmp_path / "names.txt"
    path.write_text("one\ntwo\n")
    drop(live, path)
    wait(qtbot, lambda: bool(notices(live)))
    assert "names.txt" in notices(live)[0]
    assert "101" in notices(live)[0]
    assert len(predicted(live)) == 5


def test_labels_of_the_right_number_name_the_classes(live, qtbot, cat, tmp_path):
    """Truth: the names in the file."""
    start(live, qtbot, cat)
    path = tmp_path / "names.txt"
    path.write_text("\n".join(f"thing {n}" for n in range(101)))
    drop(live, path)
    wait(qtbot, lambda: predicted(live)[0].startswith("thing "))
    assert notices(live) == []


def test_a_picture_pasted_from_the_clipboard(live, qtbot, cat):
    """Truth: Qt's own clipboard."""
    start(live, qtbot, cat)
    first = predicted(live)
    image = QImage(QSize(64, 48), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    QApplication.clipboard().setImage(image)
    live.commands["file.paste"].trigger()
    wait(qtbot, lambda: live.stage.center.run.recipe.image == "pasted image")
    wait(qtbot, lambda: predicted(live) != first)


def test_other_preprocessing_changes_the_prediction_and_back(live, qtbot, cat):
    """Truth: the network's own prediction, before and after."""
    start(live, qtbot, cat)
    first = predicted(live)
    own = live.app.selection.model.preprocess
    panel = live.stage.preprocess
    live.commands["edit.preprocess"].trigger()
    mean = next(
        each
        for each in panel.form.findChildren(QWidget)
        if each.accessibleName() == "mean, channel 3"
    )
    mean.selectAll()
    qtbot.keyClicks(mean, "406")
    qtbot.keyClick(mean, Qt.Key.Key_Return)
    assert "0.406" in panel.form.remark()
    wait(qtbot, lambda: predicted(live) != first)
    panel.form.reset()
    wait(qtbot, lambda: live.app.selection.model.preprocess == own)
    wait(qtbot, lambda: predicted(live) == first)


def test_an_input_too_small_for_the_network_is_refused(live, qtbot, cat):
    """Truth: AlexNet's smallest input is 63 px (its layers, by hand)."""
    start(live, qtbot, cat)
    live.app.open_model("zoo:alexnet@random")
    wait(qtbot, lambda: live.app.selection.model.reference.startswith("zoo:alex"))
    wait(qtbot, lambda: live.app.runs.running)
    own = live.app.selection.model.preprocess
    form = live.stage.preprocess.form
    live.commands["edit.preprocess"].trigger()
    form._height.setValue(16)
    wait(qtbot, lambda: bool(notices(live)))
    assert "smallest input" in notices(live)[0]
    assert live.app.selection.model.preprocess == own
    assert form.value() == own


def test_three_hundred_photographs_are_listed_at_once(live, qtbot, cat, tmp_path):
    """Truth: the count; the GUI's beats while they are dropped."""
    start(live, qtbot, cat)
    files = [tmp_path / f"photo {n:03}.png" for n in range(300)]
    for file in files:
        file.write_bytes(cat.read_bytes())
    began = time.monotonic()
    drop(live, *files)
    assert time.monotonic() - began < 0.1
    wait(qtbot, lambda: live.stage.images.list.count() == 301)
    wait(qtbot, lambda: live.stage.center.run.recipe.image == "photo 000.png")


def test_a_folder_of_twenty_thousand_files_does_not_freeze(live, qtbot, cat, tmp_path):
    """Truth: the longest time between two beats of a 5 ms timer."""
    start(live, qtbot, cat)
    for n in range(20_000):
        (tmp_path / f"{n}.txt").touch()
    (tmp_path / "one.png").write_bytes(cat.read_bytes())
    drop(live, tmp_path)
    wait(qtbot, lambda: live.stage.center.run.recipe.image == "one.png")


def test_an_exported_picture_brings_its_result_back(live, qtbot, cat, tmp_path):
    """Truth: the arrays of the first run."""
    start(live, qtbot, cat)
    live.commands["go.previous_layer"].trigger()
    layer = live.app.selection.layer
    wait(qtbot, lambda: live.stage.center.run.recipe.values["layer"] == layer)
    first = live.stage.center.run
    live.app.settings.export_folder = str(tmp_path)
    live.commands["file.save"].trigger()
    wait(qtbot, lambda: len(list(tmp_path.glob("*.png"))) == 1)
    live.commands["go.next_layer"].trigger()
    wait(qtbot, lambda: live.stage.center.run.recipe.values["layer"] != layer)
    drop(live, *tmp_path.glob("*.png"))
    wait(qtbot, lambda: live.stage.center.run.recipe.values["layer"] == layer)
    again = live.stage.center.run.report.arrays()
    for name, array in first.report.arrays().items():
        np.testing.assert_array_equal(again[name], array)
    assert notices(live) == []


# --- started with files


def test_started_with_something_that_is_no_picture(live, qtbot, tmp_path):
    """Truth: ux.md: it says why, and there is something to see all the same."""
    path = tmp_path / "letter.docx"
    path.write_text("x")
    start(live, qtbot, path)
    assert "letter.docx" in notices(live)[0]
    assert live.app.selection.image is not None


def test_started_with_a_folder(live, qtbot, photos):
    """Truth: the folder's three files."""
    start(live, qtbot, photos)
    assert live.stage.images.list.count() == 3


def test_started_with_two_networks(live, qtbot, gray_weights, tmp_path):
    """Truth: the first is opened, the second is named in the log."""
    other = tmp_path / "other.pth"
    other.write_bytes(b"no weights")
    start(live, qtbot, gray_weights, other)
    wait(qtbot, lambda: live.app.selection.model.preprocess.channels == 1)
    assert "other.pth was not opened" in live.stage.log.text.toPlainText()


def test_started_with_weights_that_are_not_here(live, qtbot, cat):
    """Truth: the bundled network stands in, and the banner offers the download."""
    start(live, qtbot, cat, model="zoo:resnet18")
    assert live.app.selection.model.reference == "bundled:imagenet"
    (banner,) = live.stage.center.banners.shown()
    assert [remedy.label for remedy in banner.remedies] == ["Download"]


# --- downloads


class SlowFile(http.server.BaseHTTPRequestHandler):
    """Serves one file from any byte on, and as slowly as it is told."""

    def __init__(self, body, pause, starts, *args):
        self.body, self.pause, self.starts = body, pause, starts
        super().__init__(*args)

    def do_GET(self):
        wanted = self.headers.get("Range", "bytes=0-")
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        self.starts.append(start)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.body) - start))
        self.end_headers()
        try:
            for place in range(start, len(self.body), 1 << 20):
                self.wfile.write(self.body[place : place + (1 << 20)])
                self.pause.wait(0.02)
        except OSError:
            return

    def log_message(self, *_words):
        """Keep the test's output clean."""


@pytest.fixture
def server(monkeypatch, tmp_path):
    """Published weights of SqueezeNet 1.1 that are none, on this machine's loopback."""
    body = np.random.default_rng(0).bytes(40 << 20)
    starts: list[int] = []
    handler = partial(SlowFile, body, threading.Event(), starts)
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served.daemon_threads = True
    thread = threading.Thread(target=served.serve_forever, args=(0.05,))
    thread.start()
    address = f"http://127.0.0.1:{served.server_address[1]}"
    monkeypatch.setenv("NNVIZ_WEIGHTS_URL", address)
    monkeypatch.setenv("NNVIZ_WEIGHTS", str(tmp_path / "weights"))
    yield starts
    served.shutdown()
    served.server_close()
    thread.join()


def partial_size(folder):
    return sum(file.stat().st_size for file in folder.glob("weights/*.partial"))


def test_a_download_shows_progress_stops_and_goes_on(
    live, qtbot, cat, server, tmp_path
):
    """Truth: where the server was asked to go on; the hash tells a wrong file."""
    start(live, qtbot, cat)
    told = []
    live.app.models.fetching.connect(lambda _, progress: told.append(progress))
    live.app.models.fetch("zoo:squeezenet1_1")
    wait(qtbot, lambda: partial_size(tmp_path) > 4 << 20)
    live.app.models.stop_fetch("zoo:squeezenet1_1")
    wait(qtbot, lambda: not live.app.models.is_fetching("zoo:squeezenet1_1"))
    kept = partial_size(tmp_path)
    assert 0 < kept < 40 << 20
    shares = [progress.done for progress in told if progress.total]
    assert shares == sorted(shares)
    live.app.models.fetch("zoo:squeezenet1_1")
    wait(qtbot, lambda: bool(notices(live)))
    assert server == [0, kept]
    assert "arrived damaged" in notices(live)[0]
    assert live.app.selection.model.reference == NETWORK


@pytest.mark.usefixtures("server")
def test_closing_in_the_middle_of_a_download(live, qtbot, cat, tmp_path):
    """Truth: the clock, the kept part, and the fixture that finds threads."""
    start(live, qtbot, cat)
    live.app.models.fetch("zoo:squeezenet1_1")
    wait(qtbot, lambda: partial_size(tmp_path) > 1 << 20)
    close_quickly(live)
    assert partial_size(tmp_path) > 1 << 20
