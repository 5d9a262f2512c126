"""All panels of the window, made once, each in its dock."""

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QMainWindow, QTabWidget, QWidget

from nnviz.gui.layout.bounded import Bounded
from nnviz.gui.panels.facts import FactsPanel
from nnviz.gui.panels.layers import LayerPanel
from nnviz.gui.panels.method import MethodPanel
from nnviz.gui.panels.models import ModelPanel
from nnviz.gui.panels.predictions import PredictionPanel
from nnviz.gui.panels.preprocess import PreprocessPanel
from nnviz.gui.panels.recordings import RecordingsPanel
from nnviz.gui.panels.tray import ImageTray, ResultTray
from nnviz.gui.panels.unit_image import PortraitPanel
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.shell.central_view import Centre
from nnviz.gui.shell.dock_layouts import DockLayouts
from nnviz.gui.shell.docks import Dock
from nnviz.gui.shell.log import LogPanel
from nnviz.gui.state.display import BOTH, PHOTO, ContentKind
from nnviz.gui.state.workspace import Workspace
from nnviz.gui.theme.parts import named
from nnviz.gui.views.canvas.brush import MaskBrush
from nnviz.gui.workspaces.attack.attack_panel import AttackPanel
from nnviz.gui.workspaces.attack.attacks import Attacks
from nnviz.gui.workspaces.attack.robustness import Measuring
from nnviz.gui.workspaces.attack.robustness_panel import RobustnessPanel
from nnviz.gui.workspaces.style.style_panel import StylePanel
from nnviz.gui.workspaces.style.styles import Styles
from nnviz.gui.workspaces.style.training_panel import LessonPanel

_BESIDE = (
    "browser",
    "style",
    "prediction",
    "attack",
    "recordings",
    "lesson",
    "method",
    "robustness",
    "preprocess",
)
_LEAST_CENTRE = QSize(300, 180)
"""Px that the middle asks for; what does not fit is scrolled to."""
_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


class Stage(QObject):
    """The panels by name, and the docks that hold them."""

    def __init__(self, bench: Workbench, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._look = bench.look
        self.docks: dict[str, Dock] = {}
        self._aside: tuple[str, ...] = ()
        """Docks that are hidden while the middle is wide."""
        self.centre = Centre(bench)
        self.models = ModelPanel(bench)
        self.layers = LayerPanel(bench)
        self.prediction = PredictionPanel(bench)
        self.method = MethodPanel(bench)
        self.preprocess = PreprocessPanel(bench)
        self.images = ImageTray(bench)
        self.results = ResultTray(bench)
        self.recordings = RecordingsPanel(bench)
        self.portrait = PortraitPanel(bench)
        self._make_attack(bench)
        self._make_style(bench)
        self.log = LogPanel(bench)
        self.browser = named(QTabWidget(), name=self.tr("Network browser"))
        self.browser.setDocumentMode(True)
        self.browser.addTab(self.layers, self.tr("Layers"))
        self.browser.addTab(self.models, self.tr("Models"))
        self.browser.addTab(FactsPanel(bench), self.tr("About"))
        for page in (self.layers, self.models):
            page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        window.setCentralWidget(Bounded(self.centre, _LEAST_CENTRE))
        self._add_docks()
        self.layouts = DockLayouts(window, self.docks, bench.look, bench.settings)
        self._connect(bench)

    def _make_style(self, bench: Workbench) -> None:
        """Make what the Style workspace adds: what is painted like what, and where."""
        self.lesson = LessonPanel(bench)
        self.styles = Styles(bench, self)
        brush = MaskBrush(self.centre.photo.canvas)
        self.style = StylePanel(bench, self.styles, brush)

    def _make_attack(self, bench: Workbench) -> None:
        """Make what the Attack workspace adds: one attack looked at, one folder's."""
        self.attacks = Attacks(bench, self)
        self.attack = AttackPanel(bench, self.attacks)
        self.measuring = Measuring(bench, self)
        self.robustness = RobustnessPanel(bench, self.measuring)

    def _connect(self, bench: Workbench) -> None:
        bench.live.kept.connect(lambda _: self.docks["results"].show())
        self.style.where.paint.toggled.connect(self._show_photograph)
        self.measuring.found.connect(
            lambda found: bench.display.show_report(
                found.report(), ContentKind.CURVE, self.tr("Accuracy curve")
            )
        )
        self.attacks.compared.connect(bench.compare_wanted)
        self.attacks.scaled.connect(bench.display.show_scaled)

    def _show_photograph(self, painting: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show the photograph, too, while a mask is painted on it: all of it."""
        self.centre.photo.set_framed(framed=not painting)
        if painting and self.centre.mode not in (PHOTO, BOTH):
            self.centre.set_mode(BOTH)

    def _add_docks(self) -> None:
        window = self._window
        window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
        self._add("browser", self.tr("Network"), self.browser, _LEFT)
        self._add("style", self.tr("Style"), self.style, _LEFT)
        self._add("prediction", self.tr("Prediction"), self.prediction, _LEFT)
        self._add("attack", self.tr("Before and after"), self.attack, _LEFT)
        self._add("recordings", self.tr("Recordings"), self.recordings, _LEFT)
        self._add("lesson", self.tr("A style of your own"), self.lesson, _LEFT)
        # All below each other would be too high for a small screen.
        window.setTabPosition(_LEFT, QTabWidget.TabPosition.North)
        for name in ("style", "attack", "lesson"):
            window.tabifyDockWidget(self.docks["browser"], self.docks[name])
        self._add("method", self.tr("Method"), self.method, _RIGHT)
        self._add("robustness", self.tr("Accuracy curve"), self.robustness, _RIGHT)
        self._add("preprocess", self.tr("Preprocessing"), self.preprocess, _RIGHT)
        self._add("images", self.tr("Photographs"), self.images, _BOTTOM)
        self._add("results", self.tr("Results"), self.results, _BOTTOM)
        self._add("portrait", self.tr("Portrait"), self.portrait, _BOTTOM)
        self._add("log", self.tr("Log"), self.log, _BOTTOM)

    def open_for(self, workspace: Workspace) -> None:
        """Show the docks of a workspace and hide all others."""
        self._aside = ()
        self.layouts.switch(workspace.name, workspace.docks)
        for name in ("style", "attack"):
            if not self.docks[name].isHidden():
                self.docks[name].raise_()

    def make_room(self, *, wide: bool) -> None:
        """Hide what stands beside the middle while that needs the width, or show it."""
        if wide == bool(self._aside):
            return
        if wide:
            names = [name for name in _BESIDE if not self.docks[name].isHidden()]
            self._aside = tuple(names) or ("",)
        for name in self._aside:
            if name:
                self.docks[name].setVisible(not wide)
        if not wide:
            self._aside = ()

    def _add(
        self, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea
    ) -> None:
        dock = Dock(name, title, panel, self._look, self._window)
        self._window.addDockWidget(area, dock)
        self.docks[name] = dock
