"""Open 300 photographs of 12 megapixels one after the other; print the memory."""

import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil
from PIL import Image as PillowImage
from PySide6.QtCore import QTimer

from nnviz.gui.shell import app
from nnviz.gui.state.settings import Settings

FIRST, LAST = int(sys.argv[1]), int(sys.argv[2])


def write_photos(folder: Path, count: int) -> list[str]:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, (75, 100, 3), np.uint8)
    paths = []
    for index in range(count):
        picture = PillowImage.fromarray(np.roll(base, index, 1)).resize((4000, 3000))
        path = folder / f"photo{index:03}.jpg"
        picture.save(path, quality=80)
        paths.append(str(path))
    return paths


def main() -> None:
    application = app.make_application()
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = iter(write_photos(folder, LAST))
        window = app.make_window(Settings(folder / "settings.json"))
        bench = window.app
        window.show()
        app.start_engine(bench)
        seen = 0

        def advance() -> None:
            path = next(paths, None)
            if path is None:
                window.close()
            else:
                bench.open_files([path])

        def predicted(_run: object) -> None:
            nonlocal seen
            seen += 1
            if seen in {FIRST, LAST}:
                print(seen, process.memory_info().rss / 2**20, flush=True)
            QTimer.singleShot(0, advance)

        bench.predictions.predicted.connect(predicted)
        bench.open_model(app.DEFAULT_MODEL)
        advance()
        application.exec()
        bench.shutdown()


main()
