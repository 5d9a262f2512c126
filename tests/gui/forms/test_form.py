"""The form: values in and out, undo, conditions, layers.

The truth for values is ``Parameter.check``: what it accepts must come back unchanged.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QValidator

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import UsageError
from nnviz.base.info import LayerInfo, Layout
from nnviz.base.parameters import (
    ChannelIndex,
    Essential,
    Help,
    Kind,
    LayerKinds,
    LayerName,
    Lowest,
    Range,
    Title,
    Unit,
    When,
    parameters_of,
)
from nnviz.base.shipped.resources import resource
from nnviz.gui.forms.form import Form
from nnviz.gui.forms.number_box import NumberBox
from nnviz.gui.forms.path import PathControl
from nnviz.gui.forms.registry import make_control
from nnviz.gui.forms.row import Row
from nnviz.gui.forms.scale import Scale

METHODS = Catalogue.from_json(resource("catalogue.json").read_text("utf-8")).methods


@dataclass(frozen=True)
class Params:
    layer: Annotated[LayerName, LayerKinds("spatial"), Help("A layer.")] = ""
    channel: Annotated[ChannelIndex, Help("A channel.")] = -1
    order: Annotated[Literal["network", "strongest"], Help("Order.")] = "network"
    mode: Annotated[Literal["a", "b", "c", "d", "e"], Help("Many.")] = "a"
    window: Annotated[int, Range(1, 256), Unit("px"), Help("Side.")] = 32
    step: Annotated[float, Range(1e-5, 1, log=True), Help("Step.")] = 1e-3
    alpha: Annotated[float, Range(0, 1), Title("Opacity"), Help("How much.")] = 0.6
    seed: Annotated[int, Help("Any whole number.")] = 0
    free: Annotated[float, Help("Any number.")] = 0.0
    overlay: Annotated[bool, Help("Over the photo.")] = True
    note: Annotated[str, Help("A word.")] = ""
    only: Annotated[int, Range(1, 5), When("overlay", (True,)), Help("If.")] = 2


def layer(name, shape, **facts):
    values = {
        "kind": "Conv2d",
        "depth": 0,
        "parameters": 1,
        "macs": 1,
        "receptive_field": None,
        "leaf": True,
        "filters": True,
        "layout": Layout.MAP if len(shape) == 3 else Layout.VECTOR,
    }
    return LayerInfo(name=name, shape=shape, **(values | facts))


LAYERS = (
    layer("conv1", (64, 56, 56)),
    layer("layer1.0.conv1", (8, 28, 28)),
    layer("fc", (1000,)),
)


@pytest.fixture
def form(qtbot):
    made = Form(parameters_of(Params))
    qtbot.addWidget(made)
    made.resize(360, 600)
    made.show()
    return made


def box(form, name):
    return form.row(name).control.field()


def slider(form, name):
    return form.row(name).control._slider


def test_starts_with_the_defaults(form):
    assert form.values() == {each.name: each.default for each in parameters_of(Params)}


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "layer": st.sampled_from(["", "conv1", "gone.away"]),
            "channel": st.integers(-1, 2**31 - 1),
            "order": st.sampled_from(["network", "strongest"]),
            "mode": st.sampled_from("abcde"),
            "window": st.integers(1, 256),
            "step": st.floats(1e-5, 1),
            "alpha": st.floats(0, 1),
            "seed": st.integers(-(2**63) + 1, 2**63 - 1),
            "free": FINITE,
            "overlay": st.booleans(),
            "note": st.text(st.characters(codec="utf-8")),
            "only": st.integers(1, 5),
        },
    )
)
def test_values_come_back_as_they_went_in(form, values):
    before = form.values()
    form.set_values(values)
    assert form.values() == before | values
    for parameter in parameters_of(Params):
        value = form.values()[parameter.name]
        assert type(parameter.check(value)) is type(value)


def test_bad_values_are_refused_and_nothing_changes(form):
    before = form.values()
    for values in ({"window": 999}, {"windw": 3}, {"order": "up"}, {"alpha": "x"}):
        with pytest.raises(UsageError):
            form.set_values({"seed": 5} | values)
        assert form.values() == before


def test_setting_values_does_not_announce(form, qtbot):
    with qtbot.assertNotEmitted(form.changed, wait=100):
        form.set_values({"window": 64})


def test_typing_announces_once(form, qtbot):
    spin = box(form, "window")
    spin.selectAll()
    with qtbot.waitSignal(form.changed) as caught:
        qtbot.keyClicks(spin, "48")
        qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert caught.args[0]["window"] == 48


def test_out_of_range_cannot_be_typed(form, qtbot):
    spin = box(form, "window")
    spin.selectAll()
    qtbot.keyClicks(spin, "999")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert 1 <= form.values()["window"] <= 256


def test_dragging_announces_now_and_then_and_undoes_at_once(form):
    handle = slider(form, "alpha")
    told = []
    form.changed.connect(told.append)
    handle.setSliderDown(True)
    for position in range(610, 700, 2):
        handle.setValue(position)
    assert told == []
    handle.setSliderDown(False)
    handle.sliderReleased.emit()
    assert [values["alpha"] for values in told] == [0.698]
    assert form.history.count() == 1
    form.history.undo()
    assert form.values()["alpha"] == 0.6


def test_a_long_drag_is_shown_while_it_lasts(form, qtbot):
    handle = slider(form, "alpha")
    handle.setSliderDown(True)
    with qtbot.waitSignal(form.changed, timeout=500) as caught:
        handle.setValue(900)
    assert caught.args[0]["alpha"] == 0.9


def test_two_drags_are_two_steps(form):
    handle = slider(form, "alpha")
    for position in (700, 800):
        handle.setSliderDown(True)
        handle.setValue(position - 10)
        handle.setValue(position)
        handle.setSliderDown(False)
        handle.sliderReleased.emit()
    assert form.history.count() == 2
    form.history.undo()
    assert form.values()["alpha"] == 0.7
    form.history.redo()
    assert form.values()["alpha"] == 0.8


def test_undo_announces(form, qtbot):
    box(form, "overlay").click()
    with qtbot.waitSignal(form.changed) as caught:
        form.history.undo()
    assert caught.args[0]["overlay"] is True


def test_what_does_not_matter_is_hidden_but_kept(form):
    form.set_values({"only": 4})
    assert form.row("only").isVisible()
    box(form, "overlay").click()
    assert not form.row("only").isVisible()
    assert form.values()["only"] == 4


def test_reset_of_one_and_of_all(form, qtbot):
    form.set_values({"window": 64, "alpha": 0.1})
    with qtbot.waitSignal(form.changed):
        form.row("window")._reset.click()
    assert form.values()["window"] == 32
    assert form.values()["alpha"] == 0.1
    form.reset()
    assert form.values() == {each.name: each.default for each in parameters_of(Params)}
    form.history.undo()
    assert form.values()["alpha"] == 0.1


def test_reset_button_shows_only_what_was_changed(form):
    assert not form.row("window")._reset.isVisible()
    form.set_values({"window": 64})
    assert form.row("window")._reset.isVisible()


def test_preset_sets_its_values_and_the_rest_to_defaults(form, qtbot):
    form.set_values({"alpha": 0.1})
    with qtbot.waitSignal(form.changed) as caught:
        form.apply_preset("demo", {"window": 7})
    assert (caught.args[0]["window"], caught.args[0]["alpha"]) == (7, 0.6)
    form.history.undo()
    assert (form.values()["window"], form.values()["alpha"]) == (32, 0.1)
    with pytest.raises(UsageError):
        form.apply_preset("broken", {"windw": 7})


def test_segments_and_lists_choose(form, qtbot):
    with qtbot.waitSignal(form.changed) as caught:
        form.row("order").control._group.button(1).click()
    assert caught.args[0]["order"] == "strongest"
    combo = box(form, "mode")
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert form.values()["mode"] == "b"


def test_text_settles_when_left(form, qtbot):
    line = box(form, "note")
    qtbot.keyClicks(line, "cat")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert form.values()["note"] == "cat"
    assert form.history.count() == 1


def test_long_text_shows_its_beginning_and_a_path_its_end(form):
    """Matrices of a lesson began in the middle: "; 158 159 146"."""
    line = box(form, "note")
    form.set_values(form.values() | {"note": "1 2 3; " * 80})
    assert line.cursorPosition() == 0
    assert PathControl.shows_end


def test_only_fitting_layers_are_offered(form):
    form.set_layers(LAYERS)
    combo = box(form, "layer")
    assert [combo.itemText(row) for row in range(combo.count())] == [
        "conv1",
        "layer1.0.conv1",
    ]


# The offscreen platform cannot raise the list of completions nor give it the keys.
POPUPS = pytest.mark.qt_log_ignore("does not support raise", "grabbing the keyboard")


@POPUPS
def test_a_layer_is_found_by_part_of_its_name(form, qtbot):
    form.set_layers(LAYERS)
    combo = box(form, "layer")
    qtbot.keyClicks(combo, "1.0")
    assert combo.completer().currentCompletion() == "layer1.0.conv1"


@POPUPS
def test_an_unknown_layer_is_said_and_not_taken(form, qtbot):
    form.set_layers(LAYERS)
    combo = box(form, "layer")
    qtbot.keyClicks(combo, "nowhere")
    qtbot.keyClick(combo, Qt.Key.Key_Return)
    assert form.values()["layer"] == ""
    assert form.row("layer")._remark.text() == "no such layer: nowhere"
    assert form.row("layer")._remark.isVisible()
    combo.setEditText("conv1")
    qtbot.keyClick(combo, Qt.Key.Key_Return)
    assert form.values()["layer"] == "conv1"
    assert not form.row("layer")._remark.isVisible()


def test_channels_end_with_the_layers(form):
    form.set_layers(LAYERS)
    form.set_values({"layer": "conv1", "channel": 63})
    assert box(form, "channel").maximum() == 63
    form.set_values({"layer": "layer1.0.conv1"})
    assert box(form, "channel").maximum() == 7
    assert form.values()["channel"] == -1
    assert box(form, "channel").text() == "all"


def test_tokens_have_channels_last(form):
    tokens = layer("encoder", (197, 768), layout=Layout.TOKENS, grid=(14, 14))
    form.set_layers((tokens,))
    form.set_values({"layer": "encoder"})
    assert box(form, "channel").maximum() == 767


def test_units_help_and_names(form):
    assert box(form, "window").text() == "32 px"
    assert box(form, "alpha").accessibleName() == "Opacity"
    assert box(form, "alpha").toolTip() == "How much."
    assert not form.row("alpha")._help.isVisible()
    form.set_help_visible(True)
    assert form.row("alpha")._help.isVisible()
    assert form.row("alpha")._label.buddy() is box(form, "alpha")


@pytest.mark.parametrize("scale", [Scale(0, 10), Scale(1e-5, 1, log=True), Scale(3, 3)])
def test_the_ends_of_a_slider_are_exact(scale):
    assert scale.value(0) == scale.minimum
    assert scale.value(1000) == scale.maximum
    assert scale.position(scale.minimum) == 0


def test_the_middle_of_a_logarithmic_slider_is_the_geometric_mean():
    # sqrt(1e-4 * 1) = 1e-2
    scale = Scale(1e-4, 1, log=True)
    assert scale.value(500) == pytest.approx(1e-2)
    assert scale.position(1e-2) == 500


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("0.5", QValidator.State.Acceptable),
        ("1e-1", QValidator.State.Acceptable),
        ("1e-", QValidator.State.Intermediate),
        ("", QValidator.State.Intermediate),
        ("0", QValidator.State.Intermediate),
        ("7", QValidator.State.Invalid),
        ("-1", QValidator.State.Invalid),
        ("nan", QValidator.State.Invalid),
        ("inf", QValidator.State.Invalid),
        ("abc", QValidator.State.Invalid),
    ],
)
def test_number_box_judges_what_is_typed(qtbot, text, state):
    number = NumberBox(0.01, 1.0)
    qtbot.addWidget(number)
    assert number.validate(text, 0)[0] is state


def test_number_box_steps_by_a_tenth_of_the_decade(qtbot):
    number = NumberBox(0, 1000)
    qtbot.addWidget(number)
    number.setValue(50)
    number.stepBy(1)
    assert number.value() == 51
    number.setValue(0.002)
    number.stepBy(1)
    assert number.value() == pytest.approx(0.0021)


def test_a_form_folds_what_few_people_change(qtbot):
    """Truth: of four parameters two are marked, by hand."""

    @dataclass(frozen=True)
    class Declared:
        first: Annotated[int, Essential(), Range(0, 9), Help("One.")] = 1
        rare: Annotated[int, Range(0, 9), Help("Two.")] = 2
        second: Annotated[int, Essential(), Range(0, 9), Help("Three.")] = 3
        seldom: Annotated[bool, Help("Four.")] = False

    form = Form(parameters_of(Declared))
    qtbot.addWidget(form)
    form.show()

    def seen():
        return [name for name in form.values() if form.row(name).isVisible()]

    assert seen() == ["first", "second"]
    assert form._more.text() == "More (2)"
    form.set_values({"rare": 7})
    assert form._more.text() == "More (2) · 1 changed"
    qtbot.mouseClick(form._more, Qt.MouseButton.LeftButton)
    assert seen() == ["first", "rare", "second", "seldom"]
    assert form._more.text() == "Less (2)"
    tops = [form.row(name).y() for name in ("first", "second", "rare", "seldom")]
    assert tops == sorted(tops)


def test_rows_are_made_when_seen_and_the_tab_key_goes_down_them(qtbot):
    """Truth: four parameters; from top to bottom, whatever was made first."""

    @dataclass(frozen=True)
    class Declared:
        first: Annotated[int, Essential(), Range(0, 9), Help("One.")] = 1
        rare: Annotated[int, Range(0, 9), Help("Two.")] = 2
        second: Annotated[int, Essential(), Range(0, 9), Help("Three.")] = 3
        seldom: Annotated[float, Range(0, 1), Help("Four.")] = 0.5

    form = Form(parameters_of(Declared))
    qtbot.addWidget(form)
    form.show()
    form.set_values({"rare": 7})
    assert len(form.findChildren(Row)) == 2
    qtbot.mouseClick(form._more, Qt.MouseButton.LeftButton)
    rows = form.findChildren(Row)
    assert len(rows) == 4
    assert form.row("rare").control.value() == 7
    tops, at = [], form.row("first").control.field()
    for _ in range(60):
        if at.focusPolicy() & Qt.FocusPolicy.TabFocus and at.isVisible():
            line = at
            while line.parent() is not form:
                line = line.parent()
            tops.append(line.y())
        at = at.nextInFocusChain()
        if at is form:
            break
    assert tops == sorted(tops)
    assert len(set(tops)) == 5


def test_where_nothing_is_marked_nothing_is_folded(qtbot):
    """Truth: a declaration without marks."""

    @dataclass(frozen=True)
    class Declared:
        only: Annotated[bool, Help("One.")] = False

    form = Form(parameters_of(Declared))
    qtbot.addWidget(form)
    form.show()
    assert form.row("only").isVisible()
    assert not form._more.isVisible()


@pytest.mark.parametrize("info", METHODS, ids=[info.name for info in METHODS])
def test_every_method_shows_few_parameters_first(info):
    """Truth: three to six that most people need, or all where there are few.

    Those that another one's value brings up are not seen at first.
    """
    essential = [each for each in info.parameters if each.essential]
    values = {each.name: each.default for each in info.parameters}
    assert len([each for each in essential if each.matters(values)]) <= 6
    if len(essential) < len(info.parameters):
        assert len(essential) >= 3


@dataclass(frozen=True)
class Sized:
    size: Annotated[int, Range(0, 2048), Unit("px"), Lowest("auto"), Help("Side.")] = 0


def test_a_number_that_means_something_else_is_a_word(qtbot):
    """Truth: the declaration, by hand."""
    (parameter,) = parameters_of(Sized)
    control = make_control(parameter, None)
    qtbot.addWidget(control)
    box = control.field()
    assert box.text() == "auto"
    control.set_value(64)
    assert box.text() == "64 px"
    box.selectAll()
    qtbot.keyClicks(box, "0")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "auto"
    assert control.value() == 0


NUMBERS = {("deep_dream", "frames")} | {
    (lesson, "rate") for lesson in ("convolution", "kernel_on_image", "layer_cost")
}
"""Whose help names the lowest value, which is a plain number there."""


def test_every_number_that_its_help_explains_as_something_else_has_a_word():
    """Truth: the help texts: "0 uses all", "-1 for the last"."""
    lacking = [
        (info.name, each.name)
        for info in METHODS
        for each in info.parameters
        if each.kind is Kind.INTEGER and each.minimum is not None and not each.lowest
        if re.search(rf"(?<![\d.]){int(each.minimum)}\b(?!\.\d)", each.help)
    ]
    assert set(lacking) <= NUMBERS
