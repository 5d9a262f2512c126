"""A method on every picture of a film, from any workspace.

Truth: another program's reader; the number of pictures by hand.
"""

import av
import pytest
from PySide6.QtWidgets import QFileDialog
from support.videos import evenly, write_film

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Cancelled, Done, Failed, Progress
from nnviz.base.requests import ChangeVideo
from nnviz.gui.shell.banner import ProgressBanner
from nnviz.gui.workspaces.imagine.workspace import IMAGINE

PLACE = "film"


def answer_dialogs(monkeypatch, film, out):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(film), ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))


def banners(window):
    shown = window.stage.center.banners.findChildren(ProgressBanner)
    return [each for each in shown if not each.isHidden()]


@pytest.fixture
def filming(opened, fake, monkeypatch, qtbot):
    """A film is being made in Imagine; the bridge is in the test's hands."""
    fake.held.add(PLACE)
    opened.enter(IMAGINE)
    opened.app.choice.choose("activation_maximization")
    qtbot.wait(20)
    answer_dialogs(monkeypatch, "in.mp4", "out")
    opened.commands["run.film"].trigger()
    return opened


def test_the_chosen_method_is_asked_for(filming, fake):
    request = fake.last(PLACE)
    assert isinstance(request, ChangeVideo)
    assert (request.film, request.out) == ("in.mp4", "out.mp4")
    assert request.method == "activation_maximization"
    fake.tell(PLACE, Progress(3, 12, "picture 3 of 12"))
    (banner,) = banners(filming)
    assert banner._text.text() == "out.mp4: picture 3 of 12"
    fake.tell(PLACE, Done(("12 pictures", "with the video's sound")))
    assert not banners(filming)


@pytest.mark.parametrize(
    "end", [Cancelled(), Failed(ErrorRecord(ErrorKind.USER, "in.mp4: no film", ""))]
)
def test_a_film_that_ends_early_leaves_no_banner(filming, fake, end):
    fake.tell(PLACE, Progress(3, 12, "picture 3 of 12"))
    fake.tell(PLACE, end)
    assert not banners(filming)


def test_no_second_film_beside_the_first(filming, fake, monkeypatch):
    asked = len(fake.asked)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", None)
    filming.commands["run.film"].trigger()
    assert len(fake.asked) == asked


def test_a_film_is_dreamt_on(live, qtbot, tmp_path, monkeypatch):
    """With the real engine and real files."""
    film = write_film(tmp_path / "film.mp4", evenly(3, 15.0), size=(48, 64))
    out = tmp_path / "dreamt.mp4"
    answer_dialogs(monkeypatch, film, out)
    live.app.open_model("bundled:objects")
    qtbot.waitUntil(lambda: live.app.selection.model is not None, timeout=60_000)
    live.enter(IMAGINE)
    live.app.choice.choose("deep_dream", {"steps": 1, "octaves": 1})
    live.commands["run.film"].trigger()
    assert live.app.videos.busy
    qtbot.waitUntil(lambda: not live.app.videos.busy, timeout=60_000)
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3
