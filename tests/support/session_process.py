"""A window that opens images and runs methods until somebody ends its process.

Usage: session_process.py IMAGE FOLDER; writes a line of JSON for each that is there.
"""

import json
import shutil
import sys
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from nnviz.gui.shell import app
from nnviz.gui.state.settings import Settings


def main() -> None:
    image, folder = Path(sys.argv[1]), Path(sys.argv[2])
    application = app.make_application()
    window = app.make_window(Settings(folder / "settings.json"))
    bench = window.app
    window.show()
    app.start_engine(bench)
    bench.keep_session(bench.bridge.sessions)
    bench.open_model("bundled:digits")
    for number in range(10_000):
        copy = folder / f"{number}.png"
        shutil.copy(image, copy)
        bench.open_files([str(copy)])
        wait(application, lambda path=str(copy): path in bench.images.paths)
        wait(application, lambda: bench.selection.model is not None)
        target = str(number % 10)
        bench.choice.choose("saliency", {"target": target})
        if not bench.runs.automatic:
            bench.runs.run()
        wait(application, lambda target=target: is_done(bench, target))
        done = {"image": str(copy), "target": target}
        sys.stdout.write(json.dumps({"time": time.time(), **done}) + "\n")
        sys.stdout.flush()


def is_done(bench, target: str) -> bool:
    runs = bench.runs.history.runs
    return any(run.recipe.values.get("target") == target for run in runs)


def wait(application: QApplication, condition) -> None:
    while not condition():
        application.processEvents()
        time.sleep(0.005)


if __name__ == "__main__":
    main()
