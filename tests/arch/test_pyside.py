"""The installed PySide6 keeps count of None.

PySide6 6.12.0 on Python 3.11 dropped a reference to None in each void call, until the
interpreter aborted; pyproject.toml excludes it for that reason.  From Python 3.12 on
None is immortal and its count a constant.
"""

import sys

import pytest

CALLS = 300
SLACK = 30
"""References that unrelated code may take or drop meanwhile."""


def test_void_calls_do_not_steal_references_to_none(qtbot):
    widgets = pytest.importorskip("PySide6.QtWidgets")
    widget = widgets.QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        widget.update()
    assert abs(sys.getrefcount(None) - before) < SLACK


def test_signals_do_not_steal_references_to_true(qtbot):
    widgets = pytest.importorskip("PySide6.QtWidgets")
    box = widgets.QCheckBox()
    qtbot.addWidget(box)
    before = sys.getrefcount(True)
    for _ in range(CALLS):
        box.toggled.emit(True)
    assert abs(sys.getrefcount(True) - before) < SLACK
