"""Log panel, to read and copy."""

import datetime as dt

from PySide6.QtWidgets import QApplication, QPlainTextEdit, QVBoxLayout, QWidget

from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.messages import Notice
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, named, row

_MAX_LINES = 5000


class LogPanel(QWidget):
    """List of all messages and errors with times and, for errors, details."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.text = named(QPlainTextEdit(), name=self.tr("Log"))
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(_MAX_LINES)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, GRID, MARGIN, 2 * GRID)
        column.addWidget(self.text)
        column.addLayout(
            row(
                button(self.tr("Copy all"), self._copy),
                button(self.tr("Clear"), self.text.clear),
                None,
            )
        )
        app.messages.said.connect(self._write)
        app.messages.logged.connect(self._write)
        app.messages.noticed.connect(self._write_notice)

    def _write(self, text: str) -> None:
        now = dt.datetime.now().astimezone()
        self.text.appendPlainText(f"{now:%H:%M:%S}  {text}")

    def _write_notice(self, notice: Notice) -> None:
        self._write(f"{notice.severity}: {notice.text}")
        if notice.details:
            self.text.appendPlainText(notice.details)

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.text.toPlainText())
