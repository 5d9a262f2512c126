"""Wrapping rows.  Truth: the same controls in a row that was laid out afresh."""

from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

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


def test_text_that_wraps_has_room_for_its_lines(qtbot):
    """Truth: ``heightForWidth`` of the label alone, at the width that it is given."""
    holder = QWidget()
    qtbot.addWidget(holder)
    words = QLabel("words " * 30, holder)
    words.setWordWrap(True)
    policy = QSizePolicy.Policy.Expanding
    words.setSizePolicy(policy, QSizePolicy.Policy.Minimum)
    words.setMinimumWidth(100)
    holder.setLayout(flow(words, QPushButton("Do", holder)))
    holder.resize(_WIDTH, 400)
    holder.show()
    assert words.width() > 100
    assert words.height() >= words.heightForWidth(words.width())
    assert holder.layout().heightForWidth(_WIDTH) >= words.height()


def test_what_one_cannot_take_is_left_to_the_others(qtbot):
    """Truth: 240 px less the spacing of 4 and the maximum of 60, by hand."""
    holder = QWidget()
    qtbot.addWidget(holder)
    limited, free = QLineEdit(holder), QLineEdit(holder)
    for each in (limited, free):
        each.setMinimumWidth(40)
    limited.setMaximumWidth(60)
    holder.setLayout(flow(limited, free))
    holder.resize(_WIDTH, 60)
    holder.show()
    assert limited.width() == 60
    assert free.width() == _WIDTH - 60 - 4
