"""The preprocessing editor: round trip, warnings in words, reset."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from nnviz.base.preprocess import ChannelOrder, Fit, Interpolation, Preprocess
from nnviz.gui.forms.preprocess_form import PreprocessForm


@pytest.fixture
def form(qtbot):
    made = PreprocessForm()
    qtbot.addWidget(made)
    made.show()
    return made


SIDE = st.integers(1, 4096)


@st.composite
def preprocesses(draw):
    channels = draw(st.integers(1, 7))

    def numbers(low, high):
        return tuple(
            draw(st.lists(st.floats(low, high), min_size=channels, max_size=channels))
        )

    return Preprocess(
        input_size=(draw(SIDE), draw(SIDE)),
        resize=draw(SIDE),
        fit=draw(st.sampled_from(Fit)),
        interpolation=draw(st.sampled_from(Interpolation)),
        mean=numbers(-300, 300),
        std=numbers(1e-3, 300),
        order=draw(st.sampled_from(ChannelOrder)),
        value_range=draw(st.sampled_from([1.0, 255.0, 2.0])),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(preprocesses())
def test_value_comes_back_and_is_read_from_the_fields(form, value):
    form.set_value(value)
    assert form.value() == value
    assert form._read() == value


def type_into(field, text, qtbot):
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_a_mean_of_406_is_suspicious_but_taken(form, qtbot):
    with qtbot.waitSignal(form.changed) as caught:
        type_into(form._mean._fields[2], "406", qtbot)
    assert caught.args[0].mean == (0.485, 0.456, 406.0)
    assert "did you mean 0.406" in form.remark()


def test_a_std_of_0_is_said_and_not_taken(form, qtbot):
    with qtbot.assertNotEmitted(form.changed):
        type_into(form._std._fields[0], "0", qtbot)
    assert "std: must be above 0" in form.remark()
    assert form.value().std[0] == 0.229


def test_channels_bring_their_own_fields(form, qtbot):
    with qtbot.waitSignal(form.changed) as caught:
        form._channels.setValue(1)
    assert caught.args[0].mean == (0.485,)
    assert not form._order.isEnabled()
    form._channels.setValue(5)
    assert len(form.value().std) == 5


def test_resize_means_something_for_crops_only(form):
    form.set_value(Preprocess(fit=Fit.STRETCH))
    assert not form._resize.isEnabled()
    form.set_value(Preprocess(fit=Fit.CROP))
    assert form._resize.isEnabled()


def test_reset_goes_back_to_the_networks_own(form, qtbot):
    own = Preprocess(input_size=(128, 128), resize=128)
    form.set_value(Preprocess(), own)
    with qtbot.waitSignal(form.changed) as caught:
        form._reset.click()
    assert caught.args[0] == own
    assert not form._reset.isEnabled()


def test_setting_does_not_announce(form, qtbot):
    with qtbot.assertNotEmitted(form.changed):
        form.set_value(Preprocess(mean=(0.5,), std=(0.5,)))
