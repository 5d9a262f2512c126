"""Start the window as a user does; print ms since the start of the process."""

import sys
import tempfile
import time
from pathlib import Path

STARTED = float(sys.argv[1])


def since_start() -> float:
    return (time.time() - STARTED) * 1e3


def main() -> None:
    from nnviz.runtime.garbage import hold_collection

    hold_collection()  # as nnviz.__main__ does
    from nnviz.gui.shell import app  # isort: skip - before Qt, likewise
    from PySide6.QtCore import QEvent, QObject

    from nnviz.gui.state.settings import Settings

    class FirstPaint(QObject):
        painted = 0.0

        def eventFilter(self, _watched, event):  # noqa: N802  Qt's name
            if event.type() == QEvent.Type.Paint and not self.painted:
                self.painted = since_start()
                print("painted", self.painted, flush=True)
            return False

    application = app.make_application()
    with tempfile.TemporaryDirectory() as folder:
        window = app.make_window(Settings(Path(folder) / "settings.json"))
        watch = FirstPaint()
        window.installEventFilter(watch)

        def predicted(_run: object) -> None:
            print("predicted", since_start(), flush=True)
            window.close()

        window.app.predictions.predicted.connect(predicted)
        starter = app._AfterPaint(window, [], app.DEFAULT_MODEL)
        window.show()
        application.exec()
        starter.deleteLater()
        window.app.shutdown()


main()
