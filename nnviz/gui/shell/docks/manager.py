"""All panels of the window, each built once in its dock."""

import importlib
import importlib.util
from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QMainWindow, QTabWidget, QWidget

from nnviz.gui.layout.bounded import Bounded
from nnviz.gui.layout.page_stack import TabPages
from nnviz.gui.panels.browser.facts import FactsPanel
from nnviz.gui.panels.browser.model_setup import ModelSetupPanel
from nnviz.gui.panels.browser.models import ModelPanel
from nnviz.gui.panels.guide import GuidePanel
from nnviz.gui.panels.layers import LayerPanel
from nnviz.gui.panels.method import MethodPanel
from nnviz.gui.panels.photo import PhotoPane
from nnviz.gui.panels.predictions import PredictionPanel
from nnviz.gui.panels.preprocess import PreprocessPanel
from nnviz.gui.panels.recordings import RecordingsPanel
from nnviz.gui.panels.tray import ImageTray, ResultTray
from nnviz.gui.panels.trust.figures import TrustPanel
from nnviz.gui.panels.unit_image import PortraitPanel
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.shell.central_view import CentralView
from nnviz.gui.shell.docks.dock import Dock
from nnviz.gui.shell.docks.layouts import DockLayouts
from nnviz.gui.shell.log import LogPanel
from nnviz.gui.state.modes import BOTH, PHOTO
from nnviz.gui.state.workspace import Workspace
from nnviz.gui.theme.dressing import take_apart
from nnviz.gui.theme.parts import named

_BESIDE = (
    "browser",
    "style",
    "prediction",
    "attack",
    "recordings",
    "lesson",
    "course",
    "method",
    "robustness",
    "preprocess",
    "trust",
)
_LEAST_CENTER = QSize(300, 180)
"""Minimum size of the central view, px; larger contents scroll."""
_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


class DockManager(QObject):
    """The panels and docks by name, and the mounting of workspaces."""

    dock_added = Signal(str)
    """Name of a dock that a workspace has added."""
    _on_top: tuple[str, ...] = ()
    """Docks that were not behind another one's tab before the view was widened."""

    def __init__(self, app: AppContext, window: QMainWindow) -> None:
        super().__init__(window)
        self._window, self._app = window, app
        self.rooms: dict[str, object] = {}
        """Additions of each workspace that was entered."""
        self._look = app.look
        self.docks: dict[str, Dock] = {}
        self._aside: tuple[str, ...] = ()
        """Docks that are hidden while the central view is widened."""
        self.center = CentralView(app)
        self.models = ModelPanel(app)
        self.layers = LayerPanel(app)
        self.prediction = PredictionPanel(app)
        self.method = MethodPanel(app)
        self.guide = GuidePanel(app)
        self.preprocess = PreprocessPanel(app)
        self.images = ImageTray(app)
        self.results = ResultTray(app)
        self.recordings = RecordingsPanel(app)
        self.portrait = PortraitPanel(app)
        self.log = LogPanel(app)
        self.trust = TrustPanel(app)
        self.setup = ModelSetupPanel(app)
        self.browser = self._make_browser()
        window.setCentralWidget(self._make_middle())
        self._add_docks()
        self.layouts = DockLayouts(window, self.docks, app.look, app.settings)
        app.guide.changed.connect(self._show_guide)
        app.live.kept.connect(lambda _: self.docks["results"].show())
        app.trust_wanted.connect(self._show_trust)

    # --- additions by workspaces

    @property
    def photo(self) -> PhotoPane:
        """The image pane."""
        return self.center.photo

    def add_dock(
        self, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea
    ) -> None:
        """Add a dock of a workspace; the left side is the network browser's place."""
        self._add(name, title, panel, area)
        if area is _LEFT:
            self._window.tabifyDockWidget(self.docks["browser"], self.docks[name])
        self.dock_added.emit(name)

    def add_page(self, mode: str, make: Callable[[], QWidget]) -> None:
        """Add a page of the central view, built when it is first shown."""
        self.center.add_page(mode, make)

    def show_image(self) -> None:
        """Show the image, beside the result if that is shown."""
        if self.center.mode not in (PHOTO, BOTH):
            self.center.set_mode(BOTH)

    def _show_trust(self) -> None:
        """Show the dock of trust scores."""
        self.docks["trust"].show()
        self.docks["trust"].raise_()

    def _make_middle(self) -> QWidget:
        """Wrap the central view in a scroll area; most of its pages are hidden."""
        self.center.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        middle = Bounded(self.center, _LEAST_CENTER)
        for each in (middle, middle.viewport(), self.center, self.center.pages):
            take_apart(each)
        return middle

    def _make_browser(self) -> TabPages:
        """Build the pages of the network browser."""
        browser = named(TabPages(), name=self.tr("Network browser"))
        browser.setDocumentMode(True)
        browser.addTab(self.layers, self.tr("Layers"))
        browser.addTab(self.models, self.tr("Models"))
        browser.addTab(FactsPanel(self._app), self.tr("About"))
        browser.addTab(Bounded(self.setup, QSize(0, 0)), self.tr("Setup"))
        for page in (self.layers, self.models):
            page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        return browser

    def _mount(self, workspace: str) -> None:
        """Import and mount a workspace when it is first entered."""
        if workspace in self.rooms:
            return
        name = f"nnviz.gui.workspaces.{workspace}.mount"
        found = importlib.util.find_spec(name)
        mount = importlib.import_module(name).mount if found else lambda *_: None
        self.rooms[workspace] = mount(self._app, self, self)

    def _add_docks(self) -> None:
        window = self._window
        window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
        self._add("browser", self.tr("Network"), self.browser, _LEFT)
        self._add("prediction", self.tr("Prediction"), self.prediction, _LEFT)
        self._add("recordings", self.tr("Recordings"), self.recordings, _LEFT)
        self._add("guide", self.tr("Guide"), self.guide, _LEFT)
        window.tabifyDockWidget(self.docks["browser"], self.docks["guide"])
        # Stacked vertically they would be too high for a small screen.
        window.setTabPosition(_LEFT, QTabWidget.TabPosition.North)
        self._add("method", self.tr("Method"), self.method, _RIGHT)
        self._add("preprocess", self.tr("Preprocessing"), self.preprocess, _RIGHT)
        self._add("trust", self.tr("Trust"), self.trust, _RIGHT)
        window.tabifyDockWidget(self.docks["method"], self.docks["trust"])
        self._add("images", self.tr("Images"), self.images, _BOTTOM)
        self._add("results", self.tr("Results"), self.results, _BOTTOM)
        self._add("portrait", self.tr("Synthetic image"), self.portrait, _BOTTOM)
        self._add("log", self.tr("Log"), self.log, _BOTTOM)

    def open_for(self, workspace: Workspace) -> None:
        """Show the docks of a workspace and hide all others."""
        self._aside = ()
        self._mount(workspace.name)
        self.layouts.switch(workspace.name, workspace.docks)
        for name in ("style", "attack", "dataset", "course"):
            if name in self.docks and not self.docks[name].isHidden():
                self.docks[name].raise_()

        self._show_guide()

    def _show_guide(self) -> None:
        """Show the guided lesson in whichever workspace its steps lead to."""
        if self._app.guide.guide is not None:
            self.docks["guide"].show()
            self.docks["guide"].raise_()

    def make_room(self, *, wide: bool) -> None:
        """Hide the docks beside the central view, or restore them."""
        if wide == bool(self._aside):
            return
        if wide:
            docks = self.docks
            names = [n for n in _BESIDE if n in docks and not docks[n].isHidden()]
            self._aside = tuple(names) or ("",)
            self._on_top = tuple(
                name for name in names if not docks[name].visibleRegion().isEmpty()
            )
        for name in self._aside:
            if name:
                self.docks[name].setVisible(not wide)
        if not wide:
            for name in self._on_top:
                self.docks[name].raise_()
            self._aside = ()

    def _add(
        self, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea
    ) -> None:
        dock = Dock(name, title, panel, self._look, self._window)
        if self._window.isVisible():
            self._look.dress_part(dock)
        else:
            # Until its layout shows it: a hidden dock is neither polished nor laid out.
            dock.hide()
        self._window.addDockWidget(area, dock)
        self.docks[name] = dock
