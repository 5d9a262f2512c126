"""Panel of a guided lesson: text, question, answer, Back and Next."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    LEADS_OUT,
    MARGIN,
    allow,
    button,
    icon_button,
    label,
    named,
    row,
)

_MARKDOWN = (
    QTextDocument.MarkdownFeature.MarkdownDialectCommonMark
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)
"""Markdown without HTML: a lesson file can show nothing but text."""


class GuidePanel(QWidget):
    """Panel that shows one step at a time: F7 next, F6 back, F8 the answer."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app, self._guide = app, app.guide
        self.title = label(style="heading", wrap=True)
        self.place = label(style="muted")
        self.leave = icon_button(
            app.look, "x", self.tr("Leave the guided lesson"), self._guide.close
        )
        self.leave.setProperty(LEADS_OUT, True)
        self.words = named(_Words(), name=self.tr("Guided lesson"))
        self.back = button(self.tr("Back"), self._guide.back)
        self.back.setToolTip(self.tr("Previous step of the guided lesson (F6)"))
        self.reveal = button(self.tr("Reveal"), self._guide.reveal)
        self.reveal.setToolTip(self.tr("Show the answer (F8)"))
        self.next = button(self.tr("Next"), self._guide.next, "primary")
        self.next.setToolTip(self.tr("Answer, then next step (F7)"))
        self._lay_out()
        self._guide.changed.connect(self.show_step)
        self.show_step()

    def _lay_out(self) -> None:
        head = row(self.title, self.leave)
        head.setStretch(0, 1)
        foot = flow(self.back, self.reveal, None, self.next, spacing=2 * GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(head)
        column.addWidget(self.place)
        column.addWidget(self.words, 1)
        column.addLayout(foot)

    def show_step(self) -> None:
        """Show the current step, or an introduction where no lesson is open."""
        guide, step = self._guide.guide, self._guide.step
        there = guide is not None and step is not None
        for widget in (self.back, self.reveal, self.next, self.leave, self.place):
            widget.setVisible(there)
        if guide is None or step is None:
            self.title.setText(self.tr("Guided lessons"))
            self.words.setMarkdownText(
                self.tr("Choose a guided lesson at the top of the list of lessons.")
            )
            return
        self.title.setText(guide.title)
        count = len(guide.steps)
        at = self._guide.index
        self.place.setText(self.tr("Step {0} of {1}").format(at + 1, count))
        self.words.setMarkdownText(self._told())
        allow(self.back, at > 0, self.tr("This is the first step"))
        hidden = bool(step.reveal) and not self._guide.revealed
        allow(self.reveal, hidden, self.tr("There is nothing to reveal in this step"))
        more = hidden or not self._guide.last
        allow(self.next, more, self.tr("This is the last step"))

    def _told(self) -> str:
        """Return the current step's text as Markdown."""
        guide, step = self._guide.guide, self._guide.step
        if guide is None or step is None:
            return ""
        parts = [f"### {step.title}"]
        if self._guide.index == 0 and guide.about:
            parts.append(guide.about)
        parts.append(step.words)
        if step.question:
            parts.append(f"**{self.tr('Predict')}:** *{step.question}*")
        if step.reveal and self._guide.revealed:
            parts += ["---", step.reveal]
        return "\n\n".join(part for part in parts if part)


class _Words(QTextBrowser):
    """Markdown view that opens no links and loads nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def setMarkdownText(self, text: str) -> None:
        """Show Markdown."""
        self.document().setMarkdown(text, _MARKDOWN)
        spaced = QTextBlockFormat()
        spaced.setBottomMargin(2 * GRID)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Load nothing: a lesson has no images and no style sheets."""
        del kind, name
        return None
