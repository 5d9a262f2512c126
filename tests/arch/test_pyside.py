"""The installed PySide6 keeps count of None.

PySide6 6.12.0 on Python 3.11 dropped a reference to None in each void call, until the
interpreter aborted; pyproject.toml excludes it for that reason.  From Python 3.12 on
None is immortal and its count a constant.
"""

import subprocess
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


def test_importing_the_window_reads_no_source_of_other_modules():
    """Truth: a Python without PySide6, whose line cache no import fills."""
    pytest.importorskip("PySide6.QtWidgets")
    code = """
import linecache
import nnviz.gui
before = len(linecache.cache)
import nnviz.base.requests
print(len(linecache.cache) - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]
