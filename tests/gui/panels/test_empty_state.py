"""Places without an image offer ways to get one.

Truth: issue text, "empty states with buttons (Open, Sample image, Camera, Sample
video)"; cases by hand.
"""

import pytest

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.shipped.samples import sample_video
from nnviz.base.video import SourceKind, SourceState, SourceStatus
from nnviz.gui.panels.empty_state import CAMERA, RUN, SAMPLE_IMAGE, SAMPLE_VIDEO
from nnviz.gui.shell.main_window import EXPLAIN, LIVE


def texts(state):
    return [each.text() for each in state.buttons.values()]


def test_without_an_image_there_are_four_ways_to_get_one(window):
    empty = window.stage.center.photo.empty
    assert empty.isVisible()
    assert texts(empty) == ["Open…", "Sample image", "Camera", "Sample video"]


def test_the_sample_image_takes_the_buttons_place(window, qtbot):
    pane = window.stage.center.photo
    pane.empty.buttons[SAMPLE_IMAGE].click()
    qtbot.waitUntil(lambda: window.app.selection.image is not None)
    assert pane.canvas.isVisible()
    assert not pane.empty.isVisible()


@pytest.mark.parametrize(
    ("name", "kind", "address"),
    [
        (CAMERA, SourceKind.CAMERA, "0"),
        (SAMPLE_VIDEO, sample_video().kind, sample_video().address),
    ],
)
def test_camera_and_sample_video_are_opened_in_live(window, fake, name, kind, address):
    window.stage.center.photo.empty.buttons[name].click()
    assert window.workspace is LIVE
    opened = fake.live.opened[-1]
    assert (opened.kind, opened.address) == (kind, address)


def test_all_images_removed_is_empty_again_and_undo_brings_the_image_back(opened):
    pane = opened.stage.center.photo
    opened.stage.images.remove_all()
    assert opened.app.selection.image is None
    assert pane.empty.isVisible()
    opened.stage.images.restore()
    assert opened.app.selection.image is not None
    assert opened.app.selection.image.name == "cat.png"


def test_an_image_that_does_not_open_leaves_the_buttons(window):
    window.app.images.add(["/photos/broken.png"])
    assert window.stage.center.photo.empty.isVisible()


def test_a_camera_that_is_missing_leaves_ways_to_go_on(window, fake):
    window.enter(LIVE)
    error = ErrorRecord(ErrorKind.USER, "camera 0: not found", "")
    status = SourceStatus(state=SourceState.FAILED, title="Camera 0", error=error)
    fake.source_changed.emit(status)
    empty = window.stage.center.live.view.empty
    assert empty.isVisible()
    assert empty.words.text() == "camera 0: not found"
    assert texts(empty) == ["Camera", "Open video…", "Sample video"]
    empty.buttons[SAMPLE_VIDEO].click()
    assert fake.live.opened[-1] == sample_video()


def test_all_ways_are_seen_on_a_small_screen(window, qtbot):
    """Truth: 1,024 x 700 is the least screen; nothing is cut off or scrolled."""
    window.resize(1024, 700)
    pane = window.stage.center.photo
    qtbot.waitUntil(lambda: window.width() == 1024)
    for each in pane.empty.buttons.values():
        qtbot.waitUntil(
            lambda each=each: each.visibleRegion().boundingRect() == each.rect()
        )


def test_empty_trays_compare_and_board_have_a_sentence_and_a_button(window, fake):
    """Truth: what each is filled by: an image, a run, a board."""
    stage = window.stage
    for strip in (stage.images.list, stage.results.list):
        assert strip.empty.isVisibleTo(strip)
        assert strip.empty.words.text()
    window.enter(EXPLAIN)
    stage.center.set_mode("compare")
    assert texts(stage.center.compare.empty) == ["Run"]
    assert stage.center.compare.empty.isVisible()
    stage.center.set_mode("board")
    assert texts(stage.center.board.empty) == ["Run board"]
    stage.images.list.empty.buttons[SAMPLE_IMAGE].click()
    assert window.app.selection.image is not None
    assert not stage.images.list.empty.isVisibleTo(stage.images.list)
    window.app.open_model("fake:net")
    stage.center.set_mode("result")
    stage.results.list.empty.buttons[RUN].click()
    assert fake.last("result").method == window.app.choice.method.name
    assert not stage.results.list.empty.isVisibleTo(stage.results.list)
