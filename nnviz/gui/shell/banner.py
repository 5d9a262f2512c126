"""Banners: notices with their remedies as buttons, and progress."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.events import Progress
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import breakable
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.messages import Notice
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, icon_button, named, row
from nnviz.render.text.words import short_bytes

_DOWNLOAD, _FILM = "download", "film:progress"
_LEAST_LETTERS, _USUAL_LETTERS = 10, 24
"""Width of a notice's text, in average letters: its minimum, and that below which its
buttons are below it."""
_LOCAL = {
    "run",
    "live",
    "source",
    "camera",
    "record",
    "lesson",
    "robustness",
    "content",
}
"""Topics that belong to one workspace."""


class Banner(QFrame):
    """A notice with its buttons.

    Signals:
        dismissed: the close button was pressed.
    """

    dismissed = Signal()

    def __init__(self, app: AppContext, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("severity", str(notice.severity))
        self.setAccessibleName(self.tr("Notice"))
        self.setAccessibleDescription(notice.text)
        self.notice = notice
        self._details = named(QPlainTextEdit(notice.details), "plain")
        self._details.setReadOnly(True)
        self._details.setFixedHeight(160)
        self._details.hide()
        text = _NoticeText(breakable(notice.text))
        answers = [
            button(remedy.label, remedy.act, "" if index else "primary")
            for index, remedy in enumerate(notice.remedies)
        ]
        if notice.details:
            answers.append(button(self.tr("Details"), self._unfold))
        copy = icon_button(app.look, "copy", self.tr("Copy"), self._copy)
        dismiss = icon_button(app.look, "x", self.tr("Dismiss"), self.dismissed.emit)
        line = row(copy, dismiss, spacing=2 * GRID)
        line.insertLayout(0, flow(text, *answers, spacing=2 * GRID), 1)
        for each in (copy, dismiss):
            line.setAlignment(each, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.addLayout(line)
        column.addWidget(self._details)

    def _unfold(self) -> None:
        self._details.setVisible(not self._details.isVisible())

    def _copy(self) -> None:
        QApplication.clipboard().setText(
            f"{self.notice.text}\n{self.notice.details}".strip()
        )


class ProgressBanner(QFrame):
    """Progress of background work, with a button to stop it.

    Args:
        name: name of the work, in a word.
        text: text until the first progress.
        stop: stops the work.
        parent: Qt parent.
    """

    def __init__(
        self, name: str, text: str, stop: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("severity", "note")
        self.setAccessibleName(name)
        self._text = _NoticeText(breakable(text))
        self._bar = named(QProgressBar(), name=name)
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        cancel = button(self.tr("Cancel"), stop)
        column.addLayout(flow(self._text, cancel, spacing=2 * GRID))
        column.addWidget(self._bar)

    def tell(self, progress: Progress) -> None:
        """Show a progress."""
        words = progress.what
        if progress.unit == "B" and progress.done:
            words += f"  {short_bytes(progress.done)}"
            words += f" of {short_bytes(progress.total)}" if progress.total else ""
        self._text.setText(breakable(words))
        known = progress.total > 0
        self._bar.setRange(0, 1000 if known else 0)
        if known:
            self._bar.setValue(round(1000 * progress.done / progress.total))


class _NoticeText(QLabel):
    """Text of a notice, which wraps but keeps some width beside buttons."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grows, high = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum
        policy = QSizePolicy(grows, high)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        """Return the size of a short line."""
        return self._line(_LEAST_LETTERS)

    def sizeHint(self) -> QSize:
        """Return the size of a line beside which buttons may be."""
        return self._line(_USUAL_LETTERS)

    def _line(self, letters: int) -> QSize:
        metrics = self.fontMetrics()
        return QSize(letters * metrics.averageCharWidth(), metrics.lineSpacing())


class Banners(QWidget):
    """All open banners, one for each topic."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._banners: dict[str, QFrame] = {}
        self._places: dict[str, str] = {}
        """Workspace of each notice that belongs to one."""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        app.messages.noticed.connect(self._show)
        app.choice.entered.connect(self._follow_workspace)
        app.messages.settled.connect(self._settle)
        app.videos.changed.connect(self._show_video)
        app.models.fetching.connect(self._fetching)
        app.models.fetched.connect(lambda ref: self._settle(_DOWNLOAD + ref))
        app.models.fetch_failed.connect(lambda ref, _: self._settle(_DOWNLOAD + ref))

    def shown(self) -> tuple[Notice, ...]:
        """Return the visible notices."""
        return tuple(
            banner.notice
            for banner in self._banners.values()
            if isinstance(banner, Banner) and not banner.isHidden()
        )

    def _show(self, notice: Notice) -> None:
        banner = Banner(self._app, notice, self)
        banner.dismissed.connect(lambda: self._settle(notice.topic))
        self._put(notice.topic, banner)
        if notice.topic in _LOCAL:
            self._places[notice.topic] = self._app.choice.workspace_name

    def _put(self, topic: str, banner: QFrame) -> None:
        self._settle(topic)
        self._banners[topic] = banner
        self._column.addWidget(banner)
        banner.show()

    def _settle(self, topic: str) -> None:
        self._places.pop(topic, None)
        banner = self._banners.pop(topic, None)
        if banner is not None:
            banner.hide()
            banner.deleteLater()

    def _follow_workspace(self) -> None:
        """Show only the banners of the current workspace, or of all."""
        here = self._app.choice.workspace_name
        for topic, banner in self._banners.items():
            banner.setVisible(self._places.get(topic, here) == here)

    def _fetching(self, reference: str, progress: Progress) -> None:
        topic = _DOWNLOAD + reference
        banner = self._banners.get(topic)
        if not isinstance(banner, ProgressBanner):
            self._settle("model")
            banner = ProgressBanner(
                self.tr("Download"),
                self.tr("Downloading {0}").format(reference),
                lambda: self._app.models.stop_fetch(reference),
                self,
            )
            self._put(topic, banner)
        banner.tell(progress)

    def _show_video(self, progress: Progress | None) -> None:
        """Show the progress of a video export, except in Live, which has its own."""
        films = self._app.videos
        if progress is None or self._app.choice.live:
            self._settle(_FILM)
            return
        banner = self._banners.get(_FILM)
        if not isinstance(banner, ProgressBanner):
            banner = ProgressBanner(self.tr("Video"), progress.what, films.stop, self)
            self._put(_FILM, banner)
        banner.tell(progress)
