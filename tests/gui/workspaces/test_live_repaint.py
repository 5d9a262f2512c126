"""Networks that repaint, live in the window, with the real engine.

Truth: what a person does and expects to see: a file of weights is dropped, and the
frames are painted; numbers of pixels by hand.
"""

import av
import pytest
import torch
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QFileDialog
from support.videos import evenly, write_film

from nnviz.base.video import SourceKind, SourceRequest
from nnviz.engine.models.networks import JohnsonNet, QuickPainter
from nnviz.gui.shell.main_window import LIVE, STYLE
from nnviz.gui.views.comparison.before_after import Showing

WAIT = 60_000


@pytest.fixture
def painting(live, qtbot, tmp_path):
    """The window in Live with a short film of its own that is being painted."""
    film = write_film(tmp_path / "film.mp4", evenly(12, 15.0), size=(96, 128))
    live.enter(LIVE)
    drop(live, saved(QuickPainter, tmp_path / "candy.pth"))
    live.app.play(SourceRequest(kind=SourceKind.FILE, address=str(film)))
    qtbot.waitUntil(lambda: live.app.live.exportable, timeout=WAIT)
    return live


def frames_of(path):
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def export(window, monkeypatch, path):
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(path), "Videos")
    )
    window.stage.center.live.transport.export.click()


def saved(net, path):
    """A state dict as it is published, of a network that nobody trained."""
    torch.manual_seed(0)
    torch.save(net().state_dict(), path)
    return path


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.operations.take(data)


def side(window):
    return window.stage.center.live.view.repaint_side


def press(window, way):
    for each in side(window).head._ways.buttons():
        if each.property("showing") == way.value:
            each.click()


def test_a_file_that_is_dropped_paints_the_film(live, qtbot, tmp_path):
    live.enter(LIVE)
    drop(live, saved(QuickPainter, tmp_path / "candy.pth"))
    view = live.stage.center.live.view
    qtbot.waitUntil(
        lambda: view.report is not None and "painting" in view.report, timeout=WAIT
    )
    assert live.app.choice.method.name == "fast_style"
    assert view.isVisible()
    assert side(live).isVisible()
    # The sample film has 640 x 480 px; what is painted is 256 wide.
    assert side(live).pair.after.image_size == (192, 256)
    head = side(live).head
    assert head.networks.currentText() == "candy"
    assert head.sizes.currentData() == 256
    press(live, Showing.SWIPE)
    qtbot.waitUntil(lambda: side(live).pair.after.image_size == (480, 640))
    press(live, Showing.AFTER)
    head.sizes.setCurrentIndex(head.sizes.findData(192))
    head.sizes.activated.emit(head.sizes.currentIndex())
    qtbot.waitUntil(
        lambda: side(live).pair.after.image_size == (144, 192), timeout=WAIT
    )
    assert live.app.choice.values["size"] == 192


def test_the_same_file_paints_a_photograph(live, qtbot, cat, tmp_path):
    live.enter(STYLE)
    drop(live, cat)
    drop(live, saved(JohnsonNet, tmp_path / "mine.pth"))
    qtbot.waitUntil(
        lambda: getattr(live.app.choice.method, "name", "") == "fast_style",
        timeout=WAIT,
    )
    live.app.runs.run()
    qtbot.waitUntil(lambda: live.stage.center.run is not None, timeout=WAIT)
    assert live.stage.center.run.recipe.method == "fast_style"


def test_every_picture_of_a_film_is_exported(painting, qtbot, tmp_path, monkeypatch):
    """Truth: another program's reader; the film has twelve pictures."""
    films, out = painting.app.videos, tmp_path / "painted.mp4"
    export(painting, monkeypatch, out)
    assert films.busy
    assert painting.app.live.held
    qtbot.waitUntil(lambda: not films.busy, timeout=WAIT)
    assert frames_of(out) == 12
    assert painting.stage.center.live.transport.export.text() == "Export video…"


def test_an_export_that_is_stopped_leaves_a_film(
    painting, qtbot, tmp_path, monkeypatch
):
    films, out = painting.app.videos, tmp_path / "painted.mp4"
    told = []
    films.changed.connect(told.append)
    export(painting, monkeypatch, out)
    qtbot.waitUntil(lambda: any(each and each.done > 2 for each in told), timeout=WAIT)
    painting.stage.center.live.transport.export.click()
    qtbot.waitUntil(lambda: not films.busy, timeout=WAIT)
    assert 2 < frames_of(out) <= 12
    assert not list(tmp_path.glob(".*"))
