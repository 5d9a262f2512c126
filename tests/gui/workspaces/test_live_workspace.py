"""The Live workspace around a loop that answers each frame at once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QFileDialog

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.live import CONTENTS, Figures, LiveOrder, Recorded
from nnviz.base.requests import ModelRequest
from nnviz.base.shipped.samples import sample_video
from nnviz.base.video import Camera, SourceKind, SourceRequest, SourceState
from nnviz.gui.shell.main_window import INSPECT, LIVE

GONE = ErrorRecord(ErrorKind.USER, "USB camera: unplugged; plug it in again", "")


@pytest.fixture
def lively(window, qtbot):
    """The window in Live, on the sample film, with a network."""
    window.app.open_model("fake:net")
    window.enter(LIVE)
    qtbot.waitUntil(lambda: window.app.bridge.live.template is not None)
    return window


def pane(window):
    return window.stage.center.live


def notices(window):
    return {n.text: n for n in window.stage.center.banners.shown()}


def give(window, **more):
    window.app.bridge.live.source.give(**more)


def test_no_camera_is_turned_on_unasked(window, fake):
    """Truth: privacy: the sample film is played, the camera offered with a button."""
    fake.cameras = (Camera("USB camera", "2"),)
    window.enter(LIVE)
    assert fake.live.opened == [sample_video()]
    notice = notices(window)["USB camera is available"]
    notice.remedies[0].act()
    assert fake.live.opened[-1] == SourceRequest(
        kind=SourceKind.CAMERA, address="2", mirrored=True
    )
    assert notices(window) == {}


def test_the_menu_lists_the_cameras_that_there_are_now(lively, fake):
    """Truth: what the machine has, asked each time the menu opens."""
    menu = pane(lively).source.menu()
    for cameras in (("first", "second"), (), ("third",)):
        fake.cameras = tuple(Camera(name, name) for name in cameras)
        menu.aboutToShow.emit()
        titles = [action.text() for action in menu.actions()]
        listed = titles[1 : titles.index("Videos")]
        assert listed == (list(cameras) or ["No camera found"])
    menu.actions()[1].trigger()
    assert fake.live.opened[-1].address == "third"


def test_minimizing_turns_the_camera_off_until_the_window_is_back(lively, fake):
    """Truth: privacy: no camera watches that nobody sees; a film goes on."""
    lively.showMinimized()
    assert fake.live.running
    lively.showNormal()
    camera = SourceRequest(kind=SourceKind.CAMERA, address="2")
    lively.app.live.open(camera)
    opened = len(fake.live.opened)
    lively.showMinimized()
    assert not fake.live.running
    lively.showNormal()
    assert fake.live.opened[opened:] == [camera]


def test_the_address_may_be_a_part_of_the_screen(lively, fake):
    """Truth: what ``nnviz live --source`` takes; what it refuses is said."""
    address = pane(lively).source._address
    address.setText("screen:10,20,300,200")
    address.returnPressed.emit()
    assert fake.live.opened[-1] == SourceRequest(
        kind=SourceKind.SCREEN, address="10,20,300,200"
    )
    count = len(fake.live.opened)
    address.setText("gopher://somewhere")
    address.returnPressed.emit()
    assert len(fake.live.opened) == count
    assert any("gopher" in text for text in notices(lively))


def test_leaving_the_workspace_turns_the_camera_off(lively, fake):
    """Truth: the source is closed, and opened again when one comes back."""
    source = fake.live.source
    lively.enter(INSPECT)
    assert source.closed
    assert not lively.app.live.running
    lively.enter(LIVE)
    assert lively.app.live.running


def test_frames_are_shown_with_bars(lively):
    """Truth: what the fake answers."""
    give(lively)
    view = pane(lively).view
    assert view.frame.bars.lines() == ["cat 75.0 %", "dog 25.0 %"]
    assert view.frame.canvas.image_size == (48, 64)


def test_a_frame_comes_before_there_is_a_network(window):
    """Truth: without a network nothing is asked, and the picture is there."""
    window.enter(LIVE)
    give(window)
    assert pane(window).view.frame.canvas.image_size == (48, 64)
    assert pane(window).view.frame.bars.lines() == []


def test_each_content_has_its_method(lively, fake, qtbot):
    """Truth: the table of contents."""
    lively.app.look_live(CONTENTS[1])
    qtbot.waitUntil(lambda: fake.live.template.method == "activations")
    give(lively)
    assert pane(lively).view.maps.mosaic.result.layer == "stem"
    assert lively.app.selection.layer == "stem"
    lively.app.look_live(CONTENTS[0])
    qtbot.waitUntil(lambda: fake.live.template.method == "predictions")


def test_a_changed_value_is_asked_of_the_next_frame(lively, fake, qtbot):
    """Truth: the template; the camera is not opened again."""
    lively.stage.method.form.changed.emit({"top_k": 3})
    qtbot.waitUntil(lambda: fake.live.template.values == {"top_k": 3})
    assert len(fake.live.opened) == 1


def test_values_of_live_and_of_inspect_are_apart(lively):
    """Truth: each workspace keeps its own."""
    lively.app.choice.set_values({"top_k": 3})
    lively.enter(INSPECT)
    lively.app.choice.choose("predictions")
    assert lively.app.choice.values["top_k"] == 5
    lively.enter(LIVE)
    assert lively.app.choice.values["top_k"] == 3


def test_only_live_methods_are_offered(lively):
    """Truth: MethodInfo.live, and the task of the network, which classifies."""
    offered = [info.name for info in lively.app.choice.offered()]
    assert "predictions" in offered
    assert "filters" not in offered
    assert "detect" not in offered
    lively.enter(INSPECT)
    offered = [info.name for info in lively.app.choice.offered()]
    assert "filters" in offered
    assert "detect" not in offered


def test_a_method_that_is_not_live_leads_out_of_live(lively):
    """Truth: filters are in Inspect; the camera is off then."""
    lively.app.choice.choose("filters")
    assert lively.workspace is INSPECT
    assert not lively.app.live.running
    assert lively.app.choice.method.name == "filters"


def test_photographs_wait_until_live_is_left(lively, fake, qtbot):
    """Truth: in Live nothing is run on a photograph."""
    lively.app.images.add(["/photos/cat.png"])
    qtbot.wait(30)
    assert [
        place for place, _ in fake.asked if place in ("result", "predictions")
    ] == []
    lively.enter(INSPECT)
    qtbot.waitUntil(lambda: lively.stage.center.run is not None)
    assert lively.stage.prediction.bars.lines() == ["cat 75.0 %", "dog 25.0 %"]


def test_space_holds_and_points_step(lively, fake, qtbot):
    """Truth: what the source was asked."""
    pane(lively).view.frame.canvas.setFocus()
    for key in (
        Qt.Key.Key_Space,
        Qt.Key.Key_Space,
        Qt.Key.Key_Period,
        Qt.Key.Key_Comma,
    ):
        qtbot.keyClick(pane(lively).view.frame.canvas, key)
    asked = ["pause", "resume", ("step", 1), ("step", -1)]
    assert fake.live.source.asked == asked
    assert lively.app.live.held
    assert pane(lively).transport.hold.isChecked()


def test_a_pinned_frame_stands_beside_the_running_one(lively):
    """Truth: the frame's number stays while others come."""
    give(lively)
    pane(lively).transport.pin.click()
    give(lively, count=5)
    assert "frame 0" in pane(lively).pin_title.text()
    assert pane(lively).pinned.isVisible()
    pane(lively).transport.pin.click()
    assert not pane(lively).pinned.isVisible()


def test_a_kept_frame_is_a_result_with_its_recipe(lively):
    """Truth: the hash is that of the pixels, as image_from_array has it."""
    from nnviz.base.images import image_from_array

    give(lively)
    tray = lively.stage.docks["results"]
    assert tray.isHidden()  # room for the picture while there is nothing in it
    pane(lively).transport.keep.click()
    assert not tray.isHidden()
    (run,) = lively.app.runs.history.runs
    expected = image_from_array(np.zeros((48, 64, 3), np.uint8)).sha256
    assert run.recipe.image_sha256 == run.image.sha256 == expected
    assert lively.stage.results.list.count() == 1
    lively.stage.results.list.itemClicked.emit(lively.stage.results.list.item(0))
    assert lively.workspace is INSPECT
    assert lively.stage.center.run is run


def test_a_source_that_fails_is_named_and_can_be_tried_again(lively, fake):
    """Truth: the message is the source's, the button opens it again."""
    fake.live.source.tell(SourceState.FAILED, GONE)
    notice = notices(lively)[GONE.text]
    notice.remedies[0].act()
    assert len(fake.live.opened) == 2
    assert GONE.text not in notices(lively)


def test_a_camera_that_comes_back_takes_its_message_away(lively, fake):
    """Truth: waiting, then running."""
    fake.live.source.tell(SourceState.WAITING, GONE)
    assert GONE.text in notices(lively)
    fake.live.source.tell(SourceState.RUNNING)
    assert notices(lively) == {}


def test_a_dropped_film_is_played_in_live(window, fake, tmp_path):
    """Truth: its path; a dropped photograph leads back to Inspect."""
    film, photo = tmp_path / "film.mp4", tmp_path / "cat.png"
    film.write_bytes(b"film")
    photo.write_bytes(b"photo")
    drop(window, film)
    assert window.workspace is LIVE
    assert fake.live.opened == [SourceRequest(kind=SourceKind.FILE, address=str(film))]
    drop(window, photo)
    assert window.workspace is INSPECT


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.operations.take(data)


def test_the_status_bar_says_how_live_it_is(lively, fake, monkeypatch):
    """Truth: the figures by hand."""
    monkeypatch.setattr("nnviz.gui.shell.status._LIVE_EVERY", 0.0)
    give(lively)
    words = lively.status.live.text()
    assert "12 frames/s" in words
    assert "age 80 ms" in words
    assert "inference 60 ms" in words
    assert "reduced" not in words
    shown = lively.app.live.last
    figures = replace(shown.figures, scale=0.5)
    assert isinstance(figures, Figures)
    fake.live_shown.emit(replace(shown, figures=figures))
    assert "resolution reduced to 1/2" in lively.status.live.text()
    lively.enter(INSPECT)
    assert lively.status.live.text() == ""


def test_recording_asks_where_once_and_says_what_it_wrote(
    lively, fake, tmp_path, monkeypatch
):
    """Truth: the path of the dialog, with .mp4 where it has no ending."""
    path = str(tmp_path / "demo")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, ""))
    record = pane(lively).transport.record
    record.click()
    assert fake.live.recording == Path(f"{path}.mp4")
    assert record.text() == "\N{BLACK CIRCLE} Stop recording · 0:00"
    record.click()
    assert fake.live.recording is None
    fake.recorded.emit(Recorded((Path(f"{path}.mp4"),), 40, 2))
    assert "recorded 40 frames: demo.mp4 (2 dropped)" in lively.status.message.text()
    fake.record_failed.emit(GONE)
    assert GONE.text in notices(lively)


def test_leaving_live_ends_the_recording(lively, fake, tmp_path):
    """Truth: what is not seen is not recorded."""
    lively.app.live.record(str(tmp_path / "demo.mp4"))
    lively.enter(INSPECT)
    assert fake.live.recording is None


def test_mirrored_size_and_speed_reach_the_source(lively, fake):
    """Truth: what was asked; another size needs another opening."""
    header = pane(lively).header
    header.mirrored.click()
    assert fake.live.source.asked == [("mirrored", True)]
    header.sizes.setCurrentIndex(2)
    header.sizes.activated.emit(2)
    assert fake.live.opened[-1].size == (720, 1280)
    assert fake.live.opened[-1].mirrored
    lively.app.live.set_speed(2.0)
    assert fake.live.opened[-1].speed == 1
    assert fake.live.source.asked == [("speed", 2.0)]


def test_started_with_an_order_it_begins_live(window, fake, qtbot):
    """Truth: source, network, method and values of the order."""
    source = SourceRequest(kind=SourceKind.SCREEN)
    model = ModelRequest(reference="fake:net")
    order = LiveOrder(
        source=source, content=CONTENTS[1], model=model, values={"channel": 1}
    )
    window.app.start_live(order)
    qtbot.waitUntil(lambda: fake.live.template is not None)
    assert window.workspace is LIVE
    assert fake.live.opened == [source]
    assert fake.live.template.method == "activations"
    assert fake.live.template.values["channel"] == 1


def test_all_controls_are_named(lively):
    """Truth: ux.md: screen-reader named."""
    from PySide6.QtWidgets import (
        QAbstractButton,
        QComboBox,
        QLineEdit,
        QSlider,
        QTabBar,
    )

    for kind in (QAbstractButton, QComboBox, QSlider):
        for each in pane(lively).findChildren(kind):
            inside = isinstance(each.parent(), QLineEdit | QTabBar)
            named = each.accessibleName() or getattr(each, "text", str)()
            assert inside or named, (each, each.parent())


SEGMENT = next(each for each in CONTENTS if each.name == "segment")


def test_a_network_of_drawn_shapes_is_not_opened_on_photographs_unsaid(lively, fake):
    """Truth: the card of bundled:scenes-segmenter: it knows circles, not leopards."""
    bench = lively.app
    held = frozenset({"bundled:scenes-segmenter"})
    fake.catalogue_changed.emit(replace(fake.catalogue, present=held))
    bench.look_live(SEGMENT)
    assert bench.models.request.reference == "fake:net"
    told = next(n for n in lively.stage.center.banners.shown() if n.topic == "content")
    assert "on real images" in told.text
    assert "generated scenes of simple shapes" in told.text
    assert [each.label for each in told.remedies] == ["Open anyway"]
    told.remedies[0].act()
    assert bench.models.request.reference == "bundled:scenes-segmenter"
    assert "content" not in [n.topic for n in lively.stage.center.banners.shown()]


def test_an_analysis_that_was_not_begun_is_not_marked(lively, fake):
    """Truth: what is analyzed; the user is asked about the network first."""
    fake.catalogue_changed.emit(
        replace(fake.catalogue, present=frozenset({"bundled:scenes-segmenter"}))
    )
    buttons = {
        each.property("content").name: each
        for each in pane(lively).header._contents.buttons()
    }
    before = {name for name, each in buttons.items() if each.isChecked()}
    buttons["segment"].click()
    assert {name for name, each in buttons.items() if each.isChecked()} == before
    assert lively.app.choice.method.name != "segment"


def test_the_address_field_shows_its_examples_whole(lively):
    """Truth: the width of the text in its own font."""
    field = pane(lively).source._address
    room = field.minimumSizeHint().width()
    assert room > field.fontMetrics().horizontalAdvance(field.placeholderText()) + 16


def test_nothing_is_said_of_how_long_another_workspaces_run_took(lively):
    """Truth: nothing was run in Live."""
    assert lively.stage.method._state.text() == ""


def test_a_network_of_photographs_comes_before_one_of_drawn_shapes(lively):
    """Truth: LR-ASPP is trained on COCO's photographs (its model card)."""
    models = lively.app.models.catalogue.models
    coco, scenes = "zoo:lraspp_mobilenet_v3_large", "bundled:scenes-segmenter"
    assert SEGMENT.network(models, {coco, scenes}) == coco
    assert SEGMENT.network(models, {scenes}) == scenes
