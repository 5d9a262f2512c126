"""Esc in a dialog that a panel has opened.

Truth: Esc closes a dialog, as on every desktop; in a panel's field it leaves the field.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit


def test_esc_closes_a_dialog_of_a_panel(qtbot, window):
    dialog = QDialog(window.stage.models)
    field = QLineEdit(dialog)
    with qtbot.waitExposed(dialog):
        dialog.open()
    dialog.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
