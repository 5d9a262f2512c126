"""Panel for training a style network on a style image and a folder."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from nnviz.gui.layout.aligned_label import AlignedLabel
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.dialogs.files import IMAGES, STYLES, ask_file, ask_folder
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    allow,
    button,
    keep_size,
    label,
    named,
)
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.widgets.elided import ElidedLabel

_ENDINGS = "*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff"
_HEIGHT, _NAME = 160, 64
"""Height of the preview, and least width of a name, px."""
_MINUTE = 60
_METHOD = "fast_style"


class LessonPanel(QWidget):
    """Choice, progress and previews of a style training."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self._lessons = app.style_training
        self.style_name = ElidedLabel(align=Qt.AlignmentFlag.AlignLeft)
        self.folder_name = ElidedLabel(align=Qt.AlignmentFlag.AlignLeft)
        self.preview = Canvas(self)
        self.preview.setAccessibleName(
            self.tr("Images, with the painted version below each")
        )
        self.state = label(style="muted", wrap=True)
        self.bar = named(QProgressBar(), name=self.tr("Progress of learning"))
        self.bar.setTextVisible(False)
        self.go = button(self.tr("Learn"), self._toggle, "primary")
        self.use = button(self.tr("Use this style"), self._paint)
        self.use.setToolTip(
            self.tr("Use the style as trained so far, on images and in Live")
        )
        self._lay_out()
        self._lessons.changed.connect(self._show)
        self._lessons.improved.connect(self._show_preview)
        self._lessons.learned.connect(lambda _: self._show())
        keep_size(app.look, self, self._resize)
        self._show_preview(None)
        self._show()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        heads: list[AlignedLabel] = []
        for title, chosen, ask in (
            (self.tr("Style"), self.style_name, self.ask_style),
            (self.tr("Training images"), self.folder_name, self.ask_folder),
        ):
            head = named(AlignedLabel(title, heads), "muted")
            pick = button(self.tr("Choose…"), ask)
            pick.setAccessibleName(f"{title}: {pick.text()}")
            column.addLayout(flow(head, chosen, pick))
        column.addWidget(self.preview)
        column.addWidget(self.bar)
        column.addWidget(self.state)
        column.addLayout(flow(self.go, self.use))
        column.addStretch(1)

    def ask_style(self) -> None:
        """Ask for the style image."""
        settings, title = self._app.settings, self.tr("Style image")
        path = ask_file(
            self, settings, STYLES, title, f"{self.tr('Images')} ({_ENDINGS})"
        )
        if path:
            self._lessons.choose(style=path)

    def ask_folder(self) -> None:
        """Ask for the folder of training images."""
        settings, title = self._app.settings, self.tr("Folder of training images")
        path = ask_folder(self, settings, IMAGES, title)
        if path:
            self._lessons.choose(photographs=path)

    def _toggle(self) -> None:
        if self._lessons.running:
            self._lessons.stop()
        else:
            self._lessons.start()

    def _paint(self) -> None:
        self._app.choice.prefer(_METHOD)
        self._app.open_model(self._lessons.weights)

    def _resize(self) -> None:
        px = self._app.look.px
        self.preview.setFixedHeight(px(_HEIGHT))
        for words in (self.style_name, self.folder_name):
            words.setMinimumWidth(px(_NAME))

    def _show_preview(self, pixels: object) -> None:
        if pixels is None:
            self.preview.set_image(None)
            self.preview.set_message(self.tr("Images and paintings, after each epoch"))
        else:
            self.preview.set_image(pixels)  # type: ignore[arg-type]  # a Signal's

    def _show(self) -> None:
        lessons = self._lessons
        for words, path in (
            (self.style_name, lessons.style),
            (self.folder_name, lessons.photographs),
        ):
            words.setText(Path(path).name or self.tr("none yet"))
            words.setToolTip(literal(path))
        progress = lessons.progress
        self.bar.setVisible(lessons.running)
        if progress is None:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * progress.done / max(progress.total, 1)))
        self.state.setText(self._words())
        self.go.setText(self._action())
        allow(self.go, lessons.ready or lessons.running, self._words())
        allow(self.use, bool(lessons.weights), self.tr("Learn a style first"))

    def _action(self) -> str:
        if self._lessons.running:
            return self.tr("Stop")
        return self.tr("Continue") if self._lessons.resumable else self.tr("Learn")

    def _words(self) -> str:
        lessons, progress = self._lessons, self._lessons.progress
        if not lessons.ready:
            return self.tr(
                "Choose a style image and a folder of at least a hundred images. A "
                "network then learns to paint in that style."
            )
        if lessons.running and progress is not None:
            return progress.what + self._left()
        if lessons.running:
            return self.tr("reading the images")
        return self.tr("stopped; it can be continued") if lessons.resumable else ""

    def _left(self) -> str:
        left = self._lessons.left
        if left < 0:
            return ""
        if left < _MINUTE:
            return self.tr(" · less than a minute left")
        return self.tr(" · {0} min left").format(round(left / _MINUTE))
