"""Page on the open network: facts, findings of the model doctor, model card."""

import html
import re

from PySide6.QtGui import QTextLength, QTextTable
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from nnviz.base.info import ModelInfo, Severity
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import Theme
from nnviz.gui.theme.parts import named
from nnviz.gui.theme.signs import DASH, TIMES
from nnviz.render.text.words import short_number

_EXCERPT = "…"
_HEADING = re.compile(r"^#(#*) ", re.MULTILINE)
"""Headings of a card, which are reduced for a narrow panel."""
_SHARES = (30, 70)
"""Column widths of a card's table, percent."""


class FactsPanel(QWidget):
    """Page with the network's facts, findings and card, for reading."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.text = named(QTextBrowser(), "plain")
        self.text.setAccessibleName(self.tr("About the network"))
        self.text.setOpenExternalLinks(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.text)
        app.selection.model_changed.connect(lambda _: self._show())
        app.look.changed.connect(self._show)

    def _show(self) -> None:
        info = self._app.selection.model
        theme = self._app.look.theme
        self.text.clear()
        if info is None:
            return
        self.text.document().setDefaultStyleSheet(_css(theme))
        self.text.setHtml(self._facts(info) + self._findings(info, theme))
        if info.card:
            cursor = self.text.textCursor()
            cursor.movePosition(cursor.MoveOperation.End)
            cursor.insertBlock()
            cursor.insertMarkdown(_HEADING.sub(r"###\1 ", info.card))
            for frame in self.text.document().rootFrame().childFrames():
                if isinstance(frame, QTextTable):
                    _make_plain(frame)
            cursor.movePosition(cursor.MoveOperation.Start)
            self.text.setTextCursor(cursor)

    def _facts(self, info: ModelInfo) -> str:
        height, width = info.preprocess.input_size
        smallest = f" {TIMES} ".join(str(side) for side in info.smallest_input)
        rows = (
            (self.tr("Reference"), info.reference),
            (self.tr("Weights"), info.weights),
            (self.tr("Parameters"), _count(info, info.parameters)),
            (self.tr("MACs"), _count(info, info.macs)),
            (self.tr("Classes"), str(len(info.labels))),
            (
                self.tr("Input"),
                f"{info.preprocess.channels} {TIMES} {height} {TIMES} {width} px",
            ),
            (self.tr("Smallest input"), f"{smallest} px"),
            (self.tr("sha256"), info.sha256[:12] + _EXCERPT),
        )
        lines = "".join(
            f"<tr><td class='name'>{html.escape(name)}</td>"
            f"<td>{html.escape(value)}</td></tr>"
            for name, value in rows
        )
        return f"<h3>{html.escape(info.title)}</h3><table>{lines}</table>"

    def _findings(self, info: ModelInfo, theme: Theme) -> str:
        colors = {
            Severity.NOTE: theme.muted,
            Severity.WARNING: theme.warning,
            Severity.PROBLEM: theme.danger,
        }
        found = [
            f"<p><span style='color:{colors[finding.severity]}'>●</span> "
            f"{html.escape(finding.text)}</p>"
            for finding in info.findings
        ]
        found += [f"<p>{html.escape(note)}</p>" for note in info.notes]
        if not found:
            found = [f"<p>{html.escape(self.tr('Nothing to report.'))}</p>"]
        return f"<h4>{html.escape(self.tr('Findings'))}</h4>" + "".join(found)


def _make_plain(table: QTextTable) -> None:
    """Remove borders and the empty header that Markdown tables require."""
    style = table.format()
    style.setBorder(0)
    style.setCellSpacing(0)
    style.setColumnWidthConstraints(
        [QTextLength(QTextLength.Type.PercentageLength, share) for share in _SHARES]
    )
    table.setFormat(style)
    head = [table.cellAt(0, column) for column in range(table.columns())]
    if all(cell.firstPosition() == cell.lastPosition() for cell in head):
        table.removeRows(0, 1)


def _count(info: ModelInfo, number: int) -> str:
    """Return a count as text; a dash where it is unknown."""
    return short_number(number) if info.counted else DASH


def _css(theme: Theme) -> str:
    return (
        f"h3,h4{{color:{theme.text};margin-bottom:4px}}"
        f"td{{color:{theme.text};padding:2px 8px 2px 0}}"
        f"td.name{{color:{theme.muted}}} p{{color:{theme.text};margin:4px 0}}"
        f"a{{color:{theme.accent}}}"
    )
