"""The target picker.  Truth: what ``parse_target`` accepts is taken, all else said."""

from dataclasses import dataclass
from typing import Annotated

import pytest
from PySide6.QtCore import Qt

from nnviz.base.info import LayerInfo, Layout
from nnviz.base.parameters import Help, TargetText, parameters_of
from nnviz.gui.forms.form import Form

LABELS = ("tabby", "tiger cat", "Egyptian cat", "tabby rug")
LAYER = LayerInfo(
    name="layer4", kind="Sequential", depth=0, shape=(8, 7, 7), parameters=1, macs=1,
    receptive_field=None, leaf=False, filters=False, layout=Layout.MAP,
)  # fmt: skip


@dataclass(frozen=True)
class Params:
    target: Annotated[TargetText, Help("What to explain.")] = ""


@pytest.fixture
def form(qtbot):
    made = Form(parameters_of(Params))
    qtbot.addWidget(made)
    made.set_layers((LAYER,))
    made.set_labels(LABELS)
    made.resize(360, 120)
    made.show()
    return made


def line(form):
    return form.row("target").control.field()


def enter(qtbot, form, text):
    # As if typed, but without the list: offscreen has no windows that grab keys.
    line(form).setText(text)
    qtbot.keyClick(line(form), Qt.Key.Key_Return)


def remark(form):
    return form.row("target")._remark.text()


def test_empty_means_the_predicted_class(form):
    assert form.values() == {"target": ""}
    assert line(form).placeholderText() == "predicted class"


@pytest.mark.parametrize(
    "text", ["tabby", "tabby - tiger cat", "layer4:3@1,2", "probability(tabby)", "2"]
)
def test_targets_are_taken(qtbot, form, text):
    with qtbot.waitSignal(form.changed) as changed:
        enter(qtbot, form, text)
    assert changed.args == [{"target": text}]
    assert remark(form) == ""


def test_what_is_no_target_is_said_and_not_taken(qtbot, form):
    enter(qtbot, form, "tabbi")
    assert form.values() == {"target": ""}
    assert "did you mean tabby" in remark(form)
    assert line(form).text() == "tabbi"
    enter(qtbot, form, "tabby")
    assert form.values() == {"target": "tabby"}
    assert remark(form) == ""


def test_clearing_goes_back_to_the_predicted_class(qtbot, form):
    enter(qtbot, form, "tabby")
    with qtbot.waitSignal(form.changed):
        qtbot.keyClick(line(form), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(line(form), Qt.Key.Key_Delete)
    assert form.values() == {"target": ""}


def offered(form, typed):
    completer = line(form).completer()
    completer.setCompletionPrefix(typed)
    model = completer.completionModel()
    return [model.index(row, 0) for row in range(model.rowCount())]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("cat", ["tiger cat", "Egyptian cat"]),
        ("TAB", ["tabby", "tabby rug"]),
        ("tabby - eg", ["Egyptian cat"]),
    ],
)
def test_classes_are_offered(form, typed, expected):
    assert [index.data() for index in offered(form, typed)] == expected


def test_the_second_class_is_put_behind_the_minus(form):
    completer = line(form).completer()
    completer.setCompletionPrefix("tabby - eg")
    chosen = completer.model().index(LABELS.index("Egyptian cat"), 0)
    completed = completer.pathFromIndex(chosen)
    assert completed == "tabby - Egyptian cat"


def test_another_network_says_what_it_does_not_know(form):
    form.set_values({"target": "tabby"})
    form.set_labels(("dog", "horse"))
    assert "tabby" in remark(form)
    assert form.values() == {"target": "tabby"}


def test_an_empty_target_says_what_it_means(form):
    """Truth: words of the panel; a detector has no predicted class."""
    assert line(form).placeholderText() == "predicted class"
    form.set_target_hint("best box")
    assert line(form).placeholderText() == "best box"
