"""Pipes in the place of files; truth: a read of a pipe nobody writes never returns."""

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from nnviz.base.documents.guides import read_guide
from nnviz.base.errors import NnvizError
from nnviz.engine.dataset.changes import _hash
from nnviz.engine.evaluation.trust.score_journal import _whole_lines
from nnviz.engine.models.files import open_file
from nnviz.engine.models.references import FileReference
from nnviz.engine.models.weights.file_formats import refuse_foreign
from nnviz.media.recordings import _read_numbers
from nnviz.storage.files import look_at


def _in_time(read):
    """Return whether reading ends, with an error of ours or without any."""
    ended = []

    def work():
        with suppress(NnvizError):
            read()
        ended.append(True)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(10)
    return bool(ended)


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
@pytest.mark.parametrize("suffix", [".png", ".pth", ".onnx", ".bin", ".json", ".md"])
def test_a_pipe_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    pipe = tmp_path / f"a{suffix}"
    os.mkfifo(pipe)
    folder = tmp_path / "network"
    folder.mkdir()
    os.mkfifo(folder / "config.json")
    for read in (
        lambda: list(open_file(FileReference(pipe), lambda: None)),
        lambda: look_at([str(pipe), str(folder)]),
        lambda: read_guide(pipe),
        lambda: refuse_foreign(folder),
        lambda: _whole_lines(pipe),
        lambda: _read_numbers(pipe),
        lambda: _hash(pipe),
    ):
        assert _in_time(read)
