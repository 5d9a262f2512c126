"""Text from outside is text: nothing in it is laid out, opened, or lost."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
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

import nnviz.gui
from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Done
from nnviz.base.results import Curves, Table
from nnviz.gui.layout.plain_text import breakable, literal
from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.views.results.curves import CurvesView
from nnviz.gui.views.results.table import TableView
from tests.gui.conftest import model_info

AXES = ("bottom", "left")
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


def _is_ours(node):
    """Tell whether a tool tip's text is written in the code, or made literal."""
    match node:
        case ast.Constant():
            return True
        case ast.IfExp(body=one, orelse=other):
            return _is_ours(one) and _is_ours(other)
        case ast.Call(func=ast.Name(id="literal")):
            return True
        case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id="usual")]):
            return True  # what was set before
        case ast.Call(func=ast.Attribute(attr="tr" | "translate")):
            return True
    return False


def _tool_tips(code):
    """Yield the texts that code gives to tool tips."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Attribute(attr="setToolTip"), args=[*_, text]):
                yield text
            case ast.Call(func=ast.Attribute(attr="showText"), args=[_, text, *_]):
                yield text
            case ast.match_case(pattern=pattern, body=[ast.Return(value=text)]):
                if "ToolTipRole" in ast.unparse(pattern):
                    yield text


def test_every_tool_tip_is_written_in_the_code_or_made_literal():
    """Truth: Qt's documentation of ``QToolTip``: text may be rich, tags and all."""
    files = sorted(Path(nnviz.gui.__file__).parent.rglob("*.py"))
    texts = [(path.name, t) for path in files for t in _tool_tips(path.read_text())]
    assert len(texts) > 100
    assert not [
        f"{name}: {ast.unparse(text)}" for name, text in texts if not _is_ours(text)
    ]


def test_names_of_curves_and_cells_are_not_laid_out(qtbot):
    """Truth: the plain text of Qt's own documents, in which tags would vanish."""
    view = CurvesView()
    qtbot.addWidget(view)
    x = np.arange(3.0)
    curves = Curves(x=x, series={TAG: x, "b": x}, x_label=TAG, y_label=TAG)
    view.show_result(curves, None)
    item = view._plot.getPlotItem()
    shown = [label.item.toPlainText() for _, label in item.legend.items]
    shown += [item.getAxis(side).label.toPlainText().strip() for side in AXES]
    assert shown == [TAG, "b", TAG, TAG]
    table = TableView()
    qtbot.addWidget(table)
    table.show_result(Table(columns=("name",), rows=((TAG,),)), None)
    cell = table.grid.model().index(0, 0)
    assert not is_markup(cell.data(Core.ItemDataRole.ToolTipRole))
    assert cell.data() == TAG
