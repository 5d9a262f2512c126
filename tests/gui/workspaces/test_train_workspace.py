"""The Train workspace: cards of classes, frames that are held, the taught network.

Truth: what is asked of the worker, by hand; keys as Qt sends them.
"""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeyEvent
from PySide6.QtWidgets import QApplication

from nnviz.base.errors import ErrorKind, ErrorRecord, InputError
from nnviz.base.events import Cancelled, Done
from nnviz.base.measures.training import ExampleTable, TaughtHead
from nnviz.base.requests import TeachHead
from nnviz.base.video import SourceState, SourceStatus
from nnviz.gui.shell.main_window import TRAIN
from nnviz.gui.state.modes import TEACH
from nnviz.storage.examples import list_examples, write_example


@pytest.fixture
def page(window, fake, tmp_path):
    fake.files.images.answers |= {
        "write_example": lambda pixels, _: write_example(pixels, tmp_path / "kept"),
        "list_examples": list_examples,
    }
    fake.held.add("teach")
    window.app.open_model("fake:net")
    window.enter(TRAIN)
    window.app.display.set_mode(TEACH)
    QApplication.processEvents()
    return window.stage.center.page(TEACH)


@pytest.fixture
def teaching(window, page):
    del page
    return window.stage.rooms["train"].teaching


def folders(tmp_path, **counts):
    for name, count in counts.items():
        for index in range(count):
            write_example(np.full((4, 4, 3), index, np.uint8), tmp_path / "data" / name)
    return str(tmp_path / "data")


def key(kind, code):
    return QKeyEvent(kind, code, Qt.KeyboardModifier.NoModifier)


def test_a_folder_of_folders_fills_the_cards(page, teaching, tmp_path):
    teaching.drop(teaching.classes[0], [folders(tmp_path, cat=3, dog=2, owl=1)])
    assert [(c.name, len(c.files)) for c in teaching.classes] == [
        ("cat", 3),
        ("dog", 2),
        ("owl", 1),
    ]
    assert [card.name.text() for card in page.cards] == ["cat", "dog", "owl"]
    assert page.cards[0].count.text() == "3 images"


def test_an_empty_folder_among_others_is_no_class(teaching, tmp_path):
    data = folders(tmp_path, cat=3, dog=2)
    (tmp_path / "data" / "empty").mkdir()
    teaching.drop(teaching.classes[0], [data])
    assert [each.name for each in teaching.classes] == ["cat", "dog"]
    with pytest.raises(InputError, match="holds no images"):
        list_examples((str(tmp_path / "data" / "empty"),))


def test_teaching_asks_for_classes_with_enough_images(page, teaching, fake, tmp_path):
    assert not page.side.go.isEnabled()
    teaching.drop(teaching.classes[0], [folders(tmp_path, cat=3, dog=2, owl=1)])
    page.side.go.click()
    place, request = fake.asked[-1]
    assert place == "teach"
    assert isinstance(request, TeachHead)
    assert [each.name for each in request.classes] == ["cat", "dog"]
    assert request.model.reference == "fake:net"


def test_the_taught_network_opens_and_the_backbone_stays(
    page, teaching, fake, window, tmp_path
):
    teaching.drop(teaching.classes[0], [folders(tmp_path, cat=3, dog=2)])
    page.side.go.click()
    taught = TaughtHead(
        path="/networks/my-classes.safetensors", program="", backbone="fake:net",
        classes=("cat", "dog"), images=(3, 2), held_out=2, accuracy=1.0,
        skipped=("/images/a.jpg: is not an image",),
    )  # fmt: skip
    fake.tell("teach", Done(taught))
    assert "100 % accuracy on" in page.side.state.text()
    assert "1 could not be read" in page.side.state.text()
    assert "a.jpg: is not an image" in page.side.state.toolTip()
    assert window.app.models.request.reference == taught.path
    page.side.go.click()
    assert fake.asked[-1][1].model.reference == "fake:net"


def test_numbers_are_learned_and_their_error_is_told_in_its_unit(
    page, teaching, fake, tmp_path
):
    teaching.drop(teaching.classes[0], [folders(tmp_path, **{"10": 3, "20": 2})])
    options = page.side.options
    options.regression.setChecked(True)
    options.unit.setText("years")
    options.fine_tune.setValue(2)
    page.side.go.click()
    request = fake.asked[-1][1]
    asked = request.regression, request.unit, request.fine_tune
    assert asked == (True, "years", 2)
    taught = TaughtHead(
        path="/networks/age.safetensors", program="", backbone="fake:net",
        classes=("number",), images=(4,), held_out=1, accuracy=None, error=1.5,
        usual_error=5.0, unit="years",
    )  # fmt: skip
    fake.tell("teach", Done(taught))
    assert "Mean error 1.5 years" in page.side.state.text()


def table(tmp_path, *rows):
    """Write a CSV file of rows, and an image for each."""
    folders(tmp_path, shots=len(rows))
    files = sorted((tmp_path / "data" / "shots").iterdir())
    lines = [f"data/shots/{f.name},{row}\n" for f, row in zip(files, rows, strict=True)]
    path = tmp_path / "ages.csv"
    path.write_text("".join(["file,age\n", *lines]))
    return str(path)


def test_a_table_of_numbers_takes_the_place_of_the_classes(
    page, teaching, fake, tmp_path
):
    """Truth: the request that the command makes of the same file."""
    path = table(tmp_path, "3", "31.5 years", "80", "12")
    teaching.drop(None, [path])
    assert page.cards == []
    assert page.table.count.text() == "4 images, age from 3 to 80"
    assert not page.add.isEnabled()
    assert page.side.options.unit.isVisibleTo(page.side)
    page.side.options.unit.setText("years")
    page.side.go.click()
    request = fake.asked[-1][1]
    assert (request.data, request.classes) == (path, ())
    assert (request.regression, request.unit) == (True, "years")
    fake.tell("teach", Cancelled())
    teaching.set_table(None)
    assert len(page.cards) == 2
    assert not page.side.options.unit.isVisibleTo(page.side)


def test_a_table_of_words_fills_the_cards(page, teaching, tmp_path):
    teaching.drop(None, [table(tmp_path, "cat", "dog", "cat")])
    assert [(c.name, len(c.files)) for c in teaching.classes] == [
        ("cat", 2),
        ("dog", 1),
    ]
    assert page.table is None


def test_images_dropped_beside_the_cards_are_a_class_of_their_own(
    page, teaching, tmp_path
):
    folders(tmp_path, cat=2)
    files = [str(path) for path in (tmp_path / "data" / "cat").iterdir()]
    urls = QMimeData()
    urls.setUrls([QUrl.fromLocalFile(path) for path in files])
    drop = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, urls, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    page.dropEvent(drop)
    assert [len(each.files) for each in teaching.classes] == [2, 0]
    for each in list(teaching.classes):
        teaching.remove_class(each)
    page.dropEvent(drop)
    assert [len(each.files) for each in teaching.classes] == [2]


def test_a_held_number_captures_frames(page, teaching, window, monkeypatch):
    live = window.app.live
    monkeypatch.setattr(type(live), "running", property(lambda _: True))
    live.status = SourceStatus(state=SourceState.RUNNING, title="camera")
    live.last = type("Shown", (), {})()
    live.last.image = type("Frame", (), {"pixels": np.zeros((4, 4, 3), np.uint8)})()
    page.keyPressEvent(key(QEvent.Type.KeyPress, Qt.Key.Key_2))
    assert page._timer.isActive()
    page.keyReleaseEvent(key(QEvent.Type.KeyRelease, Qt.Key.Key_2))
    assert not page._timer.isActive()
    assert [len(each.files) for each in teaching.classes] == [0, 1]


def test_a_missing_camera_captures_nothing_and_the_buttons_say_why(
    page, teaching, window, monkeypatch
):
    live = window.app.live
    monkeypatch.setattr(type(live), "running", property(lambda _: True))
    error = ErrorRecord(ErrorKind.USER, "camera 0: is not there; plug it in", "")
    told = SourceStatus(state=SourceState.WAITING, title="camera 0", error=error)
    live.last = type("Shown", (), {})()  # of the camera, before it was unplugged
    live.last.image = type("Frame", (), {"pixels": np.zeros((4, 4, 3), np.uint8)})()
    live.status = told
    live.status_changed.emit(told)
    hold = page.cards[0].hold
    assert not hold.isEnabled()
    assert "is not there" in hold.toolTip()
    page.keyPressEvent(key(QEvent.Type.KeyPress, Qt.Key.Key_1))
    assert not page._timer.isActive()
    assert teaching.classes[0].files == []


def test_frames_held_by_a_key_end_with_the_source_and_with_the_window(
    page, window, monkeypatch
):
    live = window.app.live
    monkeypatch.setattr(type(live), "running", property(lambda _: True))
    for ended in ("unplugged", "another window"):
        live.status = SourceStatus(state=SourceState.RUNNING, title="camera")
        page.keyPressEvent(key(QEvent.Type.KeyPress, Qt.Key.Key_1))
        assert page._timer.isActive(), ended
        if ended == "unplugged":
            live.status = SourceStatus(state=SourceState.WAITING, title="camera")
            live.status_changed.emit(live.status)
        else:  # the release of the key goes to the other window
            monkeypatch.setattr(page, "isActiveWindow", lambda: False)
            page.changeEvent(QEvent(QEvent.Type.ActivationChange))
        assert not page._timer.isActive(), ended


def test_a_removed_class_and_table_come_back(teaching, window, tmp_path):
    teaching.drop(teaching.classes[0], [folders(tmp_path, cat=3, dog=2)])
    notices, settled = [], []
    window.app.messages.noticed.connect(notices.append)
    window.app.messages.settled.connect(settled.append)
    teaching.remove_class(teaching.classes[0])
    assert [each.name for each in teaching.classes] == ["dog"]
    notices[-1].remedies[0].act()
    assert [(c.name, len(c.files)) for c in teaching.classes] == [
        ("cat", 3),
        ("dog", 2),
    ]
    assert settled == ["teach"]
    table = ExampleTable(
        path="/data/ages.csv", quantity="age", files=("a.jpg",) * 4,
        values=("1", "2", "3", "4"), numbers=(1.0, 2.0, 3.0, 4.0),
    )  # fmt: skip
    teaching.set_table(table)
    teaching.remove_table()
    assert teaching.table is None
    notices[-1].remedies[0].act()
    assert teaching.table is table


def test_the_page_fits_a_small_window(page, window):
    window.resize(1024, 700)
    QApplication.processEvents()
    assert window.width() <= 1024
    assert page.width() <= 1024


def test_a_step_of_a_run_is_opened_as_a_network(window, page, fake):
    del page
    trained = window.stage.rooms["train"].trained
    assert not trained.use.isEnabled()
    timeline = window.app.timeline
    timeline.folder, timeline.step, timeline.newest = "/recordings/run-1", 6, 9
    window.app.choice.choose("train_network")
    timeline.folder, timeline.step, timeline.newest = "/recordings/run-1", 6, 9
    timeline.changed.emit()
    assert "Step 7" in trained.words.text()
    fake.held.add("export trained")
    trained.use.click()
    place, request = fake.asked[-1]
    assert place == "export trained"
    assert (request.recording, request.step) == ("/recordings/run-1", 6)
    fake.tell("export trained", Done(("/networks/run-1.safetensors",)))
    assert window.app.models.request.reference == "/networks/run-1.safetensors"
    assert "run-1.safetensors" in trained.saved.text()
    assert 'TensorBoard need: pip install "nnviz-studio[training]"' in (
        trained.saved.text()
    )
    timeline.folder = "/recordings/run-2"
    timeline.changed.emit()
    assert not trained.saved.text()


@pytest.mark.parametrize("running", [True, False])
def test_saving_a_step_does_not_end_the_run(window, page, fake, monkeypatch, running):
    """A parameter that changes ends a run; the saved file becomes one after it."""
    del page
    trained, timeline = window.stage.rooms["train"].trained, window.app.timeline
    window.app.choice.choose("train_characters")
    monkeypatch.setattr(type(timeline), "running", property(lambda _: running))
    timeline.folder, timeline.step, timeline.newest = "/recordings/run-1", 6, 9
    timeline.changed.emit()
    fake.held.add("export trained")
    trained.use.click()
    fake.tell("export trained", Done(("/networks/run-1.safetensors",)))
    wanted = "" if running else "/networks/run-1.safetensors"
    assert window.app.choice.values["weights"] == wanted
    assert "run-1.safetensors" in trained.saved.text()


def test_options_are_not_squeezed_on_a_low_page(page):
    """Truth: rows of a form that do not lie upon each other."""
    page.resize(400, 380)
    page.layout().activate()
    QApplication.processEvents()
    options = page.side.options
    least = options.regression.minimumSizeHint().height()
    assert options.regression.height() >= least
    rows = options.regression.geometry(), options.fine_tune.geometry()
    assert rows[0].bottom() < rows[1].top()


def test_a_narrow_page_has_the_button_above_the_cards(page, window):
    page.resize(400, 700)
    page.layout().activate()
    side, left = page.side.geometry(), page.cards[0].mapTo(page, page.rect().topLeft())
    assert side.bottom() <= left.y()
    assert side.width() == page.width()
    window.resize(1024, 700)
    QApplication.processEvents()
    assert window.width() <= 1024
