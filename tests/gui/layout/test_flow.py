"""Wrapping rows.  Truth: the same controls in a row that was laid out afresh."""

from PySide6.QtWidgets import QPushButton, QWidget

from nnviz.gui.layout.flow import flow

_WIDTH = 240


def height(*words):
    """Return the height of fresh buttons with these words."""
    holder = QWidget()
    holder.setLayout(flow(*(QPushButton(each, holder) for each in words)))
    return holder.layout().heightForWidth(_WIDTH)


def test_a_height_follows_the_controls(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    first, second = QPushButton("one", holder), QPushButton("two", holder)
    row = flow(first, second)
    holder.setLayout(row)
    holder.show()
    assert row.heightForWidth(_WIDTH) == height("one", "two")
    second.setText("a text that is wider than what is left of the line")
    wrapped = row.heightForWidth(_WIDTH)
    assert wrapped == height("one", second.text()) > height("one", "two")
    second.hide()
    assert row.heightForWidth(_WIDTH) == height("one")
    second.show()
    assert row.heightForWidth(_WIDTH) == wrapped
