"""Painters end with their ``with`` block, whatever is raised inside it.

A frame that an exception keeps alive, a parser's that is caught or one that Python
remembers as the last, would keep a painter of its own: Qt then says ``endPaint() called
with active painter``, and the process dies of SIGSEGV when the widget goes first.
"""

import ast
from pathlib import Path

import pytest

GUI = Path(__file__).parents[2] / "nnviz" / "gui"
PAINTERS = {"QPainter", "QStylePainter"}


def painters_outside_with(source: str) -> list[int]:
    """Return the lines in which a painter is made that no ``with`` ends."""
    if not any(f"{name}(" in source for name in PAINTERS):
        return []
    tree = ast.parse(source)
    ended = {
        id(item.context_expr)
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        for item in node.items
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in PAINTERS
        and id(node) not in ended
    ]


def test_every_painter_is_ended_by_a_with_block():
    found = {
        str(file.relative_to(GUI)): lines
        for file in GUI.rglob("*.py")
        if (lines := painters_outside_with(file.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("with QPainter(self) as painter:\n    pass", []),
        ("painter = QPainter(self)\npainter.end()", [1]),
        ("pass\nQStylePainter(self).drawText(0, 0, 'a')", [2]),
    ],
)
def test_the_rule_itself(source, lines):
    assert painters_outside_with(source) == lines


def test_a_painter_ends_though_its_frame_is_kept(qtbot):
    """``QPainter.isActive`` is Qt's own word; the kept error holds the frame."""
    gui = pytest.importorskip("PySide6.QtGui")
    del qtbot
    pixmap = gui.QPixmap(8, 8)

    def paint():
        with gui.QPainter(pixmap) as painter:
            return 1 // int(painter.opacity() - 1)

    with pytest.raises(ZeroDivisionError) as raised:
        paint()
    frame = raised.traceback[-1].frame
    assert not frame.f_locals["painter"].isActive()
