"""What the tests of the command line share: a small network, fast to open."""

import sys
from pathlib import Path

import pytest

from nnviz.cli import main


@pytest.fixture
def nnviz(capsys):
    """Call the command line; gives status, stdout and stderr."""

    def call(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def refused(nnviz):
    """Call the command line with something wrong; gives status and the one line."""

    def call(*words: str | Path) -> tuple[int, str]:
        status, out, err = nnviz(*words)
        assert out == ""
        assert err.startswith("nnviz: ")
        assert err.count("\n") == 1, err
        assert err.endswith("\n")
        assert "mistake" not in err
        return status, err

    return call


@pytest.fixture
def command() -> list[str]:
    """The words that start nnviz in a process of its own."""
    return [sys.executable, "-m", "nnviz"]
