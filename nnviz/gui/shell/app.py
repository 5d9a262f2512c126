"""Startup of the window, which is painted before the engine is loaded."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from nnviz.base.kiosk import KioskOrder
from nnviz.base.live import LiveOrder
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.base.shipped.distribution import VERSION
from nnviz.base.shipped.samples import sample_photos
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.shell.main_window import MainWindow
from nnviz.gui.state.language import use_language
from nnviz.gui.state.log_file import LogFile
from nnviz.gui.state.settings import Settings, scratch_settings
from nnviz.gui.theme.manager import load_fonts


def run(
    files: Sequence[Path], model: str | None, order: LiveOrder | None = None
) -> int:
    """Open the window; return its exit status when it is closed.

    Args:
        files: files to open; the sample image if there are none.
        model: reference of the network; the bundled one if None or empty.
        order: live source and method; None to begin with an image.
    """
    application = QApplication.instance() or make_application()
    log = begin_log()
    settings = Settings()
    use_language(application, settings.language)
    window = make_window(settings)
    log.follow(window.app.messages)
    starter = _AfterPaint(window, [str(file) for file in files], model or DEFAULT_MODEL)
    starter.order = order
    window.show()
    status = application.exec()
    window.app.shutdown()
    return status


def run_kiosk(order: KioskOrder) -> int:
    """Run a kiosk with one lesson or Live; return the exit status.

    Selections, recordings and learned weights are discarded when it closes.
    """
    from nnviz.gui.shell.kiosk import Kiosk  # noqa: PLC0415 - no other start needs it

    application = QApplication.instance() or make_application()
    QCoreApplication.setAttribute(
        Qt.ApplicationAttribute.AA_DontUseNativeDialogs
    )  # Qt's windows can be closed at once
    use_language(application, Settings().language)
    with tempfile.TemporaryDirectory(prefix="nnviz-kiosk-") as folder:
        window = make_window(scratch_settings(Path(folder)))
        begin_log().follow(window.app.messages)
        kiosk = Kiosk(window, order)
        live = order.live
        model = live.model.reference if live is not None else DEFAULT_MODEL
        starter = _AfterPaint(window, [order.guide] if order.guide else [], model)
        starter.order, starter.keeps_session = live, False
        kiosk.begin()
        status = application.exec()
        window.app.shutdown()
    return status


def begin_log() -> LogFile:
    """Open the log file, and log uncaught errors from now on."""
    log = LogFile()
    log.catch()
    log.write(f"nnviz {VERSION} begins")
    return log


def make_application() -> QApplication:
    """Create the application with its name and font."""
    QApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    QCoreApplication.setApplicationName("nnviz")
    QCoreApplication.setOrganizationName("nnviz")
    application = QApplication(sys.argv[:1])
    application.setApplicationDisplayName("nnviz")
    return application


def make_window(settings: Settings) -> MainWindow:
    """Create the window in the saved theme, without an engine."""
    load_fonts()
    app = AppContext(settings)
    app.look.apply()
    window = MainWindow(app)
    app.setParent(window)
    return window


def start_engine(app: AppContext) -> None:
    """Start the worker.  Imported here, so as not to delay the first paint."""
    from nnviz.gui.services.bridge import Bridge  # noqa: PLC0415

    bridge = Bridge()
    app.attach(bridge)


def open_first(app: AppContext, files: Sequence[str], model: str) -> None:
    """Open what the program was started with."""
    app.start_with(files, model, next(map(str, sample_photos()), ""))


class _AfterPaint(QObject):
    """Event filter that starts the engine after the window's first paint."""

    def __init__(self, window: MainWindow, files: Sequence[str], model: str) -> None:
        super().__init__(window)
        self._app = window.app
        self._files, self._model = files, model
        self._window = window
        self.order: LiveOrder | None = None
        self.keeps_session = True
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait for the first paint."""
        if event.type() is QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self, self._start)
        return super().eventFilter(watched, event)

    def _start(self) -> None:
        start_engine(self._app)
        if self._app.bridge is not None and self.keeps_session:
            self._app.keep_session(self._app.bridge.sessions)
        if self.order is None:
            open_first(self._app, self._files, self._model)
        else:
            self._app.start_live(self.order)
