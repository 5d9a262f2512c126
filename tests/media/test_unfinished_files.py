"""What a killed process leaves, and what is no file of the usual kind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnviz.base.errors import InputError
from nnviz.media.files import part_of, read_bytes, write_text

KILLED = """
import os, signal, sys
from pathlib import Path
from nnviz.media.files import part_of
with part_of(Path(sys.argv[1])) as part:
    part.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_what_a_killed_process_left_is_removed_at_the_next_write(
    tmp_path: Path,
) -> None:
    """What a process that lives is writing stays."""
    killed = [sys.executable, "-c", KILLED, str(tmp_path / "film.mp4")]
    assert subprocess.run(killed, check=False).returncode < 0
    left = list(tmp_path.iterdir())
    assert len(left) == 1
    with part_of(tmp_path / "mine.png") as mine:
        assert mine.exists()
        write_text(tmp_path / "a.txt", "whole")
        assert mine.exists()
        mine.write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "mine.png"]


@pytest.mark.parametrize("name", ["x" * 240, "é" * 120, "漢" * 80])
def test_long_names_are_written(tmp_path: Path, name: str) -> None:
    """255 bytes are what Linux takes; the hidden file beside must not be longer."""
    write_text(tmp_path / name, "whole")
    assert (tmp_path / name).read_text() == "whole"


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes")
def test_pipes_devices_and_odd_names_are_refused_at_once(tmp_path: Path) -> None:
    """Opening a pipe waits for a writer; /dev/zero has no end."""
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "gone.png")
    for path, reason in (
        (tmp_path / "pipe.png", "is not a regular file"),
        (Path("/dev/zero"), "is not a regular file"),
        (tmp_path / "broken.png", "is a link to a file that is not there"),
        (tmp_path / "a\0b.png", "is not a file name"),
        (tmp_path / "\ud800.png", "is not a file name"),
        (tmp_path / ("x" * 300), "no such file"),
        (tmp_path, "is a folder"),
    ):
        with pytest.raises(InputError, match=reason) as caught:
            read_bytes(path)
        str(caught.value).encode()
