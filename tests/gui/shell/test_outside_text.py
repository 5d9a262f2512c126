"""Text from outside is text: nothing in it is laid out, opened, or lost."""

from dataclasses import replace

from PySide6.QtCore import Qt as Core
from PySide6.QtGui import Qt
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QListWidget,
    QTreeWidget,
    QTreeWidgetItemIterator,
    QWidget,
)

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Done
from nnviz.gui.layout.plain_text import breakable, literal
from nnviz.gui.shell.main_window import WORKSPACES
from tests.gui.conftest import model_info

TAG = "<b>cat</b><img src='/etc/passwd'>"


def tips(window):
    for widget in window.findChildren(QWidget):
        yield widget.toolTip()
    for listing in window.findChildren(QListWidget):
        for n in range(listing.count()):
            yield listing.item(n).toolTip()
    for tree in window.findChildren(QTreeWidget):
        walk = QTreeWidgetItemIterator(tree)
        while walk.value():
            for column in range(tree.columnCount()):
                yield walk.value().toolTip(column)
            walk += 1


def is_markup(text):
    """Tell whether Qt would lay it out; what ``literal`` wrote shows tags."""
    return Qt.mightBeRichText(text) and "&lt;" not in text and "<" in text


def test_no_name_is_laid_out_as_markup(opened, fake, monkeypatch):
    """Truth: Qt's own judgement of what it would take for markup."""
    hostile = replace(
        model_info("fake:net"), title=TAG, labels=(TAG, "dog"), reference=TAG
    )
    layers = tuple(replace(each, kind=TAG) for each in hostile.layers)
    hostile = replace(hostile, layers=layers)
    plain = fake.outcome
    monkeypatch.setattr(
        fake,
        "outcome",
        lambda request: (
            Done(hostile) if type(request).__name__ == "LoadModel" else plain(request)
        ),
    )
    opened.app.open_model("fake:other")
    opened.app.images.add([f"/photos/{TAG.replace('/', '')}.png", "/photos/<i>a</i>"])
    for workspace in WORKSPACES:
        opened.enter(workspace)
        QApplication.processEvents()
    opened.app.messages.fail("open", ErrorRecord(ErrorKind.USER, TAG, TAG))
    assert not [tip for tip in tips(opened) if is_markup(tip)]
    for label in opened.findChildren(QLabel):
        if label.objectName() == "help":  # ours, escaped by hand
            assert TAG not in label.text()
            continue
        plain_text = label.textFormat() == Core.TextFormat.PlainText
        assert plain_text or not is_markup(label.text()), label.text()


def test_literal_shows_tags_and_leaves_other_text_alone():
    """Truth: HTML's own way to write a bracket."""
    assert literal("a < b") == "a < b"
    assert literal("two\nlines") == "two\nlines"
    assert "&lt;b&gt;cat&lt;/b&gt;" in literal("<b>cat</b>")


def test_long_names_break_and_short_ones_do_not():
    """Truth: a zero width space is where a label may break."""
    assert breakable("a short one") == "a short one"
    long = breakable("/home/" + "x" * 60 + "/weights.pt: not found")
    assert long.replace("\N{ZERO WIDTH SPACE}", "").endswith("not found")
    assert max(map(len, long.split("\N{ZERO WIDTH SPACE}"))) <= 26


def test_a_dismissed_error_is_said_again(opened, qtbot):
    """Truth: the same topic, twice, its cross pressed between."""
    banners = opened.stage.center.banners
    record = ErrorRecord(ErrorKind.USER, "broken.png: no image", "")
    for _ in range(3):
        opened.app.messages.fail("open", record)
        assert [each.text for each in banners.shown()] == ["broken.png: no image"]
        cross = banners._banners["open"].findChildren(QWidget, "")
        cross = [each for each in cross if each.accessibleName() == "Dismiss"]
        qtbot.mouseClick(cross[0], Core.MouseButton.LeftButton)
        assert banners.shown() == ()
        qtbot.wait(10)
    opened.app.messages.settle("open")
