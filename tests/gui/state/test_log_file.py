"""The log file: what was said is there, it is rotated, and errors are caught in it.

Truth: the lines of the file, and what a process that died of an error has left.
"""

import subprocess
import sys

import pytest

from nnviz.base.info import Severity
from nnviz.gui.state import log_file
from nnviz.gui.state.log_file import LogFile
from nnviz.gui.state.messages import Messages, Notice

IN_A_THREAD = """
import threading
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
"""


@pytest.fixture
def log(tmp_path):
    made = LogFile(tmp_path / "logs")
    yield made
    made.close()


def test_what_the_window_says_is_written(log):
    messages = Messages()
    log.follow(messages)
    messages.say("cat.png opened")
    messages.log("Grad-CAM: 12 ms")
    messages.notice(Notice("save", Severity.PROBLEM, "disk full", details="errno 28"))
    first, second, *third = log.path.read_text("utf-8").splitlines()
    assert first.endswith("INFO cat.png opened")
    assert second.endswith("INFO Grad-CAM: 12 ms")
    assert third[0].endswith("save: disk full")
    assert third[1] == "errno 28"


def test_old_lines_go_into_older_files_and_away(monkeypatch, tmp_path):
    monkeypatch.setattr(log_file, "_BYTES", 1000)
    monkeypatch.setattr(log_file, "_OLDER", 2)
    log = LogFile(tmp_path)
    for number in range(100):
        log.write(f"line {number}")
    log.close()
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == ["nnviz.log", "nnviz.log.1", "nnviz.log.2"]
    assert all(each.stat().st_size <= 1000 for each in tmp_path.iterdir())
    assert "line 99" in log.path.read_text()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    log = LogFile(tmp_path / "file" / "logs")
    log.write("lost")
    log.close()


@pytest.mark.parametrize(
    ("failing", "left"),
    [
        ("raise ValueError('seen')", "ValueError: seen"),
        (IN_A_THREAD, "ZeroDivisionError"),
    ],
)
def test_errors_that_nobody_caught_are_written(tmp_path, failing, left):
    program = (
        "from pathlib import Path; from nnviz.gui.state.log_file import LogFile; "
        f"LogFile(Path({str(tmp_path)!r})).catch()\n{failing}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False
    )
    assert left in (tmp_path / "nnviz.log").read_text()
    assert left.encode() in done.stderr


def test_a_crash_of_a_library_leaves_where_it_was(tmp_path):
    program = (
        "import faulthandler; from pathlib import Path; "
        "from nnviz.gui.state.log_file import LogFile; "
        f"LogFile(Path({str(tmp_path)!r})).catch(); faulthandler._sigsegv()"
    )
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert "Segmentation fault" in (tmp_path / "crashes.log").read_text()
