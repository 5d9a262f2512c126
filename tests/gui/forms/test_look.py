"""Controls can be seen in every theme: measured on their pixels."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QMainWindow, QSpinBox

from nnviz.gui.theme.manager import THEMES, ThemeManager
from nnviz.gui.theme.parts import named
from nnviz.gui.views.canvas.layers import array_of


@pytest.fixture(params=sorted(THEMES))
def themed(request, qtbot):
    application = QApplication.instance()
    before = application.palette(), application.font()
    look = ThemeManager(request.param, 1.0)
    look.apply()

    def show(widget, width=120):
        window = QMainWindow()
        qtbot.addWidget(window)
        look.dress(window)
        window.setCentralWidget(widget)
        window.resize(width, widget.sizeHint().height())
        window.show()
        return array_of(widget.grab().toImage()).astype(int)

    yield show
    application.setPalette(before[0])
    application.setFont(before[1])


def contrast(pixels):
    return (pixels.max((0, 1)) - pixels.min((0, 1))).max()


def test_a_box_shows_before_it_is_ticked(themed):
    box = QCheckBox()
    empty = themed(box)[:, :16]
    assert contrast(empty) > 60
    box.setChecked(True)
    assert np.abs(themed(box)[:, :16] - empty).max() > 60


def test_a_spin_box_has_arrows_and_keeps_its_number_off_the_frame(themed):
    box = named(QSpinBox())
    box.setValue(88)
    pixels = themed(box)
    inside = pixels[4:-4]
    assert contrast(inside[:, 2:8]) < 20
    assert contrast(inside[:, 8:24]) > 60
    assert contrast(inside[:, -18:-3]) > 40


def test_a_combo_box_has_an_arrow(themed):
    assert contrast(themed(QComboBox())[4:-4, -22:-3]) > 40
