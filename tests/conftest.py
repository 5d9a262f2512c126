"""What every test gets: no display, no user's files, photographs, a check for threads.

``--device cuda`` runs the tests that take a ``device`` on a GPU.
"""

import gc
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import settings

# A change is judged by the same examples as the one before; new ones are sought
# wherever the tests are run by hand.
# A busy machine is no fault of the code, so that no example has a deadline.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("by hand", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "by hand")

QT_OPTIONS = ("qt_api", "qt_default_raising", "qt_log_level_fail", "qt_log_ignore")
QT_WARNINGS_THAT_ARE_FINE = [
    # The offscreen platform has no window manager to tell about sizes.
    "does not support propagateSizeHints",
    # Qt looks for fonts of its own; ours are in resources/fonts.
    "QFontDatabase: Cannot find font directory",
    "Qt no longer ships fonts",
]
USER_FOLDERS = ("CONFIG", "CACHE", "DATA", "STATE")
SECONDS_TO_END = 5.0

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_addoption(parser, pluginmanager):
    parser.addoption("--device", default="cpu", help="cpu, cuda, cuda:1, mps")
    if not pluginmanager.hasplugin("pytest-qt"):
        for name in QT_OPTIONS:
            parser.addini(name, "read by pytest-qt, which is switched off")


def pytest_configure(config):
    """Keep settings, recent files and downloads of this machine's user out of it."""
    home = tempfile.mkdtemp(prefix="nnviz-tests-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for name in USER_FOLDERS:
        os.environ[f"XDG_{name}_HOME"] = str(Path(home, name.lower()))
    os.environ["TORCH_HOME"] = str(Path(home, "torch"))
    if config.pluginmanager.hasplugin("pytest-qt"):
        for words in QT_WARNINGS_THAT_ARE_FINE:
            config.addinivalue_line("qt_log_ignore", words)
        config.pluginmanager.register(LatePainters())
    else:
        config.pluginmanager.register(WithoutQt())


class LatePainters:
    """Fails a test whose painters are found active when it is taken down.

    pytest-qt listens while a test is called; widgets and pixmaps go afterwards.
    """

    def __init__(self):
        self.heard = []

    def listen(self):
        from PySide6.QtCore import qInstallMessageHandler

        qInstallMessageHandler(self.take)

    def take(self, kind, context, message):
        del kind, context
        if "being painted" in message or "active painter" in message:
            self.heard.append(message)
        sys.stderr.write(f"{message}\n")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self):
        if "PySide6.QtCore" in sys.modules:
            self.listen()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call):
        report = yield
        if call.when == "teardown" and self.heard:
            report.outcome = "failed"
            report.longrepr = "; ".join(self.heard)
            self.heard.clear()
        return report

    def pytest_sessionfinish(self, session):
        gc.collect()
        if self.heard:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


class WithoutQt:
    """Stands in for pytest-qt where the libraries that Qt needs are missing."""

    @pytest.fixture
    def qtbot(self):
        pytest.skip("Qt does not load on this machine")


def pytest_runtest_setup(item):
    if item.get_closest_marker("gpu"):
        torch = pytest.importorskip("torch")
        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


@pytest.fixture(scope="session")
def device(request) -> str:
    return request.config.getoption("--device")


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """A folder with cat.png, coffee.jpg and astronaut.jpg, public domain."""
    from PIL import Image
    from skimage import data

    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(data.chelsea()).save(folder / "cat.png")
    Image.fromarray(data.coffee()).save(folder / "coffee.jpg", quality=90)
    Image.fromarray(data.astronaut()).save(folder / "astronaut.jpg", quality=90)
    return folder


@pytest.fixture(scope="session")
def cat(photos) -> Path:
    """451 x 300 px, RGB, PNG."""
    return photos / "cat.png"


@pytest.fixture(scope="session")
def coffee(photos) -> Path:
    """600 x 400 px, RGB, JPEG."""
    return photos / "coffee.jpg"


@pytest.fixture(scope="session")
def astronaut(photos) -> Path:
    """512 x 512 px, RGB, JPEG."""
    return photos / "astronaut.jpg"


@pytest.fixture(autouse=True)
def no_thread_is_left():
    """Fail a test that leaves a thread of nnviz, or one that keeps Python alive."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + SECONDS_TO_END
    left = started_since(before)
    while left and time.monotonic() < deadline:
        left[0].join(0.02)
        left = started_since(before)
    assert not left, f"left running: {', '.join(thread.name for thread in left)}"


def started_since(before: set[threading.Thread]) -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before
        and (not thread.daemon or thread.name.startswith("nnviz"))
    ]
