"""Help on a method: example, how to read it, where it misleads, reference."""

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from nnviz.base.info import MethodInfo, Reference
from nnviz.gui.services.app_context import AppContext


class HelpText(QLabel):
    """Help text of a method: three paragraphs and a reference."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.setObjectName("help")
        self.setAccessibleName(self.tr("About the method"))
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setOpenExternalLinks(True)
        app.choice.method_changed.connect(lambda _: self._show())
        app.look.changed.connect(self._show)

    def _show(self) -> None:
        info = self._app.choice.method
        if info is not None:
            self.setText(self._page(info))

    def _page(self, info: MethodInfo) -> str:
        theme = self._app.look.theme
        small = self._app.look.px(11)
        parts = (
            (self.tr("What it shows"), info.shows),
            (self.tr("How to read it"), info.reading),
            (self.tr("Where it misleads"), info.misleads),
        )
        head = f"color:{theme.muted};font-size:{small}px;font-weight:600"
        body = f"color:{theme.text};margin:0;line-height:130%"
        paragraphs = [
            f"<p style='{head};margin:12px 0 2px 0'>{html.escape(title)}</p>"
            f"<p style='{body}'>{html.escape(text)}</p>"
            for title, text in parts
            if text
        ]
        if info.reference is not None:
            paragraphs.append(
                f"<p style='margin:12px 0 0 0;color:{theme.muted}'>"
                f"{_source(info.reference, theme.accent)}</p>"
            )
        return "".join(paragraphs)


def _source(reference: Reference, color: str) -> str:
    """Return the reference as HTML, linked if its locator is a URL."""
    authors, where = html.escape(reference.authors), html.escape(reference.locator)
    prefixes = {"arXiv:": "https://arxiv.org/abs/", "doi:": "https://doi.org/"}
    for prefix, address in prefixes.items():
        if reference.locator.startswith(prefix):
            link = address + where[len(prefix) :]
            where = f"<a style='color:{color}' href='{link}'>{where}</a>"
            break
    return f"{authors}, {where}" if where else authors
