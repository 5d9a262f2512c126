"""Views of live frames with their results: bars, maps, boxes."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.frames import Frame
from nnviz.base.live import Shown
from nnviz.base.results import ColorImage, Mosaic, Ranking, Report
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.panels.bars import Bars
from nnviz.gui.panels.empty_state import LIVE_SOURCES, EmptyState
from nnviz.gui.panels.photo import seen
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, label, named, side_column
from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.canvas.layers import Bytes
from nnviz.gui.views.canvas.stickers import StickerCanvas
from nnviz.gui.views.results.mosaic import MosaicView
from nnviz.gui.views.results.report import ReportView
from nnviz.gui.workspaces.live.repaint import RepaintSide

_ROWS = 10
_SIDE_WIDTH = 248


class LiveView(QWidget):
    """View of live frames, in a layout that suits the kind of result."""

    hovered = Signal(str)
    wanted = Signal(str)
    """Name of a command to run."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.report: Report | None = None
        self._pages = PageStack()
        self.frame = _FrameSide(app)
        self.maps = _MapsSide(app)
        self.repaint_side = RepaintSide(app)
        self.result_side = _ResultSide(app)
        self.rest = self.result_side.view
        self.empty = EmptyState(LIVE_SOURCES)
        self.empty.wanted.connect(self.wanted)
        sides = (self.frame, self.maps, self.repaint_side, self.result_side)
        for page in (*sides, self.empty):
            self._pages.addWidget(page)
        self.frame.canvas.hovered.connect(self.hovered)
        self.maps.mosaic.hovered.connect(self.hovered)
        self.repaint_side.hovered.connect(self.hovered)
        self.rest.hovered.connect(self.hovered)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        self.setFocusProxy(self.frame.canvas)
        app.selection.unit_changed.connect(self.maps.mosaic.select_unit)

    def show_frame(self, shown: Shown) -> None:
        """Show a frame with its result, or alone."""
        self.report = shown.run.report if shown.run is not None else None
        mosaic, painting = _mosaic(self.report), _painting(self.report)
        if self.report is None or isinstance(self.report.main, Ranking):
            self.frame.show_frame(shown)
            self._pages.setCurrentWidget(self.frame)
        elif mosaic is not None:
            self.maps.show_frame(shown, mosaic)
            self._pages.setCurrentWidget(self.maps)
        elif painting is not None:
            self.repaint_side.show_frame(shown, painting)
            self._pages.setCurrentWidget(self.repaint_side)
        else:
            self.result_side.show_frame(shown, self.report)
            self._pages.setCurrentWidget(self.result_side)

    def hide_controls(self) -> None:
        """Hide the controls that choose a network or a source."""
        self.repaint_side.head.hide()
        for each in self.empty.buttons.values():
            each.hide()

    def say(self, words: str) -> None:
        """Show a message in place of a frame."""
        self.report = None
        self.frame.say(words)
        self._pages.setCurrentWidget(self.frame)

    def offer_sources(self, words: str) -> None:
        """Show why there is no frame, with buttons for working sources."""
        self.report = None
        self.empty.say(words)
        self._pages.setCurrentWidget(self.empty)


class _FrameSide(QWidget):
    """The frame, large, with class bars beside it."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self._app = app
        self.canvas = named(StickerCanvas(), name=self.tr("Frame"))
        self.canvas.paints = False
        self.bars = Bars(_ROWS)
        self._panel = _Side(self.tr("PREDICTION"), self.bars)
        self._side = side_column(app.look, self._panel, _SIDE_WIDTH)
        self._side.hide()
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.canvas, 1)
        whole.addWidget(self._side)

    def add(self, widget: QWidget) -> None:
        """Add a widget below the bars."""
        self._panel.add(widget)

    def show_frame(self, shown: Shown) -> None:
        """Show a frame, and bars if there are any."""
        self.canvas.set_image(seen(shown.image))
        self.canvas.set_marks(*self._marks(shown))
        self._side.setVisible(shown.bars is not None)
        self.bars.show_ranking(shown.bars)

    def say(self, words: str) -> None:
        """Show a message in place of a frame."""
        self.canvas.set_marks()
        self.canvas.set_message(words)
        self._side.hide()

    def _marks(self, shown: Shown) -> tuple[Mark, ...]:
        """Outline the part that the network sees."""
        if shown.run is None:
            return ()
        placement = shown.run.recipe.preprocess.placement(shown.image.size)
        return (Mark(placement.input_in_photo(), MarkStyle.INPUT),)


class _ResultSide(QWidget):
    """A result of the frame, large, with class bars beside it."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self.view = ReportView()
        self.bars = Bars(_ROWS)
        side = _Side(self.tr("PREDICTION"), self.bars)
        self._side = side_column(app.look, side, _SIDE_WIDTH)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.view, 1)
        whole.addWidget(self._side)

    def show_frame(self, shown: Shown, report: Report) -> None:
        """Show the result of a frame, its bars beside it."""
        others = {
            name: each
            for name, each in report.results.items()
            if not isinstance(each, Ranking)
        }
        self.view.show_report(replace(report, results=others), shown.image)
        self._side.setVisible(shown.bars is not None)
        self.bars.show_ranking(shown.bars)


class _MapsSide(QWidget):
    """The maps of a layer with one enlarged, and the frame small."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self.mosaic = MosaicView()
        self.mosaic.unit_chosen.connect(app.selection.set_unit)
        self.canvas = named(_Small(), name=self.tr("Frame"))
        side = side_column(app.look, _Side(self.tr("FRAME"), self.canvas), _SIDE_WIDTH)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.mosaic, 1)
        whole.addWidget(side)

    def show_frame(self, shown: Shown, mosaic: Mosaic) -> None:
        """Show a frame and its maps."""
        self.mosaic.show_result(mosaic, shown.image)
        self.canvas.set_image(seen(shown.image))


class _Small(Canvas):
    """Canvas whose height follows from its image and width."""

    def __init__(self) -> None:
        super().__init__()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._shape: tuple[int, int] | None = None

    def set_image(self, pixels: Bytes | None, table: Bytes | None = None) -> None:
        """Show an image, updating the height."""
        super().set_image(pixels, table)
        if self.image_size != self._shape:
            self._shape = self.image_size
            self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        """Return the height of the image at a width."""
        height, wide = self._shape or (3, 4)
        return round(width * height / wide)


class _Side(QWidget):
    """A column beside the image."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self._column.setSpacing(2 * GRID)
        self._column.addWidget(label(title, "section"))
        self._column.addWidget(content)
        self._column.addStretch(1)

    def add(self, widget: QWidget) -> None:
        """Add a widget below the others."""
        self._column.insertWidget(self._column.count() - 1, widget)


def _mosaic(report: Report | None) -> Mosaic | None:
    return report.first(Mosaic) if report is not None else None


def _painting(report: Report | None) -> ColorImage | None:
    """Return the image that replaces the frame; None where there is none."""
    main = report.main if report is not None else None
    if isinstance(main, ColorImage) and main.frame is Frame.PHOTO:
        return main
    return None
